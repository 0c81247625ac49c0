"""The same letters to the same client, written in German: the figures are the English letters', the typed words not."""

from collections.abc import Callable

from reports.documents import (
    Ask,
    AtRisk,
    Change,
    CheckMade,
    ClientLetter,
    Completed,
    CorrectedLine,
    Correction,
    CreditToYou,
    FinalReport,
    FunctionEffect,
    FunctionState,
    Happened,
    MonthlyStatement,
    NotCarriedOut,
    Overrunning,
    PartlyDone,
    Planned,
    PossibleLoss,
    Rescheduled,
    UnplannedOutage,
)
from tests.reports import story_letters as before
from tests.reports import story_letters_after as after
from tests.reports.story_facts import t

CLIENT = before.CLIENT.model_copy(update={"salutation": "Guten Tag Frau Okafor,", "attention": "Frau R. Okafor"})
PART = "Bitte sehen Sie Ihre letzten Bestellungen und Ihren Kalender durch und sagen Sie mir, was fehlt."


def _words(part: object) -> dict[str, object]:
    """What people typed for this kind of letter."""
    match part:
        case Planned():
            return {
                "work": "Die Laufwerke des Servers werden auf neue kopiert.",
                "effects": (
                    FunctionEffect(function="Website und Shop", effect="nicht erreichbar, keine Bestellungen möglich"),
                    FunctionEffect(function="E-Mail", effect="kommt später an, nichts geht verloren"),
                ),
                "confirmed_by": "der Anbieter, per E-Mail",
                "if_it_overruns": "Ist die Kopie um Mitternacht nicht fertig, kehrt der Anbieter zu den alten "
                "Laufwerken zurück.",
            }
        case NotCarriedOut():
            return {"reason": "Die Datenmenge wurde unterschätzt", "reason_by": "der Anbieter am Telefon"}
        case Rescheduled():
            return {
                "work": "Die Laufwerke des Servers werden auf neue kopiert.",
                "what_changed": "Der Anbieter sagt, er habe die Datenmenge gemessen, bevor er diesen Termin nannte.",
            }
        case Overrunning():
            return {
                "known": ("Die Daten werden auf einen neuen Server übertragen.",),
                "not_known": ("Wann das endet und ob alles vollständig ist, was seit Samstag 22:00 Uhr gespeichert "
                              "wurde.",),
                "doing": ("Wir prüfen jede Website jede Minute von zwei Orten aus und fragen stündlich beim Anbieter "
                          "nach.", "Ihre Sicherung von Samstag 21:45 Uhr liegt bereit und lässt sich öffnen."),
                "procedure_changed": True,
                "fallback": "Wir entscheiden, ob wir eine Hinweisseite aus unserer Sicherung zeigen.",
            }  # fmt: skip
        case Completed():
            return {
                "checks": (
                    CheckMade(what="Seiten", result="alle laden, mit den neuesten Einträgen", at=t("07-02 09:10")),
                    CheckMade(what="Kontaktformular", result="Nachricht kam an", at=t("07-02 09:20")),
                    CheckMade(what="Probebestellung", result="angenommen, bestätigt, storniert", at=t("07-02 09:30")),
                ),
                "not_checked": ("Den Kalender des Cafés, den nur Sie öffnen können.",),
                "look_at": ("Ihre Bestellungen vom 28. und 29. Juni.", "Ihren Kalender."),
            }
        case PartlyDone():
            return {"functions": (
                FunctionState(function="Seiten", state="sichtbar, alter Stand", expected_at=None, workaround=None),
                FunctionState(function="Shop-Bestellungen", state="abgeschaltet", expected_at=None,
                              workaround="telefonisch"),
                FunctionState(function="Kontaktformular", state="abgeschaltet", expected_at=t("06-30 12:00"),
                              workaround="per E-Mail"),
            )}  # fmt: skip
        case PossibleLoss():
            kinds = {"Shop orders": "Bestellungen", "Form messages": "Formularnachrichten",
                     "Customer accounts": "Kundenkonten", "Pages": "Seiten"}  # fmt: skip
            about = {"about 40": "etwa 40", "about 12 new ones": "etwa 12 neue", None: None}
            return {
                "rows": tuple(AtRisk.model_validate(row.model_dump() | {"kind": kinds[row.kind],
                                                                        "about": about[row.about]})
                              for row in part.rows),
                "consequences": ("Bestellungen könnten fehlen, die Ihre Kunden für aufgegeben halten.",),
                "measures": ("Die alten Laufwerke und alle Schnappschüsse bleiben erhalten; das haben wir vom Anbieter "
                             "schriftlich verlangt.", "Wir vergleichen beide Kopien Tabelle für Tabelle."),
                "options": ("Bitten Sie Kunden, die an diesem Wochenende bestellt haben, um eine Bestätigung.",),
                "decisions": (
                    Happened(at=t("06-29 23:50"), text="Das Bearbeiten wird auf allen Websites gestoppt, bis die "
                             "Kopien verglichen sind."),
                    Happened(at=t("06-30 07:30"), text="Jeder Kunde wird heute unterrichtet, bevor der Vergleich "
                             "fertig ist."),
                ),
            }  # fmt: skip
        case FinalReport():
            return {
                "about": "Serverumzug im Juni",
                "sites": part.sites,
                "timeline": tuple(Happened(at=line.at, text=text)
                                  for line, text in zip(part.timeline, TIMELINE, strict=True)),
                "cause": "Die Laufwerke fielen seit dem Frühjahr aus und wurden zu spät ersetzt.",
                "done": ("Wir haben jede Website jede Minute von zwei Orten aus gemessen und Ihnen jede Wendung "
                         "mitgeteilt.", "Wir haben beide Kopien Ihrer Daten Tabelle für Tabelle verglichen."),
                "changes": (Change(text="Das Vorgehen wird schriftlich vereinbart, bevor ein Termin angekündigt wird.",
                                   owner="Dana Reyes", by=part.changes[0].by),
                            Change(text="Eine Hinweisseite liegt auf einem anderen Server bereit.", owner="Brightwell",
                                   by=None)),
                "asked": (Ask(text="Die Ursache schriftlich.", state="answered"),
                          Ask(text="Die Servicegutschrift für Juni.", state="open")),
                "credit": CreditToYou(amount=part.credit.amount, how="von Ihrer Juli-Rechnung abgezogen")
                if part.credit else None,
                "still_check": ("Noch einmal Ihre Bestellungen vom 28. und 29. Juni.",),
            }  # fmt: skip
        case MonthlyStatement():
            return {"open_points": ("Ob die Einträge vom 28. und 29. Juni vollständig sind.",)
                    if part.open_points else ()}  # fmt: skip
        case UnplannedOutage():
            return {
                "known": ("Der Server antwortet seit 14:02 Uhr nicht, von keinem unserer zwei Messorte aus.",),
                "not_known": ("Die Ursache, und wie lange es dauern wird.",),
                "doing": ("Wir haben es dem Anbieter gemeldet und fragen alle 30 Minuten nach.",
                          "Ihre Sicherung der letzten Nacht liegt bereit."),
                "fallback": "Wir entscheiden, ob wir eine Hinweisseite zeigen.",
            }  # fmt: skip
        case Correction():
            return {"lines": (CorrectedLine(
                wrote="Das Kontaktformular ist abgeschaltet.",
                correct="Das Kontaktformular funktioniert seit Sonntag 22:10 Uhr; Nachrichten kamen an.",
            ),)}  # fmt: skip
    raise AssertionError(part)


TIMELINE = (
    "Der Anbieter bestätigt ein ausfallendes Laufwerk-Array.",
    "Wir nennen Ihnen den ersten Termin, Sa., 7. Juni.",
    "Der Anbieter sagt, die Datenmenge sei unterschätzt worden.",
    "Auch der zweite Termin, Sa., 14. Juni, verstreicht ohne Arbeiten.",
    "Wir vereinbaren das Vorgehen mit dem Anbieter, Schritt für Schritt.",
    "Der Server antwortet nicht mehr, wie angekündigt.",
    "Der Anbieter erwähnt eine Neuinstallation, die nicht vereinbart war.",
    "Der Server antwortet wieder, mit dem Stand von Samstagabend.",
    "Ihre neuesten Einträge sind eingespielt.",
    "Alle Prüfungen sind abgeschlossen.",
)
PARTS = {
    "L1": "Falls Sie an diesem Abend Bestellungen erwarten, sagen Sie es Ihren Kunden bitte vorher.",
    "L3": "Falls Sie an diesem Abend Bestellungen erwarten, sagen Sie es Ihren Kunden bitte vorher.",
    "L4": "Bitte notieren Sie Bestellungen und Buchungen, die Sie per Telefon oder E-Mail erreichen, damit wir sie "
    "später vergleichen können.",
    "L6": PART,
    "L7": "Bitte notieren Sie, von welchen Bestellungen dieses Wochenendes Sie wissen.",
}
APOLOGIES = {
    "L2": "Es tut mir leid, dass Sie sich vergeblich darauf eingestellt haben.",
    "L4": "Ich bitte um Entschuldigung für die Störung und für die zwei früheren Termine, an denen nichts geschah.",
    "L5": "Ich bitte um Entschuldigung für die Störung.",
    "L6": "Es tut mir leid, dass es so lange dauert.",
    "L8": "Ich bitte um Entschuldigung für den Tag, an dem Ihre Website fehlte, und für die zwei Termine, die Sie "
    "vergeblich freigehalten haben.",
    "L10": "Ich bitte um Entschuldigung für die Störung.",
    "L11": "Ich bitte um Entschuldigung für die falsche Auskunft.",
}
NEXT = {
    "at the latest": "spätestens",
    "as soon as there is a date I can rely on": "sobald es einen verlässlichen Termin gibt",
    "or earlier if anything changes": "oder früher, wenn sich etwas ändert",
    "with the full report": "mit dem vollständigen Bericht",
    None: None,
}
KINDS: dict[str, Callable[..., ClientLetter]] = {
    "L1": before.l1, "L2": before.l2, "L3": before.l3, "L4": before.l4, "L5": after.l5, "L6": before.l6,
    "L7": after.l7, "L8": after.l8, "L9": after.l9, "L10": before.l10, "L11": before.l11,
}  # fmt: skip


def german(kind: str, **more: object) -> ClientLetter:
    """The letter of this kind in German, with the same figures."""
    letter = KINDS[kind](**more)
    body = type(letter.body).model_validate(
        {name: getattr(letter.body, name) for name in type(letter.body).model_fields} | _words(letter.body)
    )
    return letter.model_copy(update={
        "header": letter.header.model_copy(update={"language": "de-DE"}), "recipient": CLIENT, "body": body,
        "your_part": PARTS.get(kind), "apology": APOLOGIES.get(kind),
        "next_contact_words": NEXT[letter.next_contact_words],
    })  # fmt: skip
