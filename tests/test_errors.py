"""A typed error says what, where, got, expected and remedy, each on a line of its own, and is also the builtin error of its kind."""

import inspect

import numpy as np
import pytest

from hetsyn_sim import errors
from hetsyn_sim.errors import HetSynError, SpecError, UnknownNameError


def test_the_message_names_all_five_parts():
    error = SpecError("the unit is of the wrong kind", where="tau_syn", got="5 mV", expected="a time", remedy="give it in ms")
    assert str(error) == (
        "the unit is of the wrong kind\n"
        "  where:    tau_syn\n"
        "  got:      5 mV\n"
        "  expected: a time\n"
        "  remedy:   give it in ms"
    )  # fmt: skip
    assert (error.what, error.where, error.got, error.expected, error.remedy) == (
        "the unit is of the wrong kind",
        "tau_syn",
        "5 mV",
        "a time",
        "give it in ms",
    )


def test_parts_that_are_not_given_leave_no_line():
    assert str(HetSynError("something is wrong")) == "something is wrong"


@pytest.mark.parametrize("value", [0, False, ""])
def test_a_falsy_value_that_was_met_is_shown(value):
    assert f"  got:      {value}" in str(HetSynError("wrong", got=value))


@pytest.mark.parametrize(
    ("name", "builtin"),
    [
        ("SpecError", ValueError),
        ("UnknownNameError", LookupError),
        ("DataError", ValueError),
        ("DtMismatchError", ValueError),
        ("CheckpointError", ValueError),
        ("ConfigError", ValueError),
        ("TransferError", ValueError),
        ("BackendError", RuntimeError),
    ],
)
def test_each_error_is_one_of_ours_and_a_builtin_one(name, builtin):
    assert issubclass(getattr(errors, name), HetSynError)
    assert issubclass(getattr(errors, name), builtin)


def test_every_error_is_exported_and_documented():
    defined = {n for n, c in vars(errors).items() if inspect.isclass(c) and issubclass(c, Exception)}
    assert all(n.endswith(("Error", "Warning")) for n in defined)
    assert all(getattr(errors, n).__doc__ for n in defined)


def test_an_unknown_name_is_a_fault_of_the_spec_too():
    with pytest.raises(SpecError, match="unknown model"):
        raise UnknownNameError("unknown model")


@pytest.mark.parametrize(
    ("check", "words"),
    [
        (lambda: errors.one_of("z", {"a": 1, "b": 2}, "model", where="here"), ["unknown model", "here", "'z'", "a, b", "use one of these"]),
        (lambda: errors.one_of([], ("a",), "model"), ["unknown model", "[]", "a"]),
        (lambda: errors.one_of(True, (1, 2), "number"), ["True", "1, 2"]),
        (lambda: errors.positive(0.0, "dt", unit="of seconds", remedy="give one"), ["dt must be above 0", "0.0", "of seconds", "give one"]),
        (lambda: errors.positive(np.nan, "dt", remedy="give one"), ["dt must be above 0", "nan"]),
        (lambda: errors.positive("1", "dt", remedy="give one"), ["dt must be above 0", "'1'"]),
        (lambda: errors.positive(True, "dt", remedy="give one"), ["dt must be above 0", "True"]),
        (lambda: errors.finite(np.array([[0.0, np.inf]]), "v", remedy="look"), ["v is not finite", "inf at (0, 1)", "look"]),
        (lambda: errors.package("no_such_package", "this", extra="nir"), ["this needs the package no_such_package", "hetsyn-sim[nir]"]),
    ],
)
def test_a_helper_says_all_five_parts(check, words):
    with pytest.raises(HetSynError) as caught:
        check()
    assert [word for word in words if word not in str(caught.value)] == []


def test_a_helper_returns_what_it_checked():
    x = np.zeros((2, 3))
    assert errors.one_of("b", {"a": 1, "b": 2}, "model") == 2
    assert errors.one_of("b", ("a", "b"), "model") == "b"
    assert errors.positive(np.float32(2.0), "dt", remedy="") == 2.0
    assert errors.finite(x, "x", remedy="") is x
    assert errors.package("math", "this", extra="nir").pi > 3
