"""Hypothesis profiles: how many examples a property is tried with. None of them depends on how fast the machine is."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, Phase, settings

from hetsyn_sim.spec import NetworkSpec, NeuronModel

#: Settings under which no property fails because the machine is slow or busy.
PATIENT: dict[str, Any] = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large]}


def register() -> None:
    """Make the profiles known to Hypothesis, and have it print networks in full: what a person sees of one is short."""
    for described in (NetworkSpec, NeuronModel):
        setattr(described, "_repr_pretty_", _in_full)  # noqa: B010 - not a method of theirs
    exploring = settings(**PATIENT, derandomize=False)
    repeating = settings(**PATIENT, derandomize=True, database=None, print_blob=True)
    settings.register_profile("quick", exploring, max_examples=25)  # `make test`: other examples every time
    settings.register_profile("ci", repeating, max_examples=100)  # `make check`: the same examples every time
    settings.register_profile("thorough", exploring, max_examples=1000)
    settings.register_profile("glance", repeating, max_examples=5)  # .ci/pythons: does it run at all with these versions
    # `python -m equivalence.mutants`: one counter-example is enough, and need not be small
    phases = [Phase.explicit, Phase.generate]
    settings.register_profile("mutants", repeating, max_examples=25, phases=phases, report_multiple_bugs=False)


def _in_full(described: NetworkSpec | NeuronModel, printer: Any, cycle: bool) -> None:
    printer.text(described.to_text())
