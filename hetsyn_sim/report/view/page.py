"""The page of a view: data, style and program in one HTML file that loads nothing from anywhere.

The browser itself is told so: a content security policy allows this page's own script and style, by their digests, and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from html import escape
from importlib.resources import files
from typing import Any, Final

from ..plots.style import AFTER, BEFORE, BRIAN2, BRIAN2_ON_DARK, INPUT, INPUT_ON_DARK, THETA, TORCH

#: The program, in the order in which its parts need each other.
_SCRIPTS: Final = ("data", "canvas", "raster", "traces", "constants", "timeline", "main")
#: The colours of all figures, as the style sheet calls them: on a light ground and on a dark one.
_COLOURS: Final = {
    "first": (TORCH, TORCH),
    "second": (BRIAN2, BRIAN2_ON_DARK),
    "differs": (THETA, THETA),
    "before": (BEFORE, BEFORE),
    "after": (AFTER, AFTER),
    "input": (INPUT, INPUT_ON_DARK),
}


def page(title: str, contents: Mapping[str, Any], arrays: str) -> str:
    """The whole page.

    Parameters
    ----------
    title
        Any text; it is escaped, as all others are.
    contents
        Plain data: what the program shows.
    arrays
        The packed arrays that the contents name by their places.
    """
    script, style = _script(), _style()
    policy = f"default-src 'none'; script-src '{_digest(script)}'; style-src '{_digest(style)}'"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(title)}</title>\n<style>{style}</style>\n</head>\n<body>\n"
        '<noscript>This page draws with JavaScript, which is off in this browser.</noscript>\n<main id="view"></main>\n'
        f'<script type="application/json" id="contents">{_json(contents)}</script>\n'
        f'<script type="text/plain" id="arrays">{arrays}</script>\n<script>{script}</script>\n</body>\n</html>\n'
    )


def code_size() -> int:
    """Bytes of a page without contents."""
    return len(page("", {}, "").encode())


def _json(contents: Mapping[str, Any]) -> str:
    """JSON that no text in it can end or open a tag with."""
    text = json.dumps(contents, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _script() -> str:
    parts = "\n".join(_asset(f"{name}.js") for name in _SCRIPTS)
    return f'(() => {{\n"use strict";\n{parts}\n}})();\n'


def _style() -> str:
    light, dark = ("".join(f"--{name}:{pair[k]};" for name, pair in _COLOURS.items()) for k in (0, 1))
    return f":root{{{light}}}\n@media (prefers-color-scheme: dark){{:root{{{dark}}}}}\n{_asset('view.css')}"


def _asset(name: str) -> str:
    return (files(__package__) / "assets" / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
