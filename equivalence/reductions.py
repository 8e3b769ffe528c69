"""The rewritings of :mod:`hetsyn_sim.models.reductions` for a :class:`~equivalence.strategies.Case`."""

from __future__ import annotations

from hetsyn_sim.models import reductions

from .strategies import Case


def in_hetsyn_form(case: Case) -> Case:
    """The same network in HetSyn form, every synapse's time constant and the reset's equal to the membrane's."""
    return Case(*reductions.in_hetsyn_form(case.spec, case.values), case.inputs)
