"""Imported by the fork server before it has children: fonts, styles and templates are loaded once for all workers."""

from .press import warm_up

warm_up()
