"""A model's text, looked at before any parser sees it: whoever wrote the file, nothing in it is evaluated as code, hangs or eats memory.

Brian2 and sympy evaluate more than they say: Brian2 calls ``eval`` on the unit behind a colon (``9**9**9**9`` is one, to it), and sympy
works out numbers exactly. So the characters and words of a text are held against closed lists here, then its tree against limits
(:mod:`hetsyn_sim.spec.grammar.written_out`), and Brian2 reads what is left. What is merely wrong is left to Brian2, which says so better.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Final

from ...errors import SpecError
from .words import CHARACTERS, Refusal, refusal_of_name

#: Characters of one text of a model; symbols, numbers and operators of one expression; characters of a name.
MAX_TEXT, MAX_TOKENS, MAX_NAME = 20_000, 1000, 64
#: Parentheses inside each other; deeper ones would take Python's own parser along.
MAX_PARENTHESES: Final = 40

_TOKEN = re.compile(
    r"""(?P<space>[ \t\n]+)
      | (?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)
      | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<operator>\*\*|//|<=|>=|==|!=|[-+*/%<>(),])""",
    re.VERBOSE,
)
_COMMENT = re.compile(r"#[^\n]*")


def shown(text: object, length: int = 120) -> str:
    """Text for a message: printable, and not longer than a message should be."""
    text = repr(text[: length + 1] if isinstance(text, str) else text)
    return text if len(text) <= length + 2 else f"{text[:length]}...{text[0]}"


def refuse(refusal: Refusal, got: object, expected: str = "names, numbers, operators and the listed functions") -> SpecError:
    """The error; :func:`at` says where."""
    return SpecError(refusal.what, got=shown(got), expected=expected, remedy=refusal.remedy)


@contextmanager
def at(where: str) -> Iterator[None]:
    """Errors from inside are about this place: what is checked is cached by its text, wherever it stands."""
    try:
        yield
    except SpecError as error:
        error.where = ": ".join(filter(None, (where, error.where)))
        raise


def without_comments(text: object, *, where: str) -> str:
    """The text without its comments.

    Raises
    ------
    SpecError
        If it is not text, too long, or has characters that can't be seen.
    """
    with at(where):
        if not isinstance(text, str):
            raise refuse(Refusal("this is not text", "put it in quotes"), text, "text in Brian2's language")
        if len(text) > MAX_TEXT:
            enormous = Refusal("an enormous text", "write a smaller model; the largest published ones need a tenth of this")
            raise refuse(enormous, f"{len(text)} characters", f"{MAX_TEXT} characters at most")
        return _without_comments(text)


@lru_cache(maxsize=1024)
def _without_comments(text: str) -> str:
    for character in text:
        if not (character.isprintable() or character in "\n\t"):
            unseen = Refusal("a character that can't be seen", "remove it; lines end with a plain newline")
            raise refuse(unseen, character, "printable characters, tabs and newlines")
    return _COMMENT.sub("", text)


@lru_cache(maxsize=4096)
def check_words(text: str) -> None:
    """Hold the characters, words and parentheses of an expression against the closed lists."""
    place = depth = count = 0
    before = "space"
    while place < len(text):
        match = _TOKEN.match(text, place)
        kind = "" if match is None else str(match.lastgroup)
        if match is None:
            character = text[place]
            unknown = Refusal("a character that has no meaning in an expression", "write it in plain ASCII")
            raise refuse(CHARACTERS.get(character, unknown), text[max(0, place - 30) : place + 30].strip())
        if before == "number" and kind in ("name", "number"):
            raise refuse(
                Refusal("this is not a number", "write numbers as 10, 0.5 or 1e-3, and * for a product"),
                text[max(0, place - 20) : place + 20].strip(),
            )
        if kind == "name":
            check_name(match.group())
            if refusal := refusal_of_name(match.group()):
                raise refuse(refusal, match.group())
        depth += {"(": 1, ")": -1}.get(match.group(), 0)
        count += kind != "space"
        if depth > MAX_PARENTHESES or count > MAX_TOKENS:
            enormous = Refusal("an enormous expression", "divide it into subexpressions with names")
            got = f"{depth} parentheses inside each other" if depth > MAX_PARENTHESES else f"more than {count - 1} symbols"
            raise refuse(enormous, got, f"{MAX_TOKENS} symbols and {MAX_PARENTHESES} parentheses inside each other at most")
        before, place = kind, match.end()


def check_name(name: object) -> None:
    """A name is one of ASCII letters, digits and single underscores, and can be read."""
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise refuse(Refusal("this is not a name", "begin with a letter"), name, "ASCII letters, digits and _")
    if len(name) > MAX_NAME:
        raise refuse(Refusal("an enormous name", "choose a shorter one"), name, f"{MAX_NAME} characters at most")
