"""What stands in the letters: only their client's sites, the statement's seconds, nothing that names the provider."""

from __future__ import annotations

import hashlib
import io
import json
import re
import subprocess
import sys
import threading
from pathlib import Path

import pypdfium2
from sqlmodel import Session, select

from app.db import reader
from app.demo import cast, told
from app.demo.told import at
from app.evidence.queries import verify_log
from app.notices.tables import Letter, Notice
from reports import press
from reports.documents import ClientLetter
from tests.build import API, Body, approval
from tests.evidence.test_log import ROOT
from tests.notices.handed import refused, tell
from tests.statements.ministory import NEIGHBOUR, PEOPLE, ROUNDS, Story


def text_of(pdf: bytes) -> str:
    """The words of a PDF, spaces made one."""
    document = pypdfium2.PdfDocument(io.BytesIO(pdf))
    try:
        pages = []
        for page in document:
            words = page.get_textpage()
            pages.append(words.get_text_bounded())
            words.close()
            page.close()
        return re.sub(r"\s+", " ", " ".join(pages)).replace("\u00a0", " ")
    finally:
        document.close()


def letters_of(story: Story, name: str) -> list[Body]:
    return list(story.get("/letters", notice_id=story.ids[f"told {name}"])["items"])


def pdf(story: Story, letter: Body) -> bytes:
    answer = story.client.get(f"{API}/letters/{letter['id']}/letter.pdf")
    assert answer.status_code == 200
    return bytes(answer.content)


def document(story: Story, letter: Body) -> Body:
    return dict(story.client.get(f"{API}/letters/{letter['id']}/letter.json").json())


def words_of(number: str) -> list[str]:
    """What must not stand in anybody else's letter."""
    name, street, town, _, contact, sites = PEOPLE[number]
    return [name, street, town, contact, contact.split()[1], number, *sites]


def test_a_letter_shows_its_own_client_and_no_other(read_story: Story) -> None:
    ids = {read_story.ids[number]: number for number in PEOPLE}
    for name in ROUNDS:
        for place, letter in enumerate(letters_of(read_story, name)):
            own = ids[letter["client_id"]]
            text = read_story.client.get(f"{API}/letters/{letter['id']}/letter.json").text
            shown = [text]
            if not place:  # what is printed comes from the document alone
                shown.append(read_story.client.get(f"{API}/letters/{letter['id']}/letter.html").text)
                shown.append(text_of(press.render_pdf(ClientLetter.model_validate_json(text))))
                assert all(host in shown[-1] for host in PEOPLE[own][5])
                assert all("None" not in re.sub(r"&#\d+;", "", page) for page in shown[1:])
            for page in shown:
                for number in PEOPLE:
                    for word in words_of(number) if number != own else ():
                        found = re.search(rf"(?<![\w.-]){re.escape(word)}(?![\w-])", page)
                        assert found is None, (own, word)
                for word in (NEIGHBOUR[1], NEIGHBOUR[2], NEIGHBOUR[3], "Northgate", "Jonas Pohl", "NG-20417"):
                    assert word not in page, (own, word)


def test_the_provider_is_named_only_where_the_agency_says_always(story: Story) -> None:
    always = cast.AGENCY | {"name_provider": "always"}
    assert story.client.put(f"{API}/agency", json=always).status_code == 200
    tell(story, "planned")
    notice = story.draft("not done", words={
        "kind": "L2", "next_contact_words": "soon", "reason_status": "not_known"})  # fmt: skip
    shown = story.get(f"/notices/{notice['id']}/preview")[0]["document"]
    assert shown["provider_name"] == "Northgate Hosting"
    never = cast.AGENCY | {"name_provider": "never"}
    assert story.client.put(f"{API}/agency", json=never).status_code == 200
    assert story.get(f"/notices/{notice['id']}/preview")[0]["document"]["provider_name"] is None


def test_numbers_in_letters_are_the_statements_seconds(read_story: Story) -> None:
    def first(name: str) -> Body:
        return document(read_story, letters_of(read_story, name)[0])["body"]

    overrun = first("overrunning")
    figures = read_story.figures(at(29, "00:30"))
    window = figures["windows"][2]
    assert overrun["down_seconds"] == window["downtime"] == figures["outages"][0]["as_held"] == 2 * 3600 + 30 * 60
    assert overrun["beyond_seconds"] == 30 * 60
    assert overrun["update"] == 1
    partly = first("partly")
    figures = read_story.figures(at(30, "06:05"))
    assert partly["down_seconds"] == figures["windows"][2]["downtime"] == 24 * 3600
    assert partly["reachable_since"] == "2025-06-29T20:00:00Z"
    assert first("not done")["down_seconds"] == 0
    moved = first("moved again")
    assert moved["attempt"] == 3
    assert moved["notice_seconds"] == (4 * 24 + 4) * 3600  # Tue 24 June 18:00 to Sat 28 June 22:00


def test_issued_letters_are_frozen_and_their_digests_stand_in_the_log(told_story: Story) -> None:
    story = told_story
    before = {name: [pdf(story, letter) for letter in letters_of(story, name)] for name in ROUNDS}
    late = {"kind": "ended", "at": at(29, "21:00"), "said_at": at(30, "12:00"), "text": "Done.", "source": "P"}
    story.post(f"/windows/{story.ids['w3']}/said", late)
    answer = story.client.patch(f"{API}/clients/{story.ids['C-001']}", json={"name": "Larkfield Ltd"})
    assert answer.status_code == 200
    for name in ROUNDS:
        listed = {}
        entry = story.get("/evidence/entries", subject=f"notice:{story.ids[f'told {name}']}")["items"][-1]
        assert entry["kind"] == "notice.issued"
        for item in entry["body"]["letters"]:
            listed[item["letter"]] = item
        for letter, content in zip(letters_of(story, name), before[name], strict=True):
            assert pdf(story, letter) == content
            text = story.client.get(f"{API}/letters/{letter['id']}/letter.json").content
            assert listed[letter["id"]]["pdf"] == letter["pdf_digest"] == hashlib.sha256(content).hexdigest()
            assert listed[letter["id"]]["document"] == letter["document_digest"] == hashlib.sha256(text).hexdigest()


def test_an_erased_letter_leaves_its_digest_and_says_so(told_story: Story) -> None:
    letter = letters_of(told_story, "planned")[0]
    content = pdf(told_story, letter)
    assert told_story.client.post(f"{API}/letters/{letter['id']}/erase").status_code == 200
    assert told_story.client.post(f"{API}/letters/{letter['id']}/erase").status_code == 409
    for form in ("pdf", "html", "json"):
        answer = told_story.client.get(f"{API}/letters/{letter['id']}/letter.{form}")
        assert answer.status_code == 409, answer.text
        assert "erased" in answer.json()["detail"]
    entry = told_story.get("/evidence/entries", subject=f"notice:{told_story.ids['told planned']}")["items"][-1]
    assert hashlib.sha256(content).hexdigest() in str(entry["body"])
    with Session(reader(told_story.engine)) as session:
        assert verify_log(session).whole


def test_a_notice_is_issued_once(story: Story) -> None:
    tell(story, "planned")
    again = {"plan": "0" * 64, "approved_by": "Dana Reyes"}
    problem = story.post(f"/notices/{story.ids['told planned']}/issue", again, 409)
    assert "issued before" in problem["detail"]
    for what in ("preview", "plan"):
        assert story.client.get(f"{API}/notices/{story.ids['told planned']}/{what}").status_code == 409


def test_two_people_issue_at_once_and_it_happens_once(both: Story) -> None:
    others = [both.ids[number] for number in PEOPLE if number != "C-003"]
    notice = both.draft("planned", leave_out=others)
    asked = approval(both.client, notice["id"], at(3, "14:00"))
    answers: list[int] = []
    together = threading.Barrier(3)

    def issue(person: str) -> None:
        together.wait(20)
        answer = both.client.post(f"{API}/notices/{notice['id']}/issue", json=asked | {"approved_by": person})
        answers.append(answer.status_code)

    people = [threading.Thread(target=issue, args=(name,)) for name in ("Dana Reyes", "Jo Marsh", "Ida Stern")]
    for person in people:
        person.start()
    for person in people:
        person.join(120)
    assert sorted(answers) == [200, 409, 409]
    assert len(both.get("/letters")["items"]) == 1
    issued = [item for item in both.get("/evidence/entries", limit=500)["items"] if item["kind"] == "notice.issued"]
    assert len(issued) == 1
    assert both.get("/evidence/verify")["whole"] is True


def test_two_drafts_at_once_have_two_numbers_or_a_clear_refusal(both: Story) -> None:
    answers: list[tuple[int, str]] = []
    together = threading.Barrier(2)

    def draft() -> None:
        together.wait(20)
        window, moment, words, _ = ROUNDS["planned"]
        body = {"service_id": both.ids["service"], "window_id": both.ids[window], "as_at": moment, "words": words}
        answer = both.client.post(f"{API}/notices", json=body)
        answers.append((answer.status_code, answer.text))

    people = [threading.Thread(target=draft) for _ in range(2)]
    for person in people:
        person.start()
    for person in people:
        person.join(60)
    assert {status for status, _ in answers} <= {201, 409}, answers
    numbers = [item["number"] for item in both.get("/notices")["items"]]
    assert numbers == list(range(1, len(numbers) + 1))
    assert numbers


def nothing_was_issued(story: Story, notice: str) -> None:
    with Session(reader(story.engine)) as session:
        assert session.exec(select(Letter)).all() == []
        row = session.exec(select(Notice)).one()
        assert (str(row.id), row.issued_at, row.approved_by) == (notice, None, None)
        assert verify_log(session).whole


KILLED = """
import json, os, signal, sys
import sqlalchemy as sa
from sqlmodel import Session
from app.db import make_engine
from tests.statements.ministory import API, opened
from pathlib import Path
url, token, notice = sys.argv[1:4]
engine = make_engine(url)
@sa.event.listens_for(engine, "commit")
def die(connection):  # all letters rendered and written; the commit is about to happen
    if connection.exec_driver_sql("select count(*) from letter").scalar():
        print("dying", flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
story = opened(engine, Path(sys.argv[4]), {"token": token})
story.client.post(f"{API}/notices/{notice}/issue", json=json.loads(sys.argv[5]))
"""


def test_killed_before_the_commit_leaves_nothing_and_it_can_be_issued_again(story: Story, tmp_path: Path) -> None:
    others = [story.ids[number] for number in PEOPLE if number != "C-003"]
    notice = story.draft("planned", leave_out=others)
    asked = approval(story.client, notice["id"], at(3, "14:00"))
    url = story.engine.url.render_as_string(hide_password=False)
    run = subprocess.run(
        [sys.executable, "-c", KILLED, url, story.ids["token"], notice["id"], str(tmp_path), json.dumps(asked)],
        cwd=ROOT, capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert (run.returncode, run.stdout) == (-9, "dying\n"), run.stderr[-2000:]
    nothing_was_issued(story, notice["id"])
    story.post(f"/notices/{notice['id']}/issue", asked, 200)
    (letter,) = story.get("/letters")["items"]
    assert "juniper-dental.example" in text_of(pdf(story, letter))


def test_a_refusal_while_printing_leaves_nothing(story: Story) -> None:
    answer = story.client.patch(f"{API}/clients/{story.ids['C-004']}", json={"name": "Kestrel 日本 Joinery"})
    assert answer.status_code == 200
    notice = story.draft("planned")
    asked = approval(story.client, notice["id"], at(3, "14:00"))
    problem = story.post(f"/notices/{notice['id']}/issue", asked, 409)
    assert problem["errors"][0]["field"] == "recipient.name", problem
    assert "日" in problem["detail"]
    nothing_was_issued(story, notice["id"])


def test_issuing_needs_a_person_and_a_moment_that_can_be(story: Story) -> None:
    notice = story.draft("planned")
    asked = approval(story.client, notice["id"], at(3, "14:00"))
    for changes in (
        {"issued_at": at(2, "10:00", 7)},
        {"issued_at": at(3, "13:00")},  # before the moment the letters speak of
        {"approved_by": ""},
        {"approved_by": None},
    ):
        answer = story.client.post(f"{API}/notices/{notice['id']}/issue", json=asked | changes)
        assert answer.status_code in (409, 422), answer.text
        assert answer.json()["errors"][0]["field"] == next(iter(changes))
    nothing_was_issued(story, notice["id"])


def test_words_that_cannot_be_true_or_printed_are_refused_by_name(story: Story) -> None:
    for change, field in (
        ({"next_contact_at": at(3, "13:59")}, "words.next_contact_at"),
        ({"confirmed_at": at(3, "14:01")}, "words.confirmed_at"),
        ({"work": "x" * 201}, "words.L1.work"),
        ({"effects": []}, "words.L1.effects"),
        ({"if_it_overruns": "\u0007"}, "words.L1.if_it_overruns"),
        ({"next_contact_at": None}, "words.L1"),
    ):
        words = {"kind": "L1", "next_contact_at": at(8, "00:15"), **told.PLANNED} | change
        assert refused(story, words, at(3, "14:00"), window_id=story.ids["w1"])[0] == field
    assert story.get("/notices")["items"] == []


# as looked at on Mon 30 June 06:00, each kind of client: see CHECKS of the story
SHOWN = {
    "C-001": ["up", "not_current", "down"],
    "C-002": ["not_current", "unknown"],
    "C-004": ["down"],
    "C-005": ["unknown"],
    "C-006": ["not_current"],
}  # C-003: up, so not written to


def test_a_partly_done_letter_is_true_for_each_site_in_it(story: Story) -> None:
    notice = story.draft("partly", follows=None)
    letters = {item["document"]["recipient"]["client_id"]: item["document"]
               for item in story.get(f"/notices/{notice['id']}/preview")}  # fmt: skip
    assert {number: [site["state"] for site in shown["sites"]] for number, shown in letters.items()} == SHOWN
    for number, shown in letters.items():
        states = SHOWN[number]
        assert (shown["body"]["copy_from_at"] is not None) == ("not_current" in states)
        html = press.render_html(ClientLetter.model_validate_json(json.dumps(shown)))
        text = re.sub(r"\s+", " ", re.sub(r"<(style|script).*?</\1>|<[^>]+>", " ", html, flags=re.S))
        back = "can be reached again" in text.replace("\u00a0", " ")
        assert back == (set(states) == {"not_current"}), number
