"""To whom at a client a letter goes and in which language; whom a correction reaches by telephone; who came later."""

from __future__ import annotations

from sqlmodel import Session, select

from app.db import reader, transaction
from app.delivery.actions import Belongs, Parcel, hand_over_all
from app.delivery.outbox.states import State
from app.delivery.queries import letter_key
from app.demo import told
from app.demo.told import at
from app.notices.tables import LetterRecipient
from tests.build import API, Body
from tests.notices.handed import hand_out, letters, refused, tell, write
from tests.notices.test_kinds import WRONG, shown
from tests.notices.test_recipients import newcomer
from tests.statements.ministory import PEOPLE, ROUNDS, Story

ALL = sorted(PEOPLE)


def change(story: Story, path: str, **changes: object) -> None:
    answer = story.client.patch(f"{API}{path}", json=changes)
    assert answer.status_code in (200, 201), answer.text


def test_each_client_reads_its_own_language_or_nobody_is_written_to(story: Story) -> None:
    change(story, f"/clients/{story.ids['C-002']}", language="de-AT", zone="Europe/London")
    change(story, f"/clients/{story.ids['C-004']}", language="de")
    change(story, f"/contacts/{story.ids['Thomas Brandt']}", salutation="Herr Brandt", at=at(2, "10:00"))
    window, moment, words, _ = ROUNDS["planned"]
    about = {"window_id": story.ids[window]}
    field, why = refused(story, words, moment, **about)
    assert (field, why.startswith("translations.de: C-002, C-004 read de")) == ("translations.de", True)
    german = told.PLANNED_DE
    for wrong, where in (
        ({name: text for name, text in german.items() if name != "work"}, "translations.de.work"),
        (german | {"apology": "Leider."}, "translations.de.apology"),
        (german | {"effects": german["effects"][:1]}, "translations.de.effects"),
        (german | {"effects": [{"function": "Website", "effect": ""}, *german["effects"][1:]]},
         "translations.de.effects.0.effect"),
        (german | {"work": "x" * 201}, "translations.de.work"),
    ):  # fmt: skip
        assert refused(story, words, moment, translations={"de": wrong}, **about)[0] == where
    assert refused(story, words, moment, translations={"en": german}, **about)[0] == "translations.en"
    written = shown(story, write(story, words, moment, translations={"de": german}, **about))
    brandt, nowak, okafor = written["C-002"], written["C-004"], written["C-001"]
    assert brandt.recipient.salutation == "Guten Tag Herr Brandt,"
    assert (brandt.header.language, brandt.header.zone) == ("de-AT", "Europe/London")
    assert (nowak.header.language, okafor.header.language) == ("de-DE", "en-GB")
    assert nowak.body.work == german["work"] != okafor.body.work  # type: ignore[union-attr]
    assert nowak.body.window == okafor.body.window  # type: ignore[union-attr]
    change(story, f"/clients/{story.ids['C-004']}", language="fr")
    french = {"de": german, "fr": german}
    field, why = refused(story, words, moment, translations=french, **about)
    assert (field, why.startswith("client.language: C-004 reads fr")) == ("client.language", True)


def test_one_letter_to_everybody_at_a_client_who_wishes_it(story: Story) -> None:
    joinery = story.ids["C-004"]
    more = {"salutation": "Ms Wolny", "name": "Ida Wolny", "email": "ida@kestrel-joinery.example",
            "since_at": at(1, "09:00")}  # fmt: skip
    story.post(f"/clients/{joinery}/contacts", more)
    rees = {"salutation": "Mr Rees", "name": "Owen Rees", "email": "owen@kestrel-joinery.example", "kinds": ["during"]}
    story.post(f"/clients/{joinery}/contacts", more | rees)
    change(story, f"/contacts/{story.ids['Aldo Ferrari']}", kinds=["monthly"], at=at(1, "09:00"))
    draft = story.draft("planned")
    one = letters(story, draft)["C-004"]
    assert one["document"]["recipient"]["salutation"] == "Dear Mr Nowak, dear Ms Wolny,"
    assert one["document"]["recipient"]["attention"] == "Karol Nowak, Ida Wolny"
    assert [to["channel"] for to in one["recipients"]] == ["email", "email"]
    assert sorted(letters(story, draft)) == ALL[:-1]  # Mr Ferrari wishes none about planned work
    plan = story.get(f"/notices/{draft['id']}/plan")
    assert [(row["client_number"], "planned work" in row["why"]) for row in plan["left_out"]] == [("C-006", True)]
    story.ids["told planned"] = draft["id"]
    hand_out(story, draft["id"], ROUNDS["planned"][1])
    with Session(reader(story.engine)) as session:
        rows = session.exec(select(LetterRecipient)).all()
    assert len(rows) == 6
    assert {row.why for row in rows} == {"wishes letters about planned work"}
    # Ms Wolny leaves, Ms Roth comes: what is put right is put right with whoever had it
    there = {row["name"]: row["id"] for row in story.get("/contacts", client_id=joinery)["items"]}
    story.post(f"/contacts/{there['Ida Wolny']}/end", {"at": at(5, "09:00")}, 200)
    story.post(f"/clients/{joinery}/contacts", more | {"name": "Eva Roth", "since_at": at(5, "09:00")})
    again = letters(story, story.draft("not done"))["C-004"]
    assert again["document"]["recipient"]["attention"] == "Karol Nowak, Ida Wolny"
    tell(story, "not done", "moved", "not done again", "moved again")
    late = letters(story, story.draft("overrunning"))["C-004"]  # while it lasts: those who wish to hear of it, now
    assert late["document"]["recipient"]["attention"] == "Karol Nowak, Owen Rees, Eva Roth"


def test_whose_letter_came_back_is_told_by_telephone(story: Story) -> None:
    tell(story, "planned")
    with Session(reader(story.engine)) as session:
        rows = session.exec(select(LetterRecipient)).all()
    came_back = {story.ids[name] for name in ("Karol Nowak", "Lucie Moreau")}
    with transaction(story.engine) as session:
        keys = {str(row.contact_id): letter_key(row.letter_id, row.contact_id) for row in rows}
        parcels = [Parcel(key, Belongs(), name="as it was sent") for key in keys.values()]
        for delivery in hand_over_all(session, parcels, story.clock.now, domain="brightwell.example"):
            failed = delivery.key in {keys[contact] for contact in came_back}
            delivery.state = State.BOUNCED if failed else State.ACCEPTED
            session.add(delivery)
    change(story, f"/contacts/{story.ids['Lucie Moreau']}", email="lucie@juniper-dental.example", at=at(4, "10:00"))
    for draft in (story.draft("not done"), write(story, WRONG, at(8, "11:00"), follows=story.ids["told planned"])):
        channels = {number: item["recipients"][0]["channel"] for number, item in letters(story, draft).items()}
        # Dr Moreau has another address by now; Mr Nowak has not
        assert channels == dict.fromkeys(ALL, "email") | {"C-004": "phone"}
        assert "came back" in letters(story, draft)["C-004"]["recipients"][0]["why"]


def test_who_came_later_is_told_how_it_stands_and_no_correction(story: Story) -> None:
    tell(story, "planned", leave_out=[story.ids["C-006"]])
    newcomer(story, at(5, "08:00"))

    def untold(moment: str) -> list[Body]:
        return list(story.get("/notices/untold", service_id=story.ids["service"], as_at=moment))

    assert untold(at(5, "07:59")) == []
    found = untold(at(5, "09:00"))
    assert [(item["client_number"], item["kind"], item["window_id"]) for item in found] == [
        ("C-050", "L1", story.ids["w1"])
    ]  # fmt: skip  Marlow was left out by decision
    assert "C-050" not in letters(story, story.draft("not done"))
    tell(story, "not done")
    assert untold(at(8, "12:00")) == []  # nothing is announced, and nobody told them of the 7th
    assert [(item["kind"], item["window_id"]) for item in untold(at(9, "12:00"))] == [("L1", story.ids["w2"])]
    window, _, words, _ = ROUNDS["overrunning"]
    assert [item["kind"] for item in untold(at(29, "00:30"))] == ["L4"]
    alone = write(story, words, at(29, "00:30"), window_id=story.ids[window], only=[found[0]["client_id"]])
    assert list(letters(story, alone)) == ["C-050"]
    hand_out(story, alone["id"], at(29, "00:30"))
    assert untold(at(29, "00:40")) == []
