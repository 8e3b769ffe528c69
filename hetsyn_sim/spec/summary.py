"""Summaries of objects: one line at a prompt, a small table in a notebook. Every text in them is escaped for its place."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any, Final

from ..errors import visible

#: Longest text shown at a prompt and in a table.
_AT_PROMPT: Final = 60
_IN_TABLE: Final = 400
# Colours, font and background are the page's own: light and dark. Jupyter stripes tables and sets them flush right.
_TABLE: Final = "margin:.2em 0;border-collapse:collapse;background:none"
_ROW: Final = "background:none;border-top:1px solid color-mix(in srgb,currentColor 15%,transparent)"
_LABEL: Final = "text-align:left;vertical-align:top;font-weight:normal;opacity:.65;padding:.15em 1.2em .15em 0;background:none"
_VALUE: Final = "text-align:left;padding:.15em 0;background:none;white-space:pre-wrap;font-variant-numeric:tabular-nums"


class Summarised:
    """An object that says in a few lines what it is."""

    def summary(self) -> Mapping[str, str]:
        """What it is: label -> text, in the order of their importance."""
        raise NotImplementedError

    def __repr__(self) -> str:
        parts = (f"{label}: {visible(shortened(' '.join(text.split()), _AT_PROMPT))}" for label, text in self.summary().items())
        return f"{type(self).__name__}({'; '.join(parts)})"

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<tr style="{_ROW}"><th style="{_LABEL}">{html(label)}</th><td style="{_VALUE}">{html(shortened(text, _IN_TABLE))}</td></tr>'
            for label, text in self.summary().items()
        )
        return f'<div><strong>{html(type(self).__name__)}</strong><table style="{_TABLE}"><tbody>{rows}</tbody></table></div>'


def html(text: str) -> str:
    """For the content of an HTML element, or an attribute in quotes: lines stay lines, and what else does not print becomes visible."""
    return escape("\n".join(visible(line) for line in text.splitlines()))


def shortened(text: str, most: int) -> str:
    """A text of at most so many characters."""
    return text if len(text) <= most else f"{text[: most - 3]}..."


def count(n: int, noun: str) -> str:
    """``1 recording``, ``12,000 spikes``."""
    return f"{n:,} {noun}" + ("" if n == 1 else "s")


def milliseconds(seconds: float) -> str:
    """A time step in milliseconds."""
    return f"{1e3 * seconds:.6g} ms"


def percent(part: Any) -> str:
    """A share as per cent, with two digits after the point."""
    return f"{100 * float(part):.2f} %"
