"""A client with dozens of sites: one letter about all of them, and each can make it untrue."""

from __future__ import annotations

from app.demo.told import at
from reports.letters import text_of
from tests.notices.handed import hand_out, write
from tests.notices.test_kinds import shown
from tests.notices.test_stale import facts_of
from tests.statements.ministory import ROUNDS, Story

HOSTS = [f"club-{number:02d}.ashdown.example" for number in range(1, 32)]


def ashdown(story: Story) -> dict[str, str]:
    """A client with 31 sites on the server from the beginning; the sites' ids by name."""
    stay = {"service_id": story.ids["service"], "from_at": at(1, "00:00")}
    weiss = {"salutation": "Ms Weiss", "name": "Jana Weiss", "email": "weiss@ashdown.example",
             "since_at": at(1, "00:00")}  # fmt: skip
    sites = [{"name": name, "number": f"S-{n}", "placements": [stay]} for n, name in enumerate(HOSTS, 100)]
    body = {"number": "C-050", "name": "Ashdown Clubs", "address": ["9 Heath Way", "Thirsk YO7 1AA"],
            "zone": "Europe/Berlin", "contacts": [weiss], "sites": sites}  # fmt: skip
    client = story.post("/clients", body)
    return {site["name"]: site["id"] for site in story.get("/sites", client_id=client["id"], limit=200)["items"]}


def test_each_of_many_sites_stands_in_the_letter_and_can_make_it_untrue(story: Story) -> None:
    ids = ashdown(story)
    window, moment, words, _ = ROUNDS["partly"]
    client = next(one["id"] for one in story.get("/clients", limit=200)["items"] if one["number"] == "C-050")
    look = {"at": at(30, "06:00"), "reachable": True, "working": True, "current": False, "source": "M"}
    story.post(f"/sites/{ids[HOSTS[3]]}/checks", look)
    notice = write(story, words, moment, window_id=story.ids[window], only=[client])
    letter = shown(story, notice)["C-050"]
    assert [site.host_name for site in letter.sites] == HOSTS
    before, _, annex = text_of(letter).partition("Annex: your websites")
    assert "not all of your 31 websites are confirmed up to date" in before
    assert f"{HOSTS[3]} | old content" in annex
    assert annex.count("| not checked") == 30
    hand_out(story, notice["id"], moment)
    assert "C-050" not in story.stale(at(30, "06:10"))
    story.post(f"/sites/{ids[HOSTS[28]]}/checks", look | {"at": at(30, "09:00"), "current": True})
    assert facts_of(story.stale(at(30, "09:00"))["C-050"]) == {"site:S-128": ("unknown", "up")}
