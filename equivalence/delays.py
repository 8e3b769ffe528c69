"""Networks whose spikes take time to arrive: any network of the other strategies, with a delay at every synapse."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from hetsyn_sim.spec import Layer, NetworkSpec
from hetsyn_sim.spec.values import is_delay

from .strategies import Case

#: Of what is drawn, in steps. Together with halves and whole numbers they are all kinds that there are.
LONGEST = 12


def with_delay(spec: NetworkSpec, axes: str) -> NetworkSpec:
    """The network with a learned delay in every projection that spikes drive."""

    def change(layer: Layer) -> Layer:
        if layer.model.takes_values:
            return layer
        return replace(layer, model=layer.model.with_delay(bounds=(0.0, 4 * LONGEST * spec.dt_s), axes=axes))

    readout = None if spec.readout is None else change(spec.readout)
    return replace(spec, layers=[change(layer) for layer in spec.layers], readout=readout)


@st.composite
def delayed(draw: st.DrawFn, cases: st.SearchStrategy[Case], *, smooth: bool = False) -> Case:
    """A case of the strategy with delays: none, whole numbers of steps, between two steps, and some that outlast the recording.

    ``smooth`` ones lie away from whole numbers of steps, where what is interpolated has a kink.
    """
    axes, longest = draw(st.sampled_from(("post pre", "post", "layer"))), draw(st.sampled_from((0, 1, LONGEST)))
    return late(draw(cases), axes, LONGEST if smooth else longest, seed=draw(st.integers(0, 2**16)), smooth=smooth)


def late(case: Case, axes: str, longest: int, *, seed: int, smooth: bool = False) -> Case:
    """The case with delays of up to so many steps, and some that outlast it."""
    rng, spec, dt = np.random.default_rng(seed), with_delay(case.spec, axes), case.spec.dt_s
    values = dict(case.values)
    for key, slot in spec.slots.items():
        if is_delay(slot):
            whole = rng.integers(0, longest + 1, slot.shape)
            part = rng.choice([0.1, 0.5 + 2**-20, 0.9], slot.shape) if smooth else rng.choice([0.0, 0.0, 0.3, -0.4, 0.49], slot.shape)
            values[key] = np.maximum(whole + part, 0.0) * dt
            if not smooth and rng.random() < 0.1:
                values[key] = np.full(slot.shape, 4 * LONGEST * dt)
    return Case(spec, values, case.inputs)
