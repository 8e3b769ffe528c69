"""A folded network in Brian2, in plain objects of its own: explicit synapses, and the text of the neuron as its model has it.

All objects stand in one slot, sorted by order, as :mod:`hetsyn_sim.brian.schedule` explains: resets of the spikes of the step before, the
leak, then stage by stage what arrives, the constant drive, and the threshold. A spike so crosses all stages in the step it happens, and
pooling loses no time. No torch here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from brian2 import Clock, Network, NeuronGroup, SpikeGeneratorGroup, SpikeMonitor
from brian2 import Synapses as BrianSynapses
from brian2.units.allunits import second
from numpy.typing import NDArray

from hetsyn_sim.brian.devices import find_device, on_runtime
from hetsyn_sim.brian.inputs import check_inputs, spikes_with_room, split_recordings
from hetsyn_sim.brian.schedule import END, SLOT, Schedule, place
from hetsyn_sim.data.recording import Recording
from hetsyn_sim.errors import BackendError
from hetsyn_sim.models import RESET_FIRST

from .architecture import DT, Pool
from .folded import FoldedNetwork, FoldedStage

_SCHEDULE = Schedule(RESET_FIRST)
#: Names that no model of a publication has.
_DRIVE, _STEPS, _ARRIVED = "constant_drive", "steps_per_recording", "arrived"


def simulate(folded: FoldedNetwork, spikes: NDArray[Any], *, device: str = "numpy") -> Recording:
    """Run images through the network, one after the other, each from rest.

    Parameters
    ----------
    spikes
        Input, 0 or 1, shape (time, image, channel, height, width).
    device
        ``"numpy"`` or ``"cython"``.

    Returns
    -------
    Recording
        The input and the spikes of every stage, (time, image, unit): pooling too.

    Raises
    ------
    DataError
        If the input does not fit.
    BackendError
        If the device is a standalone one, or needs a compiler and there is none.
    """
    target = find_device(device)
    if target.standalone:
        raise BackendError(
            "a folded network runs on Brian2's runtime only",
            where="analysis.studies.stl.brian.simulate",
            got=f"device {device!r}",
            expected="numpy or cython",
            remedy="use one of these",
        )
    array, shape = np.asarray(spikes), folded.architecture.input_shape
    n_input = int(np.prod(shape))
    flat = array.reshape(*array.shape[:2], n_input) if array.ndim == 5 and array.shape[2:] == shape else array
    inputs = np.asarray(check_inputs(flat, n_input, where="analysis.studies.stl.brian.simulate"), dtype=np.bool_)
    n_steps, n_images = inputs.shape[:2]
    with on_runtime(target):
        clock = Clock(dt=DT * second, name="step_clock")
        channels, steps = spikes_with_room(inputs)
        source: Any = SpikeGeneratorGroup(
            inputs.shape[2], channels, steps * DT * second, clock=clock, when=SLOT, order=_SCHEDULE.input_order, name="input", sorted=True
        )
        network, monitors = Network(source), {}
        for number, stage in enumerate(folded.stages, start=1):
            group = _pool(stage, number, clock) if isinstance(stage.stage.part, Pool) else _neurons(folded, stage, number, clock, n_steps)
            monitors[stage.stage.name] = SpikeMonitor(group, when=END, name=f"spikes_of_{stage.stage.name}")
            network.add(group, _synapses(stage, source, group, number, clock), monitors[stage.stage.name])
            source = group
        network.run(n_steps * n_images * DT * second, namespace={})
    rasters = {"input": inputs}
    for name, monitor in monitors.items():
        raster = np.zeros((n_steps * n_images, monitor.source.N), dtype=np.bool_)
        raster[np.rint(np.asarray(monitor.t_) / DT).astype(np.int64), np.asarray(monitor.i)] = True
        rasters[name] = split_recordings(raster, n_images)
    return Recording(DT, rasters, {}, f"brian2 {target.name}")


def _neurons(folded: FoldedNetwork, stage: FoldedStage, number: int, clock: Clock, n_steps: int) -> NeuronGroup:
    model = folded.architecture.neuron
    declared = [f"{name} : 1 (constant{'' if value.ndim else ', shared'})" for name, value in stage.values.items()]
    equations = "\n".join([model.neuron, *declared, f"{_DRIVE} : 1 (constant)", f"{_STEPS} : integer (constant, shared)"])
    group = NeuronGroup(
        stage.stage.n_post,
        equations,
        threshold=model.threshold,
        reset=model.reset,
        method="exact",
        clock=clock,
        namespace={},
        name=stage.stage.name,
    )
    for name, value in {**stage.values, _DRIVE: stage.drive, _STEPS: n_steps}.items():
        setattr(group, name, value)
    place(group.resetter["spike"], _SCHEDULE.phase("reset"))
    place(group.state_updater, _SCHEDULE.phase("decay"))
    rest = "\n".join(f"{state} *= int(timestep(t, dt) % {_STEPS} != 0)" for state in model.neuron_equations.states)
    group.run_regularly(rest, clock=clock, when=SLOT, order=_SCHEDULE.wipe_order, name=f"{stage.stage.name}_begins")
    group.run_regularly(f"v += {_DRIVE}", clock=clock, when=SLOT, order=_SCHEDULE.sums(number), name=f"{stage.stage.name}_drive")
    place(group.thresholder["spike"], _SCHEDULE.threshold(number))
    return group


def _pool(stage: FoldedStage, number: int, clock: Clock) -> NeuronGroup:
    """Units that spike if anything arrived, and forget it."""
    group = NeuronGroup(
        stage.stage.n_post,
        f"{_ARRIVED} : 1",
        threshold=f"{_ARRIVED} > 0",
        reset=f"{_ARRIVED} = 0",
        clock=clock,
        namespace={},
        name=stage.stage.name,
    )
    place(group.resetter["spike"], _SCHEDULE.phase("reset"))
    place(group.thresholder["spike"], _SCHEDULE.threshold(number))
    return group


def _synapses(stage: FoldedStage, source: Any, target: NeuronGroup, number: int, clock: Clock) -> BrianSynapses:
    pooling = isinstance(stage.stage.part, Pool)
    synapses = BrianSynapses(
        source,
        target,
        "" if pooling else "w : 1 (constant)",
        on_pre=f"{_ARRIVED}_post += 1" if pooling else "v_post += w",
        delay=0 * second,
        clock=clock,
        namespace={},
        name=f"{stage.stage.name}_synapses",
    )
    synapses.connect(i=stage.synapses.pre, j=stage.synapses.post)
    if not pooling:
        synapses.w = stage.w
    place(synapses.pre, _SCHEDULE.deliver(number))
    return synapses
