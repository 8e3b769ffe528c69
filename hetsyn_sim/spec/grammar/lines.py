"""The lines of a block of equations, taken apart by a closed grammar, before Brian2 evaluates the units behind their colons."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

from ...errors import SpecError
from .guard import at, check_name, check_words, refuse, shown
from .words import FLAGS, Refusal, refusal_of_name

#: Equations of one block, or statements of one jump.
MAX_LINES: Final = 200
#: The flag that a spec keeps.
FREEZES: Final = "unless refractory"

_LINE = re.compile(
    r"""\s*(?:d(?P<state>[A-Za-z_]\w*)[ ]*/[ ]*dt[ ]*=|(?P<name>[A-Za-z_]\w*)[ ]*(?P<defined>=)?)
        (?P<expression>(?<==)[^:]+)?:(?P<unit>[^\n(]*)(?:\((?P<flags>[^()]*)\)[ \t]*)?(?=\n|\Z)\s*""",
    re.VERBOSE | re.ASCII,
)
_FACTOR = r"(?:1|[A-Za-z]\w{0,40}(?:\s*\*\*\s*-?\d{1,2})?)"
_UNIT = re.compile(rf"{_FACTOR}(?:\s*[*/]\s*{_FACTOR}){{0,20}}", re.ASCII)


class Line(NamedTuple):
    """One equation as it is written: ``kind`` is ``"state"``, ``"subexpression"`` or ``"parameter"``."""

    kind: str
    name: str
    expression: str
    unit: str
    flags: tuple[str, ...]

    def __str__(self) -> str:
        head = {"state": f"d{self.name}/dt = ", "subexpression": f"{self.name} = ", "parameter": self.name}[self.kind]
        return f"{head}{self.expression} : {self.unit}" + (f" ({', '.join(self.flags)})" if self.flags else "")


@lru_cache(maxsize=1024)
def split_lines(text: str) -> tuple[Line, ...]:
    """The equations of a text without comments, each unit and flag held against its closed grammar; () if it has another shape.

    Its flags come first: Brian2's own flags change what an equation means.
    """
    lines, place = [], 0
    text = text.strip()
    while place < len(text):
        match = _LINE.match(text, place)
        if match is None:
            break
        unit, expression = match["unit"].strip(), " ".join((match["expression"] or "").split())
        kind = "state" if match["state"] else "subexpression" if match["defined"] else "parameter"
        line = Line(kind, match["state"] or match["name"], expression, unit, _flags(match["flags"]))
        if (kind == "parameter") != (not expression):
            break
        with at(line.name):
            _check_line(line)
        lines.append(line)
        if len(lines) > MAX_LINES:
            many = Refusal("an enormous number of equations", "divide the model")
            raise refuse(many, f"more than {MAX_LINES}", f"{MAX_LINES} at most in one block")
        place = match.end()
    if place < len(text):
        where = text[place:].split("\n", 1)[0]
        # an expression that could not be part of an equation is named as what it is; any other shape is Brian2's to explain
        check_words(re.sub(r"[:=]|\)\s*\Z", " ", where))
        raise SpecError(
            "Brian2 can't read these equations",
            got=shown(text[place:]),
            expected='lines such as "dI/dt = -I/tau_syn : 1" or "v = I_syn - R : 1"',
            remedy="correct the line that the message begins with",
        )
    return tuple(lines)


def _flags(text: str | None) -> tuple[str, ...]:
    return () if text is None else tuple(" ".join(flag.split()) for flag in text.split(","))


def _check_line(line: Line) -> None:
    check_name(line.name)
    if refusal := refusal_of_name(line.name):
        raise refuse(refusal, line.name)
    if not _UNIT.fullmatch(line.unit):
        not_a_unit = Refusal("this is not a unit", "write the base units: volt, amp, siemens, 1/second, or 1")
        raise refuse(not_a_unit, line.unit, "names of units, * / and whole powers, as in siemens/metre**2")
    foreign = [flag for flag in line.flags if flag != FREEZES]
    if foreign:
        raise SpecError(
            "equation flags have no place in a spec",
            got=f"({', '.join(line.flags)})",
            expected=f"an equation without flags, or with ({FREEZES})",
            remedy=FLAGS.get(foreign[0], FLAGS["constant over dt"]),
        )
    check_words(line.expression)
