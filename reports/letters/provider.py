"""A letter to the provider as a list of pieces, the same for paper and for the text pasted into a ticket form."""

from collections.abc import Iterator

from ..documents.provider_letters import (
    BeforeClaim,
    ClaimCover,
    MethodStatement,
    OutageTicket,
    Preservation,
    ProviderLetter,
    Reminder,
)
from ..words import Words
from . import provider_claims, provider_works
from .provider_piece import Piece, Sheet, until


def words_of_letter(letter: ProviderLetter) -> Words:
    """The year of the letter's moment goes without saying."""
    head = letter.header
    year = Words(head.zone, head.language, head.as_at.year).local(head.as_at).year
    return Words(head.zone, head.language, year)


def subject_of(letter: ProviderLetter) -> str:
    """The heading, and the subject of the ticket or e-mail: the service first."""
    w = words_of_letter(letter)
    match letter.body:
        case MethodStatement() | OutageTicket() | Preservation():
            said = provider_works.subject(letter.body, w)
        case ClaimCover() | Reminder() | BeforeClaim():
            said = provider_claims.subject(letter.body, w)
    return f"{letter.service}: {said}"


def sheet_of(letter: ProviderLetter) -> Sheet:
    w = words_of_letter(letter)
    agency = letter.header.agency
    salutation = f"Dear {letter.to.attention}," if letter.to.attention else "Dear Sir or Madam,"
    return Sheet(
        subject_of(letter), salutation, tuple(_pieces(letter, w)), tuple(filter(None, (agency.contact, agency.role)))
    )


def _pieces(letter: ProviderLetter, w: Words) -> Iterator[Piece]:
    body = letter.body
    match body:
        case MethodStatement():
            yield from provider_works.method_statement(letter, body, w)
        case OutageTicket():
            yield from provider_works.outage(letter, body, w)
        case Preservation():
            yield from provider_works.preservation(letter, body, w)
        case ClaimCover():
            yield from provider_claims.cover(letter, body, w)
        case Reminder():
            yield from provider_claims.reminder(letter, body, w)
        case BeforeClaim():
            yield from provider_claims.before_claim(letter, body, w)
    yield from requests(letter, w)
    if letter.remark:
        yield Piece("text", letter.remark)
    match body:
        case MethodStatement():
            yield from provider_works.announcing(body, w)
        case BeforeClaim():
            yield from provider_claims.settling(letter, body, w)
        case OutageTicket():
            yield Piece("text", "Please put the number of this ticket and our reference into every reply.")
        case _:
            pass


def requests(letter: ProviderLetter, w: Words) -> Iterator[Piece]:
    """The numbered requests. One moment for all of them stands above the table, different ones in it."""
    moments = {item.wanted_at for item in letter.requests}
    again = any(item.first_wanted_at is not None for item in letter.requests)
    head = "Please answer"
    columns, widths = ["No.", "Request", "Answer as"], [7, 67, 26]
    if len(moments) == 1:
        head += f" by {until(w, moments.pop())}"
        shown = False
    else:
        columns, widths, shown = [*columns, "By"], [7, 53, 19, 21], True
    if again:
        columns, widths = ["No.", "Unanswered", "Answer as", "First wanted by"], [7, 50, 19, 24]
    yield Piece("head", head)
    rows = []
    for item in letter.requests:
        row = [item.number, item.text, item.answer]
        if again:
            row.append(until(w, item.first_wanted_at or item.wanted_at))
        elif shown:
            row.append(until(w, item.wanted_at))
        rows.append(tuple(row))
    yield Piece("table", "", tuple(rows), tuple(columns), tuple(widths))


def text_of(letter: ProviderLetter) -> str:
    """The letter as plain text for a ticket form or an e-mail: the same words in the same order, one line a piece."""
    sheet, head, w = sheet_of(letter), letter.header, words_of_letter(letter)
    account = f" · account {letter.to.account}" if letter.to.account else ""
    mark = mark_of(letter)
    lines = [
        *([mark] if mark else []),
        f"Subject: {sheet.subject}",
        f"Our reference: {letter.ref}{account} · service {letter.service}",
        f"As at: {w.dated_moment(head.as_at)} {w.zone_label(head.as_at)}; all times in this zone unless said otherwise",
        "",
        sheet.salutation,
        "",
    ]
    for piece in sheet.pieces:
        lines += _lines(piece)
    agency = head.agency
    lines += [*sheet.closing, agency.name, ", ".join(agency.address), f"{agency.phone} · {agency.email}"]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _lines(piece: Piece) -> list[str]:
    match piece.kind:
        case "lead" | "text" | "note":
            return [piece.text, ""]
        case "head":
            return [f"{piece.text}:"]
        case "facts":
            return [f"- {name}: {value}" for name, value in piece.rows] + [""]
        case "quote":
            return [f"{name}: “{value}”" for name, value in piece.rows] + [""]
        case "points":
            return [f"- {row[0]}" for row in piece.rows] + [""]
        case "table":
            return [piece.text] * bool(piece.text) + [_row(piece, row) for row in piece.rows] + [""]


def _row(piece: Piece, row: tuple[str, ...]) -> str:
    """A numbered request reads "R1 …? (answer as: time)"; any other row is its cells."""
    if piece.columns[:1] == ("No.",):
        more = [f"answer as: {row[2]}"] + [f"{piece.columns[n].lower()}: {row[n]}" for n in range(3, len(row))]
        return f"{row[0]}  {row[1]} ({'; '.join(more)})"
    return "- " + " | ".join(cell for cell in row if cell)


def mark_of(letter: ProviderLetter) -> str | None:
    """What stands at the top of every page until the letter is issued."""
    if letter.header.status == "issued":
        return None
    if letter.approved_by is None:
        return "DRAFT, not approved, not sent"
    return f"Approved by {letter.approved_by}, not issued"
