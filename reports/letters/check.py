"""What is compared before a client's letter is printed: whose sites, its figures against its own times, its length."""

from collections.abc import Iterable
from datetime import datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

from ..documents import (
    ClientLetter,
    Compared,
    Completed,
    Correction,
    FinalReport,
    MonthlyStatement,
    Overrunning,
    PossibleLoss,
    ReportedAttempt,
    Rescheduled,
    Share,
    UnplannedOutage,
)
from ..errors import FiguresDisagree
from .provider_check import same
from .sheet import check_length
from .window import check_address

WORST = ("missing", "older", "unknown", "recovered", "complete")


def between(start: datetime, end: datetime) -> int:
    return int((end - start).total_seconds())


def at_most(one: int, where_one: str, two: int, where_two: str) -> None:
    if one > two:
        raise FiguresDisagree(where_one, f"{one} here is more than {two} in {where_two}", "it can be at most that")


def _past(letter: ClientLetter, moments: Iterable[tuple[str, datetime | None]]) -> None:
    """A letter speaks of its own moment: what it reports has happened."""
    for where, at in moments:
        if at is not None and at > letter.header.as_at:
            raise FiguresDisagree(where, f"{at.isoformat()} is after the letter's moment", "what has happened by then")


def _ratio(ratio: Share | None, down: int | None, announced: int, where: str) -> None:
    if ratio is not None:
        same(ratio.numerator, f"{where}.numerator", down, "the seconds unavailable")
        same(ratio.denominator, f"{where}.denominator", announced, "the seconds announced")


def check(letter: ClientLetter) -> None:
    """Refuse a letter that shows another client's site, disagrees with itself, or leaves its page."""
    for index, site in enumerate(letter.sites):
        whose = f"sites[{index}].client_id ({site.host_name})"
        same(site.client_id, whose, letter.recipient.client_id, "recipient.client_id")
    as_at, body = letter.header.as_at, letter.body
    match body:
        case Rescheduled():
            notice = between(as_at, body.new.start_at)
            same(body.notice_seconds, "body.notice_seconds", notice, "header.as_at to body.new.start_at")
        case Overrunning():
            down = between(body.down_from, as_at)
            at_most(body.down_seconds, "body.down_seconds", down, "body.down_from to header.as_at")
            late = between(body.announced.end_at, as_at)
            same(body.beyond_seconds, "body.beyond_seconds", late, "body.announced.end_at to header.as_at")
            _something_down(letter)
        case UnplannedOutage():
            down = between(body.down_from, as_at)
            same(body.down_seconds, "body.down_seconds", down, "body.down_from to header.as_at")
            _something_down(letter)
        case Completed():
            _completed(letter, body)
        case PossibleLoss():
            _loss(letter, body)
        case FinalReport():
            _report(letter, body)
        case MonthlyStatement():
            _month(letter, body)
        case Correction():
            _past(letter, [("body.notice_sent_at", body.notice_sent_at)])
            for index, line in enumerate(body.lines):
                if line.wrote == line.correct:
                    where = f"body.lines[{index}]"
                    raise FiguresDisagree(where, "what was written is what is correct", "leave the line out")
    _compared(letter, getattr(body, "compared", None))
    check_address(letter)
    check_length(letter)


def _compared(letter: ClientLetter, part: Compared | None) -> None:
    if part is None:
        return
    hosts = {site.host_name for site in letter.sites}
    for index, site in enumerate(part.sites):
        same(site.host_name in hosts, f"body.compared.sites[{index}].host_name among the sites", True, "sites")
    ends = part.unseen.end_at if part.unseen else None
    _past(letter, [("body.compared.copy_at", part.copy_at), ("body.compared.unseen.end_at", ends)])


def _something_down(letter: ClientLetter) -> None:
    if all(site.state == "up" for site in letter.sites):
        raise FiguresDisagree("sites", "the letter says unavailable, but every site is up", "send L5 or L6")


def _completed(letter: ClientLetter, body: Completed) -> None:
    most = between(body.down_from, body.back_since)
    at_most(body.down_seconds, "body.down_seconds", most, "body.down_from to back_since")
    announced = body.announced.seconds if body.announced else 0
    _ratio(body.down_ratio, body.down_seconds, announced, "body.down_ratio")
    tried = [(f"body.checks[{index}].at", item.at) for index, item in enumerate(body.checks)]
    _past(letter, [("body.back_since", body.back_since), ("body.current_to_at", body.current_to_at), *tried])
    for where, at in tried:
        if at < body.back_since:
            raise FiguresDisagree(where, "tried before the site was back", "checks made once it was back")


def _loss(letter: ClientLetter, body: PossibleLoss) -> None:
    hosts = {site.host_name for site in letter.sites}
    for index, row in enumerate(body.rows):
        same(row.host_name in hosts, f"body.rows[{index}].host_name among the sites", True, "sites")
    states = {row.state for row in body.rows}
    confirmed = "confirmed" if "missing" in states else "possible"
    same(body.loss, "body.loss", confirmed, "body.rows (a loss is confirmed where a row is missing, and only then)")
    if not states & {"missing", "older", "unknown"}:
        raise FiguresDisagree("body.rows", "nothing is missing and nothing unknown", "send L5, or L11 to correct")
    _past(letter, [
        ("body.at_risk.start_at", body.at_risk.start_at), ("body.aware_at", body.aware_at),
        ("body.provider_told_at", body.provider_told_at), ("body.last_copy_at", body.last_copy_at),
        *((f"body.decisions[{index}].at", line.at) for index, line in enumerate(body.decisions)),
    ])  # fmt: skip


def _attempt(item: ReportedAttempt, where: str) -> None:
    same(item.promised_seconds, f"{where}.promised_seconds", item.promised.seconds, f"{where}.promised")
    down = sum(between(s.start_at, s.end_at) for s in item.stretches if s.state == "down")
    if item.took_place == "no":
        found = (item.down_seconds, item.down_ratio, down)
        same(found, f"{where} (took_place no): seconds, ratio, stretches", (None, None, 0), "what did not take place")
        return
    same(item.down_seconds or 0, f"{where}.down_seconds", down, f"{where}.stretches")
    _ratio(item.down_ratio, item.down_seconds, item.promised_seconds, f"{where}.down_ratio")


def _report(letter: ClientLetter, body: FinalReport) -> None:
    for index, item in enumerate(body.attempts):
        _attempt(item, f"body.attempts[{index}]")
    announced = sum(item.promised_seconds for item in body.attempts)
    same(body.announced_seconds, "body.announced_seconds", announced, "the sum over body.attempts")
    down = sum(item.down_seconds or 0 for item in body.attempts) + (body.outage.seconds if body.outage else 0)
    same(body.down_seconds, "body.down_seconds", down, "the sum over body.attempts and body.outage")
    if not body.attempts and body.outage is None:
        raise FiguresDisagree("body.attempts", "neither a window nor an outage is reported", "give one of them")
    named = {site.host_name for site in letter.sites}
    same({site.host_name for site in body.sites}, "body.sites", named, "sites")
    worst = min((WORST.index(site.data) for site in body.sites), default=3)
    same(body.data, "body.data", WORST[worst], "the worst of body.sites")
    same(body.cause is None, "body.cause (none)", body.cause_status == "not_known", "body.cause_status not_known")
    times = [line.at for line in body.timeline]
    same(times, "body.timeline", sorted(times), "the order of time")
    _past(letter, [
        *((f"body.timeline[{index}].at", at) for index, at in enumerate(times)),
        *((f"body.sites[{index}].back_at", site.back_at) for index, site in enumerate(body.sites)),
        *((f"body.attempts[{i}].stretches", s.end_at) for i, item in enumerate(body.attempts) for s in item.stretches),
    ])  # fmt: skip


def _month(letter: ClientLetter, body: MonthlyStatement) -> None:
    first = body.span.start_at.astimezone(ZoneInfo(letter.header.zone)).date()
    same((body.month, body.month.day), "body.month", (first, 1), "body.span, in the header's zone")
    _past(letter, [("body.span.end_at (the month is closed)", body.span.end_at)])
    named = {site.host_name for site in letter.sites}
    hosts = [site.host_name for site in body.sites]
    same((set(hosts), len(hosts)), "body.sites", (named, len(letter.sites)), "sites")
    for index, outage in enumerate(body.outages):
        where = f"body.outages[{index}]"
        same(outage.seconds, f"{where}.seconds", outage.span.seconds, f"{where}.span")
        inside = body.span.start_at <= outage.span.start_at and outage.span.end_at <= body.span.end_at
        same(inside, f"{where}.span within the month", True, "body.span")
        same(set(outage.host_names) <= named, f"{where}.host_names among the sites", True, "sites")
    for index, site in enumerate(body.sites):
        where = f"body.sites[{index}]"
        down = sum(outage.seconds for outage in body.outages if site.host_name in outage.host_names)
        same(site.down_seconds, f"{where}.down_seconds", down, "the sum over body.outages that name it")
        share = site.availability
        if share is None:
            same(site.answer in ("unproven", "not_promised"), f"{where}.answer unproven", True, "no availability")
            continue
        same(share.numerator + site.down_seconds, f"{where}.availability.numerator + down_seconds",
             share.denominator, f"{where}.availability.denominator")  # fmt: skip
        whole = share.denominator + site.unknown_seconds
        at_most(whole, f"{where}.availability.denominator + unknown_seconds", body.span.seconds, "body.span")
        if body.own_target is None:
            same(site.answer, f"{where}.answer", "not_promised", "body.own_target (none)")
        elif site.answer != "unproven":
            met = Fraction(share.numerator * 100, share.denominator) >= Fraction(body.own_target)
            same(site.answer, f"{where}.answer", "met" if met else "breached", "its availability against own_target")
    for index, notice in enumerate(body.notices):
        inside = body.span.start_at <= notice.sent_at < body.span.end_at
        same(inside, f"body.notices[{index}].sent_at within the month", True, "body.span")
    told = [(f"body.windows[{index}].told_at", window.told_at) for index, window in enumerate(body.windows)]
    _past(letter, [*told, ("body.report_sent_at", body.report_sent_at)])
    same(body.report_ref is None, "body.report_ref (none)", body.report_sent_at is None, "body.report_sent_at")
