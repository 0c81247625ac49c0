"""The samples of reports/samples, built from the story. `python -m tests.reports.story_samples` writes them anew."""

from collections.abc import Callable
from pathlib import Path

from reports.documents import BreachReport, ClientLetter, MonthlyProviderReport
from tests.reports.story_breach import breach
from tests.reports.story_facts import CLOSED, OPEN
from tests.reports.story_letters import l1, l2, l3, l4, l6
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
    "letter_L6": lambda: l6(layout="us"),
}

if __name__ == "__main__":
    for name, build in BUILDERS.items():
        (SAMPLES / f"{name}.json").write_text(build().model_dump_json(indent=1) + "\n", encoding="utf-8")
