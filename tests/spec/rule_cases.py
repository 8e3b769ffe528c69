"""The smallest model that keeps every rule, and what a model that breaks one is told."""

from dataclasses import dataclass
from typing import Any

import pytest
from brian2 import ms

from hetsyn_sim.errors import SpecError
from hetsyn_sim.spec import NeuronModel, Parameter

TEXTS = {
    "name": "m",
    "synapse": "dI/dt = -I/tau_syn : 1",
    "on_pre": "I += w",
    "neuron": "dR/dt = -R/tau_reset : 1\nv = I_syn - R : 1",
    "threshold": "v > theta",
    "reset": "R += theta",
}
PARAMETERS = {
    "w": Parameter(axes="post pre"),
    "tau_syn": Parameter(axes="post pre", unit=ms, initial=5 * ms),
    "tau_reset": Parameter(axes="layer", unit=ms, initial=5 * ms),
    "theta": Parameter(axes="layer", initial=1.0),
}


def build(parameters=None, **texts):
    """The valid model with some texts and parameters changed; a parameter that is None is left out."""
    facts = {name: p for name, p in {**PARAMETERS, **(parameters or {})}.items() if p is not None}
    return NeuronModel(**{**TEXTS, **texts}, parameters=facts)


@dataclass(frozen=True)
class Broken:
    """What has to be in each part of the message when ``changes`` are made to the valid model."""

    what: str
    where: str
    got: str
    expected: str
    remedy: str
    changes: dict[str, Any]

    def check(self) -> None:
        """Make the changes and read the message."""
        with pytest.raises(SpecError, match=self.what) as excinfo:
            build(**self.changes)
        error = excinfo.value
        assert error.where == self.where
        assert self.got in str(error.got)
        assert self.expected in str(error.expected)
        assert self.remedy in error.remedy
