"""The samples of reports/samples, built from the story. `python -m tests.reports.story_samples` writes them anew."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from reports.documents import BreachReport, ClientLetter, MonthlyProviderReport
from tests.reports.story_breach import breach
from tests.reports.story_facts import CLOSED, OPEN
from tests.reports.story_letters import l1, l2, l3, l4, l6, l10, l11
from tests.reports.story_letters_after import l5, l7, l8, l9
from tests.reports.story_letters_audited import KINDS as AUDITED
from tests.reports.story_letters_audited import audited
from tests.reports.story_letters_german import KINDS, german
from tests.reports.story_monthly import good_month, monthly

SAMPLES = Path(__file__).parents[2] / "reports" / "samples"
BUILDERS: dict[str, Callable[[], MonthlyProviderReport | BreachReport | ClientLetter]] = {
    "monthly_2025-06_so_far": lambda: monthly(OPEN),
    "monthly_2025-06": lambda: monthly(CLOSED),
    "monthly_2025-04_good": good_month,
    "breach_2025-06": breach,
    "letter_L1": l1,
    "letter_L2": l2,
    "letter_L3": l3,
    "letter_L4": lambda: l4(layout="uk"),
    "letter_L5": l5,
    "letter_L6": lambda: l6(layout="us"),
    "letter_L7": l7,
    "letter_L8": l8,
    "letter_L9": l9,
    "letter_L10": lambda: l10(layout="uk"),
    "letter_L11": l11,
    **{f"letter_{kind}_de": partial(german, kind) for kind in KINDS},
    **{f"letter_{kind}_audited": partial(audited, kind) for kind in AUDITED},
    **{f"letter_{kind}_audited_de": partial(audited, kind, "de") for kind in AUDITED},
}

if __name__ == "__main__":
    for name, build in BUILDERS.items():
        (SAMPLES / f"{name}.json").write_text(build().model_dump_json(indent=1) + "\n", encoding="utf-8")
