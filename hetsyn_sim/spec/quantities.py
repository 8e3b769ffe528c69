"""Quantities with units: what a user writes (``5*ms``, ``"5 ms"``) becomes an SI number and a checked dimension.

Brian2 owns the units. A bare number is accepted for a dimensionless quantity, and for a dimensional one it is SI.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Final, TypeAlias

from brian2.core.functions import DEFAULT_FUNCTIONS
from brian2.parsing.expressions import parse_expression_dimensions
from brian2.units import allunits, stdunits
from brian2.units.fundamentalunits import DIMENSIONLESS, Dimension, DimensionMismatchError, Quantity, Unit, get_dimensions, get_unit

from ..errors import SpecError
from .grammar.guard import shown

QuantityLike: TypeAlias = "float | int | str | Quantity"

_NUMBER_AND_UNIT = re.compile(
    r"^\s*([-+]?(?:inf|nan|\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?))\s*\*?\s*"
    r"([A-Za-z]\w*(?:\*\*-?\d{1,2})?(?:[*/][A-Za-z]\w*(?:\*\*-?\d{1,2})?){0,9})?\s*$"
)
_FACTOR = re.compile(r"\s*(^|[*/])\s*([A-Za-z]\w*)\s*(?:\*\*\s*(-?\d{1,2}))?\s*", re.ASCII)


#: Characters of a number with its unit: repr writes at most 24 of a number.
_MAX_QUANTITY = 100

#: Units that Brian2 prints by their symbols, and has no such names for.
_SPELLED_OUT: Final = {"s": "second", "V": "volt", "A": "amp"}

#: The SI's own, in the order in which Brian2 counts their powers.
_BASE_UNITS: Final = ("metre", "kilogram", "second", "amp", "kelvin", "mole", "candle")


def parse_unit(unit: str | Unit | Quantity, *, where: str) -> Unit | Quantity:
    """The Brian2 unit called ``unit``; ``"1"`` is the dimensionless one, ``"siemens/metre**2"`` a product of powers."""
    if isinstance(unit, Unit | Quantity):
        return unit
    if unit == "1":
        return get_unit(DIMENSIONLESS)
    if not isinstance(unit, str) or len(unit) > _MAX_QUANTITY:
        raise SpecError(
            "unknown unit",
            where=where,
            got=shown(unit),
            expected="the name of a Brian2 unit, or a unit itself",
            remedy='write it as "ms", "mV", "nS", or "1" for a pure number',
        )
    if "*" in unit or "/" in unit:
        return _product(unit, where=where)
    found = getattr(stdunits, unit, getattr(allunits, _SPELLED_OUT.get(unit, unit), None))
    if not isinstance(found, Unit):
        raise SpecError(
            "unknown unit",
            where=where,
            got=repr(unit),
            expected='a Brian2 unit such as "ms", "mV", "nS", or "1" for a pure number',
            remedy="see brian2.units.stdunits and brian2.units.allunits for the names",
        )
    return found


def _product(text: str, *, where: str) -> Unit | Quantity:
    """A product of powers of units, factor by factor: ``"siemens/metre**2"``."""
    scale, dimensions, place = 1.0, DIMENSIONLESS, 0
    while (match := _FACTOR.match(text, place)) is not None and bool(match.group(1)) == bool(place):
        factor, power = parse_unit(match.group(2), where=where), int(match.group(3) or 1)
        power = -power if match.group(1) == "/" else power
        scale, dimensions, place = scale * float(factor) ** power, dimensions * factor.dim**power, match.end()
    if place < len(text):
        raise SpecError(
            "unknown unit",
            where=where,
            got=shown(text),
            expected='names of units, * / and whole powers, as in "siemens/metre**2"',
            remedy="correct it",
        )
    return Quantity(scale, dim=dimensions)  # a Unit would be remembered, and Brian2 would print others by its name


def unit_of_dimensions(dimensions: Dimension) -> str:
    """The SI unit of these dimensions, as text that equations may have after their colon, and :func:`parse_unit` reads."""
    if dimensions is DIMENSIONLESS:
        return "1"
    short = _without_brackets(str(get_unit(dimensions).name))
    if "(" not in short and dimensions_of(short, where=short) is dimensions:
        return short
    powers = zip(_BASE_UNITS, dimensions._dims, strict=True)
    return "*".join(name if power == 1 else f"{name}**{int(power)}" for name, power in powers if power)


def unit_name(unit: str | Unit | Quantity) -> str:
    """The name that :func:`parse_unit` finds the unit by: ``"ms"``, ``"mV"``, ``"1"``."""
    if isinstance(unit, str):
        return unit
    if hasattr(stdunits, str(unit)):
        return str(unit)
    return _without_brackets(str(getattr(unit, "name", unit)))


def _without_brackets(name: str) -> str:
    """Brian2's ``siemens / (metre ** 2)`` without brackets that mean nothing; with others, the name is no unit's, and refused."""
    return re.sub(r"\((\w+ \*\* -?\d+)\)", r"\1", name).replace(" ", "")


def dimensions_of(unit: str | Unit | Quantity, *, where: str) -> Dimension:
    """The physical dimensions of a unit given by name or by value."""
    return get_dimensions(parse_unit(unit, where=where))


def dimensions_of_text(text: str, known: Mapping[str, Dimension]) -> Dimension:
    """The dimensions of an expression of names with known ones; a pure number's where they don't fit together, which a rule says."""
    variables = {name: get_unit(dim) for name, dim in known.items()} | dict(DEFAULT_FUNCTIONS)
    try:
        return get_dimensions(parse_expression_dimensions(text.strip(), variables))
    except (DimensionMismatchError, SyntaxError, ValueError, TypeError, KeyError, ArithmeticError):
        return DIMENSIONLESS


def name_of_dimensions(dimensions: Dimension) -> str:
    """What a reader calls them: ``"volt"``, ``"1 (a pure number)"``."""
    return "1 (a pure number)" if dimensions is DIMENSIONLESS else str(get_unit(dimensions).name)


def to_si(value: QuantityLike, unit: str | Unit | Quantity, *, where: str) -> float:
    """The SI value of a quantity, checked to have the dimensions of ``unit``.

    Raises
    ------
    SpecError
        If the text can't be read as a number and a unit, or if the dimensions differ.
    """
    expected = parse_unit(unit, where=where)
    if isinstance(value, str):
        match = _NUMBER_AND_UNIT.match(value) if len(value) <= _MAX_QUANTITY else None
        if match is None:
            raise SpecError(
                "this is not a quantity",
                where=where,
                got=shown(value),
                expected='a number and a unit, as in "5 ms"',
                remedy="write the number first, then one unit name",
            )
        number, name = float(match.group(1)), match.group(2)
        if math.isinf(number) and "inf" not in match.group(1):
            raise SpecError(
                "a number that is too large",
                where=where,
                got=shown(value),
                expected='a number below 1.8e308, or "inf" if it has no bound',
                remedy="correct it, or use a larger unit",
            )
        value = number if name is None else Quantity(number * float(parse_unit(name, where=where)), dim=dimensions_of(name, where=where))
    if isinstance(value, Quantity):
        if value.dim is not get_dimensions(expected):
            pure = get_dimensions(expected) is DIMENSIONLESS
            raise SpecError(
                "the unit is of the wrong kind",
                where=where,
                got=f"{value} ({name_of_dimensions(value.dim)})",
                expected="a pure number" if pure else f"a quantity in {name_of_dimensions(get_dimensions(expected))}",
                remedy="leave the unit out" if pure else f"give it in {unit_name(unit)}",
            )
        return float(value)
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise SpecError(
            "this is not a quantity",
            where=where,
            got=f"{shown(value)} of type {type(value).__name__}",
            expected='a number, a Brian2 quantity, or text such as "5 ms"',
            remedy="pass a number with its unit",
        )
    return float(value)


def format_quantity(si: float, unit: str) -> str:
    """Text that :func:`to_si` reads back to the same SI value ``si``, to the last bit.

    ``unit`` is used if the number survives the division and multiplication; otherwise the SI base unit is.
    """
    if unit == "1":
        return repr(si)
    scale = float(parse_unit(unit, where=unit))
    for number in (float(f"{si / scale:.12g}"), si / scale):
        if number * scale == si:
            return f"{number!r} {unit}"
    return f"{si!r} {unit_of_dimensions(dimensions_of(unit, where=unit))}"
