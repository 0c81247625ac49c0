"""The samples of reports/samples, built from the story. `python tests/reports/story_samples.py` writes them anew."""

import sys
from collections.abc import Callable
from pathlib import Path

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2])]

from story_breach import breach
from story_facts import CLOSED, OPEN
from story_letters import l1, l2, l3, l4, l6
from story_monthly import good_month, monthly

from reports.documents import BreachReport, ClientLetter, MonthlyProviderReport

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
