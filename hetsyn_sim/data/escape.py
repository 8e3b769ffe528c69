"""Texts from files made harmless for the place they are written to: a docstring, a comment, Markdown, a table, a terminal.

Names, references and provenance of a checkpoint are whatever somebody wrote into it. One function for each place; a string literal of
Python is ``repr``, and HTML is escaped by ``hetsyn_sim.spec.summary``. A text of letters, digits and spaces comes out as it is.
"""

from __future__ import annotations

import re
from typing import Any

from ..errors import visible

#: What can begin a tag, a link, an image, a cell, code, emphasis, a formula or a heading.
_MARKUP = re.compile(r"([\\`*_\[\]<>&|!~#$])")


def one_line(text: str) -> str:
    """For comments and terminals: white space of any kind becomes a space, and what else does not print becomes visible."""
    return visible(" ".join(text.split()))


def docstring(text: str) -> str:
    """For a line between the triple quotes of a Python script: no quote and no backslash of the text ends or escapes anything there."""
    return one_line(text).replace("\\", "\\\\").replace('"', '\\"')


def markdown(text: str) -> str:
    """For a line of Markdown: no tag, link, image, table cell, code or heading comes of it."""
    return _MARKUP.sub(r"\\\1", one_line(text))


def table_cell(value: Any) -> str:
    """For a cell of a CSV file, beside the quoting of the csv module: a quote before what a spreadsheet would run as a formula.

    Numbers stay what they are: repr is the shortest text that reads back as the same Python float, str that of a NumPy scalar.
    """
    if isinstance(value, str):
        return ("'" if value.lstrip().startswith(("=", "+", "-", "@")) else "") + visible(value)
    return repr(value) if type(value) is float else str(value)
