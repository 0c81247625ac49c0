"""The five figures as inline SVG. Python computes scales and ticks here; the page only places the result.

One ink and one accent; what is shown differs by fill, outline, hatch and text, so a grey copy reads the same. Colours
are attributes because page styles do not reach inline SVG. Every figure's <title> is the sentence it proves.
"""

from .calendar import calendar, fits, height_of
from .gantt import gantt
from .months import months
from .sites import site_grid
from .timeledger import time_ledger

__all__ = ["calendar", "fits", "gantt", "height_of", "months", "site_grid", "time_ledger"]
