"""Languages: every text in every language, nothing of another one in a letter, figures the same in all of them."""

import re
import shutil
from pathlib import Path

import pytest

from reports.documents import ClientLetter, OwnText
from reports.errors import GlyphMissing, LanguageIncomplete, LanguageMissing
from reports.letters import greeting, languages, mail_of, sheet_of, subject_of, text_of, voice
from reports.letters.client.catalogue import FOLDER, catalogues, read_all
from reports.letters.client.voice import voice_of
from reports.press import check, render_html
from tests.reports.story_facts import span, t
from tests.reports.story_letters import l4
from tests.reports.story_letters_german import KINDS, german
from tests.reports.story_monthly import monthly
from tests.reports.story_papers import Papers

ENGLISH = re.compile(
    r"\b(the|your|you|were|and|been|from|until|announced|unavailable|message|next|since|page|as at|to do|"
    r"websites? (is|are)|June|July|Sat|Sun|Mon|hours?|minutes?)\b"
)
GERMAN = re.compile(r"\b(Ihre|Sie|nicht|wir|und|der|die|das|Uhr|Std|Juni|Juli|Sa\.|So\.|Stand|Seite)\b")
FIGURE = re.compile(r"\d+")


def test_english_and_german_are_there() -> None:
    assert languages() == ("de", "en")
    assert set(catalogues()) == {"de", "en", "en-US"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_letter_speaks_one_language(kind: str) -> None:
    """What people typed is in the letter's language; then nothing else is left in the other one."""
    names = r"Larkfield Garden Centre|Client services|Brightwell Web Studio|[\w.-]+\.example|HOST-1[\w/-]*"
    for count in (1, 3):
        sites = {"sites": l4(count).sites} if kind in ("L1", "L2", "L3") else {"count": count}
        mail = mail_of(german(kind, **sites))
        said = re.sub(names, "", f"{mail.subject}\n{mail.text}")
        assert not ENGLISH.findall(said), ENGLISH.findall(said)
        assert GERMAN.search(said)
        assert not GERMAN.findall(re.sub(names, "", text_of(KINDS[kind](**sites))))


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_figures_in_both_languages(kind: str) -> None:
    """Days, times, durations, percentages and sums: figure by figure in the same tables."""

    def figures(letter: ClientLetter) -> list[tuple[str, ...]]:
        sheet = sheet_of(letter)
        rows = [row for b in (*sheet.blocks, *sheet.annex) if b.kind in ("facts", "table") for row in b.rows]
        return [tuple(FIGURE.findall(" ".join(row))) for row in rows]

    english, same = figures(KINDS[kind]()), figures(german(kind))
    assert english
    assert english == same


def test_german_as_it_is_written() -> None:
    v = voice_of("de-DE", "Europe/Berlin", t("06-29 08:00"))
    assert v.span_in_prose(span("06-28 22:00", "06-29 00:00")) == "Samstag, 28. Juni, von 22:00 bis 24:00 Uhr"
    assert v.span(span("06-28 22:00", "06-29 04:00")) == "Sa., 28. Juni, 22:00 Uhr – So., 29. Juni, 04:00 Uhr"
    assert v.zone_label(t("06-29 08:00")) == "MESZ (UTC+02:00)"
    assert v.moment(t("2024-12-24 18:05")) == "Di., 24. Dezember 2024, 18:05 Uhr"
    assert v.duration(86400) == "24 Std. 00 Min."
    assert v.duration(2592) == "43 Min. 12 Sek."
    assert v.in_prose(5400) == "1 Stunde 30 Minuten"
    assert v.percent_text("99.5") == "99,5 %"
    assert v.joined(["a", "b", "c"]) == "a, b und c"
    assert v.clock(t("06-29 00:00")) == "24:00 Uhr"
    assert voice_of("de-AT", "Europe/Vienna", t("06-29 08:00")).month(t("01-15 08:00").date()) == "Jänner 2025"
    assert greeting("de-DE", ["Frau Okafor", "Herr Lee"]) == "Guten Tag Frau Okafor, guten Tag Herr Lee,"
    assert greeting("en-US", ["Ms Okafor"]) == "Dear Ms Okafor,"


def test_the_hour_that_comes_twice_says_which() -> None:
    """Sunday 26 October 2025, 02:30 in Berlin comes at 00:30 and at 01:30 UTC."""
    at = t("2025-10-26 12:00")
    first, second = at.replace(hour=0, minute=30), at.replace(hour=1, minute=30)
    german, english = (voice_of(tag, "Europe/Berlin", at) for tag in ("de-DE", "en-GB"))
    assert [german.clock(moment) for moment in (first, second)] == ["02:30 (MESZ) Uhr", "02:30 (MEZ) Uhr"]
    assert [english.clock(moment) for moment in (first, second)] == ["02:30 CEST", "02:30 CET"]


def test_din_5008(papers: Papers) -> None:
    """Abroad the country stands in capitals; at home it is left out. The block beside it is in German."""
    assert "Germany" not in [box[0].strip() for box in papers["L1 de"].boxes()]
    letter = german("L1")
    abroad = letter.recipient.model_copy(update={"address": ("Mariahilfer Straße 1", "1060 Wien", "Österreich")})
    page = render_html(letter.model_copy(update={"recipient": abroad}))
    assert "1060 Wien<br>ÖSTERREICH<" in page
    for label in ("Unser Zeichen", "Telefon", "E-Mail", "Stand"):
        assert f"<dt>{label}</dt>" in page


def test_german_words_are_divided_and_host_names_are_not() -> None:
    page = render_html(german("L5", count=3))
    assert ' divided din5008b"' in page
    assert '<span class="n">larkfield-garden.example</span>' in page
    assert "divided din5008b" not in render_html(l4())


def test_a_language_nobody_wrote_is_refused() -> None:
    header = l4().header.model_copy(update={"language": "fr-FR"})
    with pytest.raises(LanguageMissing, match=r"header\.language: there are no words for 'fr-FR'; there is de, en"):
        render_html(l4().model_copy(update={"header": header}))
    report = monthly()
    with pytest.raises(LanguageMissing, match="English only"):
        check(report.model_copy(update={"header": report.header.model_copy(update={"language": "de-DE"})}))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('next = "Nächste Nachricht"\n', "", "common.next: this text is missing; in English it is 'Next message'"),
        ('next = "Nächste', 'other_thing = "x"\nnext = "Nächste', "common.other_thing: no letter asks for this"),
        ("concerned = \"Es geht um {hosts}.\"", "concerned = \"Es geht um {sites}.\"", "it takes sites"),
        ("concerned = \"Es geht um {hosts}.\"", "concerned = \"Es geht um {hosts.\"", "concerned: "),
        ('who.other = "Ihre {count} Websites"\n', "", "it has one; it needs one, other"),
        ('next = "Nächste Nachricht"', "next = 7", "common.next: this is no text"),
        ('"zwölf"]', "]", "numbers: it has 12 words; it must have 13"),
        ("[dates]", "[dates", "the file cannot be read"),
    ],
)  # fmt: skip
def test_an_incomplete_language_is_found_before_a_letter_is_written(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    shutil.copytree(FOLDER, tmp_path / "languages")
    path = tmp_path / "languages" / "de" / "letters.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(LanguageIncomplete, match=re.escape(said)):
        read_all(tmp_path / "languages")


def test_a_language_is_added_by_a_folder(tmp_path: Path) -> None:
    """A region needs only what it writes another way, but its language must be there."""
    shutil.copytree(FOLDER, tmp_path / "languages")
    (tmp_path / "languages" / "de-CH").mkdir()
    (tmp_path / "languages" / "de-CH" / "letters.toml").write_text('greeting = "Grüezi {name},"\n', encoding="utf-8")
    found = read_all(tmp_path / "languages")
    assert found["de-CH"]["greeting"] == "Grüezi {name},"
    assert found["de-CH"]["and"] == found["de"]["and"]
    (tmp_path / "languages" / "fr-FR").mkdir()
    (tmp_path / "languages" / "fr-FR" / "letters.toml").write_text('greeting = "Bonjour {name},"\n', encoding="utf-8")
    with pytest.raises(LanguageIncomplete, match="add languages/fr"):
        read_all(tmp_path / "languages")


def test_own_words_take_the_place_of_ours_and_facts_stay() -> None:
    own = OwnText(subject="Ihre Website: Es dauert noch", paragraphs=("Liebe Frau Okafor, es dauert noch.",))
    letter = german("L4", count=3).model_copy(update={"own": own})
    mail = mail_of(letter)
    assert mail.subject == subject_of(letter) == own.subject
    assert "es dauert noch." in mail.text
    assert "weiterhin nicht erreichbar" not in mail.text
    assert "Was wir wissen" not in mail.text
    for kept in ("bisher 10 Std. 00 Min.", "shop.larkfield-garden.example | nicht erreichbar", "Nächste Nachricht: So.",
                 "Bitte notieren Sie Bestellungen"):  # fmt: skip
        assert kept in mail.text
    wrong = own.model_copy(update={"paragraphs": ("Es dauert \U0001f984.",)})
    with pytest.raises(GlyphMissing, match=r"own\.paragraphs"):
        mail_of(letter.model_copy(update={"own": wrong}))


def test_the_mail_is_the_paper_and_asks_for_nothing() -> None:
    for kind in KINDS:
        letter = german(kind, **({} if kind in ("L1", "L2", "L3") else {"count": 2}))
        mail = mail_of(letter)
        shown = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", mail.html.replace("\u00a0", " ")))
        for line in mail.text.splitlines():
            for part in re.split(r" \| |^- |: ", line):
                assert part.strip() in shown or voice(letter)("page.mail_reference", ref="") in line, part
        assert not re.search(r"<(script|img|link|iframe|style)|url\(|src=|href=|@import", mail.html)
        assert "&lt;b&gt;" in mail_of(letter.model_copy(update={"apology": "<b>x</b>"})).html
