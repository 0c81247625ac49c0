"""The print shop: documents as frozen values in, pages and PDF out. It imports nothing of the house.

    document = reports.read_document(json)
    pdf = reports.render_pdf(document)          # the same document gives the same bytes
    html = reports.render_html(document)        # the same page for a browser
    for index, pdf in reports.render_many(documents): ...

The renderer is loaded with the first of these calls, so importing the documents alone stays cheap.
"""

from typing import TYPE_CHECKING, Any

from .documents import BreachReport, ClientLetter, MonthlyProviderReport, read_document
from .errors import RenderRefused

if TYPE_CHECKING:
    from .press import render_html, render_many, render_pdf, warm_up

_OF_THE_PRESS = ("render_html", "render_many", "render_pdf", "warm_up")


def __getattr__(name: str) -> Any:
    if name in _OF_THE_PRESS:
        from . import press

        return getattr(press, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "BreachReport", "ClientLetter", "MonthlyProviderReport", "RenderRefused", "read_document", "render_html",
    "render_many", "render_pdf", "warm_up",
]  # fmt: skip
