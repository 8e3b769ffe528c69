"""What a property is: a check that holds for every case and every simulator, with the near-misses that it has to catch.

A property is written once, as ``check(subject, case)``, and registered with :func:`holds`, which makes the test of it. The subject is a
simulator's name, or a way to get gradients. ``test_near_misses.py`` puts a subject with a planted fault in its place, one for each of the
property's ``near_misses``, and demands that the check fails: no property is vacuous.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from .ledger import off_the_record
from .profiles import PATIENT
from .simulators import SIMULATORS, names

Check = Callable[[Any, Any], None]


def fewer_examples(share: float = 0.15) -> settings:
    """Settings for properties that cost seconds per example: a share of what the profile asks for, and at least three."""
    profile = settings.default
    assert profile is not None
    return settings(max_examples=max(3, round(share * profile.max_examples)))


@dataclass(frozen=True)
class Property:
    """A check with the cases that it is about.

    Attributes
    ----------
    check
        ``check(subject, case)`` raises AssertionError where the property does not hold.
    cases
        Strategy of the cases.
    near_misses
        Names of faults that the check has to catch, all of them.
    always
        Corner cases that are tried before any others, by name.
    subjects
        Names of what is tested.
    unavailable
        Says why the check can't run here, or ``""`` if it can.
    """

    check: Check
    cases: st.SearchStrategy[Any]
    near_misses: Sequence[str]
    always: Mapping[str, Any]
    subjects: tuple[str, ...]
    unavailable: Callable[[], str]

    def try_out(self, subject: Any, how: settings, corners: Sequence[str] | None = None) -> None:
        """Try the corners (or those named), then let Hypothesis search for a case in which the property does not hold."""
        with off_the_record(rates_only=True):  # silent input is a corner, and not a generated network
            for name in self.always if corners is None else corners:
                self.check(subject, self.always[name])

        @settings(how, **PATIENT)
        @given(case=self.cases)
        def test(case: Any) -> None:
            self.check(subject, case)

        test()

    def catches(self, subject: Any) -> bool:
        """Whether a search of 200 cases finds one in which a faulty subject fails the check."""
        with off_the_record():
            try:
                search = settings(max_examples=200, database=None, phases=[Phase.generate], report_multiple_bugs=False)
                self.try_out(subject, search)
            except AssertionError:
                return True
        return False


#: Every property of the suite by the name of its test, once the test modules are imported.
PROPERTIES: dict[str, Property] = {}


def holds(
    cases: st.SearchStrategy[Any],
    *,
    near_misses: Sequence[str],
    always: Mapping[str, Any] | None = None,
    always_if_slow: Sequence[str] = (),
    subjects: Sequence[str] | None = None,
    unavailable: Callable[[], str] = lambda: "",
    fast: float = 0.25,
    slow: float = 0.03,
) -> Callable[[Check], Callable[..., None]]:
    """Make the test of a property out of its check.

    Parameters
    ----------
    cases, near_misses, always
        See :class:`Property`.
    always_if_slow
        Names of the corners that slow simulators are tried with.
    subjects
        Names of what is tested; by default every simulator that compiles no code.
    unavailable
        See :class:`Property`.
    fast, slow
        Shares of the profile's examples that fast and slow simulators are tried with.
    """

    def decorate(check: Check) -> Callable[..., None]:
        of = tuple(names() if subjects is None else subjects)
        PROPERTIES[check.__name__] = found = Property(check, cases, tuple(near_misses), always or {}, of, unavailable)

        @pytest.mark.parametrize("subject", of)
        def test(subject: str) -> None:
            if reason := found.unavailable():
                pytest.skip(reason)
            is_slow = subject in SIMULATORS and SIMULATORS[subject].slow
            found.try_out(subject, fewer_examples(slow if is_slow else fast), always_if_slow if is_slow else None)

        test.__name__, test.__doc__, test.__module__ = check.__name__, check.__doc__, check.__module__
        return test

    return decorate
