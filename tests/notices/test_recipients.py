"""Who gets a letter: everybody concerned, nobody else, and a correction exactly those who had what it corrects."""

from __future__ import annotations

from datetime import datetime

from app.demo import told
from app.demo.told import at
from tests.build import API, Body
from tests.notices.handed import refused, tell
from tests.statements.ministory import NEIGHBOUR, PEOPLE, ROUNDS, Story, observe

ALL = sorted(PEOPLE)


def preview(story: Story, notice: Body) -> dict[str, Body]:
    items = story.get(f"/notices/{notice['id']}/preview")
    return {item["document"]["recipient"]["client_id"]: item for item in items}


def hosts(item: Body) -> list[str]:
    return [site["host_name"] for site in item["document"]["sites"]]


def move_away(story: Story, host: str, when: str) -> None:
    stays = story.get("/placements", site_id=story.ids[host])["items"]
    current = next(row for row in stays if row["to_at"] is None)
    story.post(f"/placements/{current['id']}/end", {"to_at": when}, 200)


def newcomer(story: Story, when: str, number: str = "C-050") -> None:
    weiss = {"salutation": "Ms Weiss", "name": "Jana Weiss", "email": "weiss@ashdown.example", "since_at": when}
    stay = {"service_id": story.ids["service"], "from_at": when}
    body = {"number": number, "name": "Ashdown Kennels", "address": ["9 Heath Way", "Thirsk YO7 1AA"],
            "zone": "Europe/Berlin", "contacts": [weiss],
            "sites": [{"name": "ashdown.example", "number": "S-050", "placements": [stay]}]}  # fmt: skip
    story.post("/clients", body)


def test_an_announcement_goes_to_every_client_with_a_site_there_and_to_nobody_else(both: Story) -> None:
    letters = preview(both, both.draft("planned"))
    assert sorted(letters) == ALL
    for number, (_, _, _, salutation, contact, sites) in PEOPLE.items():
        document = letters[number]["document"]
        assert sorted(hosts(letters[number])) == sorted(sites)
        assert document["recipient"]["salutation"] == f"Dear {salutation},"
        assert document["recipient"]["attention"] == contact
        assert {site["client_id"] for site in document["sites"]} == {number}
    assert NEIGHBOUR[0] not in letters


def test_a_site_that_left_before_or_comes_later_is_not_announced_to(story: Story) -> None:
    move_away(story, "brot.example", at(2, "12:00"))  # C-002 keeps its other site
    move_away(story, "thornbury.example", at(3, "13:59"))  # C-005 has none left
    move_away(story, "marlow-pottery.example", at(3, "14:01"))  # C-006 is still there at 14:00
    newcomer(story, at(5, "08:00"))
    letters = preview(story, story.draft("planned"))
    assert sorted(letters) == ["C-001", "C-002", "C-003", "C-004", "C-006"]
    assert hosts(letters["C-002"]) == ["harbour-bakery.example"]


def test_a_correction_goes_to_the_same_people_whatever_has_changed_since(story: Story) -> None:
    tell(story, "planned")
    story.clock.now = story.clock.now.replace(hour=12)
    move_away(story, "thornbury.example", at(5, "08:00"))  # Thornbury left for another host, and was told of the 7th
    newcomer(story, at(5, "08:00"))
    brandt = story.ids["Thomas Brandt"]
    harbour = {"salutation": "Ms Conti", "name": "Elena Conti", "email": "conti@harbour-bakery.example",
               "since_at": at(4, "09:00")}  # fmt: skip
    story.post(f"/clients/{story.ids['C-002']}/contacts", harbour)
    answer = story.client.post(f"{API}/contacts/{brandt}/end", json={"at": at(4, "10:00")})
    assert answer.status_code == 200, answer.text
    moreau = story.ids["Lucie Moreau"]
    answer = story.client.patch(f"{API}/contacts/{moreau}", json={"name": "Lucie Moreau-Hart", "at": at(6, "09:00")})
    assert answer.status_code in (200, 201), answer.text
    letters = preview(story, story.draft("not done"))
    assert sorted(letters) == ALL  # Thornbury as well, Ashdown not
    assert hosts(letters["C-005"]) == ["thornbury.example"]
    people = {number: item["document"]["recipient"]["attention"] for number, item in letters.items()}
    assert people["C-002"] == "Thomas Brandt"  # who had the letter, not who is there now
    assert people["C-003"] == "Lucie Moreau-Hart"  # the same person under her name of today
    tell(story, "not done")
    moved = preview(story, story.draft("moved"))
    assert sorted(moved) == [number for number in ALL if number != "C-005"]  # no site of theirs will be unavailable


def test_an_erased_person_is_never_written_to(story: Story) -> None:
    tell(story, "planned")
    juniper = {"salutation": "Dr Hart", "name": "Rosa Hart", "email": "hart@juniper-dental.example"}
    story.post(f"/clients/{story.ids['C-003']}/contacts", juniper | {"since_at": at(1, "09:00")})
    answer = story.client.post(f"{API}/contacts/{story.ids['Lucie Moreau']}/erase")
    assert answer.status_code == 200, answer.text
    letters = preview(story, story.draft("not done"))
    assert letters["C-003"]["document"]["recipient"]["attention"] == "Rosa Hart"
    assert "erased" not in str(letters)


def test_a_client_without_a_contact_stops_the_whole_round_by_name(story: Story) -> None:
    for name in ("Karol Nowak", "Aldo Ferrari"):
        answer = story.client.post(f"{API}/contacts/{story.ids[name]}/end", json={"at": at(2, "10:00")})
        assert answer.status_code == 200
    before = story.get("/evidence/head")
    problem = story.draft("planned", status=409)
    assert problem["errors"][0]["field"] == "contact"
    assert "C-004, C-006: no contact there receives letters" in problem["detail"]
    assert story.get("/notices")["items"] == []
    assert story.get("/evidence/head") == before
    left_out = [story.ids["C-004"], story.ids["C-006"]]
    letters = preview(story, story.draft("planned", leave_out=left_out))
    assert sorted(letters) == ["C-001", "C-002", "C-003", "C-005"]


def test_a_contact_who_wants_no_letters_gets_none(story: Story) -> None:
    answer = story.client.patch(
        f"{API}/contacts/{story.ids['Karol Nowak']}", json={"receives": False, "at": at(2, "10:00")}
    )
    assert answer.status_code in (200, 201), answer.text
    assert "C-004: no contact" in story.draft("planned", status=409)["detail"]


def test_whoever_was_left_out_of_one_round_is_left_out_of_those_that_follow_it(story: Story) -> None:
    tell(story, "planned", leave_out=[story.ids["C-001"]])
    assert sorted(preview(story, story.draft("not done"))) == ALL[1:]


def test_a_partly_done_letter_goes_to_whoever_has_a_site_that_is_not_confirmed_current(told_story: Story) -> None:
    notice = told_story.ids["told partly"]
    rows = told_story.get("/letters", notice_id=notice)["items"]
    got = {row["client_id"] for row in rows}
    assert got == {told_story.ids[number] for number in ALL if number != "C-003"}


def test_letters_about_a_window_of_next_month_and_of_last_month(cast_only: Story) -> None:
    story, ids = cast_only, cast_only.ids
    ids["work"] = story.post("/works", {"title": "Move", "kind": "move", "services": [ids["service"]]})["id"]
    monitor = {
        "name": "HOST-1 from Berlin",
        "service_id": ids["service"],
        "interval_seconds": 300,
        "source": "own probe",
    }
    story.post("/monitors", monitor)
    first, last = datetime.fromisoformat(at(30, "00:00", 5)), datetime.fromisoformat(at(2, "00:00"))
    observe(story, monitor["name"], first, last, [])
    promise = {"work_id": ids["work"], "start_at": at(1, "02:00"), "end_at": at(1, "04:00"),
               "announced_at": at(29, "09:00", 5), "note": "told on the phone"}  # fmt: skip
    ids["w1"] = story.post("/windows", promise)["id"]
    moment = at(30, "10:00", 5)  # Fri 30 May
    words = ROUNDS["planned"][2] | {"confirmed_at": at(29, "09:00", 5)}
    tell(story, "planned", as_at=moment, words=words)
    assert story.stale(at(31, "10:00", 5)) == {}
    said = {"kind": "not_carried_out", "at": at(1, "04:00"), "said_at": at(1, "09:00"), "text": "Not done."}
    story.post(f"/windows/{ids['w1']}/said", said)
    assert sorted(story.stale(at(1, "10:00"))) == ALL
    tell(story, "not done", as_at=at(1, "11:00"))
    assert story.stale(at(2, "00:00")) == {}
    assert story.stale(at(1, "08:00", 7)) == {}  # a month later nothing has become untrue by itself
    again = {
        "start_at": at(5, "02:00", 7),
        "end_at": at(5, "04:00", 7),
        "announced_at": at(30, "18:00"),
        "note": "phone",
    }
    ids["w2"] = story.post(f"/windows/{ids['w1']}/reschedule", again)["id"]
    assert sorted(story.stale(at(30, "18:30"))) == ALL
    words = ROUNDS["moved"][2] | {"next_contact_at": at(5, "04:15", 7)}
    tell(story, "moved", as_at=at(30, "19:00"), words=words)
    assert story.stale(at(1, "08:00", 7)) == {}


REFUSED: list[tuple[str, Body, str, str]] = [
    ("planned", {"as_at": at(7, "22:30")}, "kind", "announces a window"),
    ("planned", {"as_at": at(9, "12:00")}, "kind", "did not take place"),
    ("planned", {"as_at": at(3, "10:00")}, "window_id", "was not announced at that moment"),
    ("planned", {"as_at": at(2, "10:00", 7)}, "as_at", "lies in the future"),
    ("not done", {"as_at": at(8, "09:39")}, "kind", "did not take place"),
    ("not done", {"follows": None}, "follows", "names the one that announced"),
    ("moved", {"follows": None}, "follows", "names the letter with the old one"),
]


def test_a_letter_the_record_does_not_bear_out_is_refused(story: Story) -> None:
    tell(story, "planned", "not done")
    before = story.get("/evidence/head")
    for name, changes, field, words in REFUSED:
        window, moment, said, follows = ROUNDS[name]
        about = {"window_id": story.ids[window], "follows": story.ids.get(f"told {follows}")}
        told_ = about | {key: value for key, value in changes.items() if key != "as_at"}
        found = refused(story, said, changes.get("as_at", moment), **told_)
        assert (found[0], words in found[1]) == (field, True), found
    assert story.get("/evidence/head") == before


def test_updates_are_bound_to_what_was_measured(story: Story) -> None:
    for name, moment, ok in (
        ("overrunning", at(28, "23:59"), False),  # before the announced end
        ("overrunning", at(29, "00:00"), False),  # at it
        ("overrunning", at(29, "00:01"), True),
        ("overrunning", at(29, "21:59"), True),
        ("overrunning", at(29, "22:00"), False),  # the service answers
        ("overrunning", at(30, "06:05"), False),
        ("partly", at(29, "21:55"), False),  # still down
        ("partly", at(29, "22:05"), True),
    ):
        answer = story.client.post(f"{API}/notices", json={
            "service_id": story.ids["service"], "window_id": story.ids["w3"], "as_at": moment,
            "words": ROUNDS[name][2] | {"next_contact_at": at(1, "12:00", 7)},
        })  # fmt: skip
        assert answer.status_code == (201 if ok else 409), (name, moment, answer.text)


def test_a_letter_follows_only_what_it_answers(story: Story) -> None:
    first = story.draft("planned")
    story.ids["told planned"] = first["id"]
    assert "was not out by then" in story.draft("not done", status=409)["detail"]  # never issued
    story.ids.pop("told planned")
    tell(story, "planned")
    tell(story, "not done")
    assert "announced this window" in story.draft("not done", status=409, follows=story.ids["told not done"])["detail"]
    tell(story, "moved")
    wrong = story.draft("overrunning", status=409, follows=story.ids["told moved"])
    assert "another window" in wrong["detail"]
    other = story.post("/works", {"title": "Other", "kind": "other", "services": [story.ids["service"]]})
    window = story.post("/windows", {"work_id": other["id"], "start_at": at(20, "22:00"), "end_at": at(20, "23:00"),
                                     "announced_at": at(9, "12:00"), "note": "phone"})  # fmt: skip
    wrong = story.draft("moved", status=409, window_id=window["id"], follows=story.ids["told planned"])
    assert "another work" in wrong["detail"]


def test_the_old_date_in_a_letter_is_the_one_its_reader_was_told(story: Story) -> None:
    tell(story, "planned")  # of 7 June; the window of 14 June is never told to anybody
    third = preview(story, story.draft("moved again", follows=story.ids["told planned"], words={
        "kind": "L3", "next_contact_at": at(29, "00:15"), **told.MOVED_2}))  # fmt: skip
    body = third["C-001"]["document"]["body"]
    assert body["old"]["start_at"] == "2025-06-07T20:00:00Z"
    assert body["new"]["start_at"] == "2025-06-28T20:00:00Z"
    assert body["attempt"] == 3
