"""A typed error says what, where, got, expected and remedy, each on a line of its own, and is also the builtin error of its kind."""

import inspect

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
    assert defined == set(errors.__all__)
    assert all(getattr(errors, n).__doc__ for n in defined)


def test_an_unknown_name_is_a_fault_of_the_spec_too():
    with pytest.raises(SpecError, match="unknown model"):
        raise UnknownNameError("unknown model")
