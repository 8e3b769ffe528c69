"""Numbers with units: read, checked against Brian2's own units, and written so that the same bits come back."""

import math

import pytest
from brian2 import ms, mV, second, volt
from hypothesis import given
from hypothesis import strategies as st

from hetsyn_sim.errors import SpecError
from hetsyn_sim.spec.quantities import dimensions_of, format_quantity, to_si

from ..refusal import refused


@pytest.mark.parametrize(
    ("value", "unit", "si"),
    [
        (5 * ms, "ms", 5 * 1e-3),
        (5 * ms, ms, 5 * 1e-3),
        ("5 ms", "second", 5 * 1e-3),
        ("5ms", "ms", 5 * 1e-3),
        ("5*ms", "ms", 5 * 1e-3),
        (" +.5 second ", "ms", 0.5),
        ("1e-3 second", "ms", 1e-3),
        ("-70 mV", "mV", -70 * 1e-3),
        (0.25, "ms", 0.25),  # a bare number is SI
        (3, "1", 3.0),
        ("3", "1", 3.0),
        ("-inf", "1", -math.inf),
        ("inf ms", "ms", math.inf),
        ("1 s", "ms", 1.0),  # units have their symbols
        ("0.5 V", "mV", 0.5),
        ("2 A", "pA", 2.0),
    ],
)
def test_what_a_user_writes_becomes_an_si_number(value, unit, si):
    assert to_si(value, unit, where="x") == si


@pytest.mark.parametrize(
    ("value", "unit", "what", "got", "remedy"),
    [
        ("five ms", "ms", "not a quantity", "'five ms'", "number first"),
        ("", "ms", "not a quantity", "''", "number first"),
        ("5 ms ms", "ms", "not a quantity", "'5 ms ms'", "number first"),
        ("5 parsec", "ms", "unknown unit", "'parsec'", "brian2.units"),
        *((5.0, unit, "unknown unit", repr(unit), "brian2.units") for unit in ("parsec", "Unit", "", "__name__")),
        (5 * mV, "ms", "wrong kind", "5. mV", "give it in ms"),
        ("5 ms", "1", "wrong kind", "5. ms", "leave the unit out"),
        (True, "1", "not a quantity", "True of type bool", "pass a number"),
        (None, "ms", "not a quantity", "None of type NoneType", "pass a number"),
    ],
)
def test_what_is_no_quantity_of_the_unit_is_refused(value, unit, what, got, remedy):
    with refused(SpecError, what, "HetSynLIF: tau_syn", got, remedy=remedy):
        to_si(value, unit, where="HetSynLIF: tau_syn")


def test_dimensions_are_brian2s():
    assert dimensions_of("ms", where="x") is second.dim
    assert dimensions_of(mV, where="x") is volt.dim
    assert dimensions_of("1", where="x") is not second.dim


# every float, subnormal and infinite ones included: the text holds repr() of a number that gives the same product
@given(st.floats(allow_nan=False), st.sampled_from(["1", "ms", "second", "mV", "nS", "pA", "Hz", "Mohm"]))
def test_text_gives_back_the_same_bits(si, unit):
    back = to_si(format_quantity(si, unit), unit, where="x")
    assert back == si
    assert math.copysign(1, back) == math.copysign(1, si)


def test_text_prefers_the_short_number_in_the_named_unit():
    assert format_quantity(5 * 1e-3, "ms") == "5.0 ms"
