"""What is compared before a provider letter is printed: its figures against its own times, its numbers, its window."""

from datetime import datetime
from fractions import Fraction

from ..documents.provider_letters import (
    PAGES,
    ClaimCover,
    CopySum,
    MethodStatement,
    OutageTicket,
    Preservation,
    ProviderLetter,
    Reminder,
)
from ..errors import FiguresDisagree, LetterTooLong
from .window import check_fits

DAY = 86400


def same(one: object, where_one: str, two: object, where_two: str) -> None:
    if one != two:
        raise FiguresDisagree(where_one, f"{one} here, but {two} in {where_two}", "both must be the same figure")


def _seconds(first: datetime, last: datetime) -> int:
    return int((last - first).total_seconds())


def check(letter: ProviderLetter) -> None:
    """Refuse a letter whose figures disagree, whose requests share a number, or whose address leaves its window."""
    as_at = letter.header.as_at
    numbers = [item.number for item in letter.requests]
    if len(set(numbers)) != len(numbers):
        raise FiguresDisagree("requests", "two requests have one number", "R1, R2, R3")
    for place, item in enumerate(letter.requests):
        if item.wanted_at <= as_at:
            raise FiguresDisagree(f"requests[{place}].wanted_at", "is not after the letter", "a moment to come")
    match letter.body:
        case MethodStatement() as body:
            same(body.arithmetic.window_seconds, "body.arithmetic.window_seconds", body.window.seconds, "body.window")
            _sum(body.arithmetic)
        case OutageTicket() as body:
            same(body.down_seconds, "body.down_seconds", _seconds(body.first_failed_at, as_at), "first_failed_at")
            if body.window is not None:
                same(body.beyond_seconds, "body.beyond_seconds", _seconds(body.window.end_at, as_at), "window")
        case Preservation() as body:
            if body.sites_current > body.sites_total:
                raise FiguresDisagree("body.sites_current", "is more than all sites", "at most sites_total")
        case ClaimCover() as body:
            if body.counted_seconds > body.raw_seconds:
                raise FiguresDisagree("body.counted_seconds", "is more than the downtime", "at most raw_seconds")
        case Reminder() as body:
            same(body.age_seconds, "body.age_seconds", _seconds(body.sent_at, as_at), "body.sent_at")
            same(body.age_days, "body.age_days", body.age_seconds // DAY, "body.age_seconds")
            if len(letter.requests) > body.asked:
                raise FiguresDisagree("requests", "more are unanswered than were asked", f"at most {body.asked}")
        case _:
            pass
    to = letter.to
    check_fits((to.name, *((to.attention,) if to.attention else ()), *to.address), letter.layout, "to.address")


def _sum(sum_: CopySum) -> None:
    """The sum of P1, reckoned the other way round: printed figures times their unit, against volume and time."""
    where = "body.arithmetic"
    same(sum_.reckoned_bytes, f"{where}.reckoned_bytes", sum_.volume_bytes or 10**12, "volume_bytes")
    shown = Fraction(sum_.needed_mb_per_second) * 10**6 * sum_.window_seconds
    places = len(sum_.needed_mb_per_second.partition(".")[2])
    step = Fraction(10**6, 10**places) * sum_.window_seconds
    if not shown - step < sum_.reckoned_bytes <= shown:
        text = f"{sum_.needed_mb_per_second} MB/s for {sum_.window_seconds} s does not move {sum_.reckoned_bytes} bytes"
        raise FiguresDisagree(f"{where}.needed_mb_per_second", text, "volume ÷ time, rounded up")
    rate = sum_.rate_bytes_per_second
    given = (sum_.takes_seconds, sum_.takes_hours, sum_.fits_bytes)
    if rate is None:
        same(given, f"{where}.takes_seconds", (None, None, None), "rate_bytes_per_second")
        return
    seconds, hours, fits = given
    if seconds is None or hours is None or not (seconds - 1) * rate < sum_.reckoned_bytes <= seconds * rate:
        raise FiguresDisagree(f"{where}.takes_seconds", f"{seconds} s at {rate} bytes/s", "volume ÷ rate, rounded up")
    exact = Fraction(sum_.reckoned_bytes, rate)
    if not -180 <= exact - Fraction(hours) * 3600 < 180:
        raise FiguresDisagree(f"{where}.takes_hours", f"{hours} h is not {exact} s", "to the nearest tenth, half up")
    same(fits, f"{where}.fits_bytes", rate * sum_.window_seconds, "rate × window")


def check_pages(letter: ProviderLetter, pages: int) -> None:
    """Refuse a letter that runs on: one page, a letter before claim two."""
    most = PAGES.get(letter.body.letter, 1)
    if pages > most:
        fits = "one page" if most == 1 else f"{most} pages"
        raise LetterTooLong("body", f"the letter needs {pages} pages", f"a {letter.body.letter} fits {fits}")
