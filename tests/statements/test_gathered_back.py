"""What a case is gathered from beside its own month: the sites' monitors, the months before, the messages it names."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlmodel import Session

from app.cases.gather import gather
from app.db import reader
from app.demo import cast
from app.demo.told import at
from app.sla.case import Case
from app.sla.judge import judge
from tests.statements.ministory import Story, observe
from tests.statements.test_gather import counted

HOUR = timedelta(hours=1)
NOON = datetime(2025, 6, 12, 12, 0, tzinfo=UTC)
HOSTS = ("thornbury.example", "larkfield.example")


def watch(story: Story, host: str, *down: tuple[datetime, datetime], start: datetime | None = None) -> None:
    """An answer every 20 minutes from 1 June on, but for these spans."""
    monitor = {"name": host, "site_id": story.ids[host], "interval_seconds": 1200, "source": "own probe"}
    story.post("/monitors", monitor)
    begun = start or datetime(2025, 5, 31, 22, tzinfo=UTC)
    observe(story, host, begun, NOON + 18 * 24 * HOUR + 19 * HOUR, list(down), 20)


def case_of(story: Story, month: str = "2025-06", moment: datetime = NOON + 20 * 24 * HOUR) -> Case:
    with Session(reader(story.engine)) as session:
        return gather(session, UUID(story.ids["service"]), month, moment)


def test_sites_with_monitors_are_witnesses_or_left_out(cast_only: Story) -> None:
    story = cast_only
    watch(story, HOSTS[0], (NOON, NOON + HOUR), (NOON + 9 * HOUR, NOON + 11 * HOUR))
    watch(story, HOSTS[1], (NOON, NOON + HOUR))
    figures = story.figures("2025-07-01T09:00:00+02:00")
    (outage,) = figures["outages"]
    assert (outage["as_held"], outage["at_least"], outage["at_most"]) == (3600, 2400, 4800)
    assert [witness["name"] for witness in outage["witnesses"]] == sorted(HOSTS)
    assert [(one["name"], one["in_period"]) for one in figures["left_out"]] == [(HOSTS[0], 7200)]
    assert (figures["down"], figures["unknown"]) == (3600, 0)
    assert [part["span"]["seconds"] for part in figures["down_parts"]] == [3600]


def test_the_month_before_is_the_same_from_either_month(cast_only: Story) -> None:
    """Sites of May that have left since speak in the trend of June as they do in May's own statement."""
    story = cast_only
    start, noon = datetime(2025, 5, 1, tzinfo=UTC), datetime(2025, 5, 12, 12, tzinfo=UTC)
    for host in HOSTS:
        watch(story, host, (noon, noon + HOUR), start=start)
        stay = story.get("/placements", site_id=story.ids[host])["items"][0]
        story.post(f"/placements/{stay['id']}/end", {"to_at": "2025-05-20T12:00:00+02:00"}, 200)
    may = judge(case_of(story, "2025-05"))
    june = judge(case_of(story))
    assert may.totals.down == HOUR
    assert june.months[-2] == may.months[-1]
    assert {site.name for site in june.sites}.isdisjoint(HOSTS)


def test_earlier_months_have_their_windows_and_their_terms(cast_only: Story) -> None:
    story, ids = cast_only, cast_only.ids
    service = story.post("/services", cast.SERVICE | {"provider_id": ids["provider"], "name": "RIGHT-1"})
    agreement = story.post("/agreements", {"service_id": service["id"], "title": cast.CONTRACT})
    leave = {"kind": "months_below", "below_percent": "99.9", "count": 14}
    for first, last in (("2024-01-01", "2025-04-01"), ("2025-04-01", None)):
        terms = {"effective_from": first, "effective_to": last, "terms": cast.TERMS | {"termination": leave}}
        story.post(f"/agreements/{agreement['id']}/terms", {k: v for k, v in terms.items() if v is not None})
    monitor = {"name": "hourly", "service_id": service["id"], "interval_seconds": 3600, "source": "own probe"}
    story.post("/monitors", monitor)
    noon = datetime(2025, 5, 12, 12, tzinfo=UTC)
    observe(story, "hourly", noon - 300 * HOUR, noon + 600 * HOUR, [(noon, noon + 2 * HOUR)], 60)
    work = story.post("/works", {"title": "Memory", "kind": "memory", "services": [service["id"]]})
    promise = {"work_id": work["id"], "start_at": noon.isoformat(), "end_at": (noon + 2 * HOUR).isoformat(),
               "announced_at": (noon - 100 * HOUR).isoformat(), "note": "phone"}  # fmt: skip
    window = story.post("/windows", promise)
    said = {"kind": "ended", "at": (noon + 2 * HOUR).isoformat(), "said_at": (noon + 3 * HOUR).isoformat(),
            "text": "Done."}  # fmt: skip
    story.post(f"/windows/{window['id']}/said", said)
    ids["service"] = service["id"]
    june = case_of(story)
    assert (june.windows, [item.id for item in june.windows_before]) == ((), [window["id"]])
    assert not any("Done." in line.text for line in june.lines)
    assert [str(dated.effective_from) for dated in june.terms] == ["2025-04-01"]
    assert [str(dated.effective_from) for dated in june.terms_before] == ["2024-01-01"]
    assert [len(june.periods_before), len(june.periods_earlier)] == [11, 5]  # 14 months and the 30 days of notice
    months = judge(june).months
    assert (len(months), months[-2].down, months[-2].counted) == (12, 2 * HOUR, timedelta(0))


def test_only_the_messages_a_case_needs_are_read(story: Story) -> None:
    old = story.message("2024-02-01T09:00:00+01:00", "Of another year.", "other")
    named = story.message("2025-05-28T09:00:00+02:00", "We replace the memory.", "announce")
    work = story.post("/works", {"title": "Memory", "kind": "memory", "services": [story.ids["service"]]})
    promise = {"work_id": work["id"], "start_at": at(20, "22:00"), "end_at": at(20, "23:00"), "message_id": named,
               "announced_at": "2025-05-28T09:00:00+02:00"}  # fmt: skip
    window = story.post("/windows", promise)

    def read() -> tuple[Case, int]:
        with Session(reader(story.engine)) as session, counted(story.engine) as said:
            case = gather(session, UUID(story.ids["service"]), "2025-06", NOON + 20 * 24 * HOUR)
            return case, len([statement for statement in said if "FROM message" in statement])

    case, queries = read()
    found = next(item for item in case.windows if item.id == window["id"])
    assert (found.source.ref, found.text) == (f"message:{named}", "We replace the memory.")
    assert not any(old in line.source.ref or named in line.source.ref for line in case.lines)  # neither came in June
    for number in range(40):
        story.message(f"2024-03-{1 + number % 28:02d}T09:00:{number:02d}+01:00", f"Older still, {number}.", "other")
    assert read()[1] == queries <= 3


def test_a_retracted_message_is_no_source(story: Story) -> None:
    named = story.message("2025-05-28T09:00:00+02:00", "We replace the memory.", "announce")
    work = story.post("/works", {"title": "Memory", "kind": "memory", "services": [story.ids["service"]]})
    promise = {"work_id": work["id"], "start_at": at(20, "22:00"), "end_at": at(20, "23:00"), "message_id": named,
               "announced_at": "2025-05-28T09:00:00+02:00"}  # fmt: skip
    window = story.post("/windows", promise)
    story.post("/evidence/retractions", {"subject": f"message:{named}", "by": "Dana Reyes", "reason": "Another's."})
    found = next(item for item in case_of(story).windows if item.id == window["id"])
    assert found.source.ref == f"window:{window['id']}"
