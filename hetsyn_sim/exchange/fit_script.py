"""A fitted neuron as a Brian2 script of its own, beside the recording that it was fitted to."""

from __future__ import annotations

import io
from collections.abc import Iterator
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from ..brian.methods import choose_method
from ..data.escape import docstring, one_line
from ..data.files import write_atomically
from ..errors import TransferError
from ..spec import RESET_FIRST, format_quantity
from ..spec.quantities import dimensions_of, unit_of_dimensions
from ..training.fitting import RecordingsFit
from .expected import check_folder

#: What is written here, and what `hetsyn fit-recordings` writes beside it.
FIT_FILES = ("neuron.py", "recording.npz", "fit.json", "model.yaml", "fit.png", "residuals.png", "restarts.png", "unfinished.safetensors")

_BEGINNING = '''"""{title}

    python neuron.py

It needs brian2 and numpy only, reads recording.npz beside it, and prints how near the neuron is to the recording.
"""

from pathlib import Path

import numpy as np
from brian2 import *  # noqa: F403

prefs.codegen.target = "numpy"  # one neuron is not worth compiling for
recording = np.load(Path(__file__).resolve().parent / "recording.npz")  # SI units, (time, trial)
n_steps, n_trials = recording["counted"].shape
defaultclock.dt = {dt!r} * second
'''

_ENDING = """
voltage, spikes = StateMonitor(neuron, "v", record=True), SpikeMonitor(neuron)
run(n_steps * defaultclock.dt)

v = np.asarray(voltage.v).T
if "v" in recording:
    counted = recording["counted"]
    print(f"off the recorded voltage by {np.sqrt(np.mean((v - recording['v'])[counted] ** 2)):.4g} in SI units, root mean square")
    print("a spike at another time counts fully: the fit itself was reset where the recorded neuron spiked")
recorded = f", of the recording {recording['spikes'].sum()}" if "spikes" in recording else ""
print(f"spikes: of the neuron {spikes.num_spikes}{recorded}")
"""


def export_fit(result: RecordingsFit, folder: str | PathLike[str]) -> Path:
    """Write a fitted neuron as a Brian2 script, with the recording, into a folder.

    Raises
    ------
    ConfigError
        If the folder can't be one, or holds other files.
    TransferError
        If the neuron needs more than a group of Brian2's own means: input spikes, another order of a step, a method of ours.
    """
    target = Path(folder)
    check_folder(target, lambda path: path.name in FIT_FILES)
    script = script_of_fit(result)
    target.mkdir(parents=True, exist_ok=True)
    write_atomically(target / "neuron.py", script)
    write_atomically(target / "recording.npz", recording_of_fit(result))
    return target


def script_of_fit(result: RecordingsFit) -> str:
    """The script's text.

    Raises
    ------
    TransferError
        As :func:`export_fit`.
    """
    model, network = result.model, result.as_network()
    method = choose_method(network.spec, network.spec.populations[0], network.values)
    linear = model.scheme == "exact"
    own_order = model.step_order not in (None, RESET_FIRST)
    for bad, got in (
        (result.trials.input_spikes is not None, "a fit with input spikes"),
        (own_order, f"the step order {model.step_order}, which is not Brian2's"),
        (bool(method.reason) and not linear, f"the method {method.name!r}, because {method.reason}"),
    ):
        if bad:
            raise TransferError(
                "this neuron can't be written as a script",
                where=model.name,
                got=got,
                expected="a neuron with currents or conductances, stepped as Brian2 steps it",
                remedy="simulate it with hs.to_brian2(result.as_network()), or put the values into your own group: result.write_back",
            )
    title = f"{model.name}, fitted to {result.trials.n_trials} trial(s)."
    return "\n".join(
        [_BEGINNING.format(title=docstring(title), dt=result.trials.dt), *_body(result, "rk4" if method.reason else method.name), _ENDING]
    )


def recording_of_fit(result: RecordingsFit) -> bytes:
    """What the script reads, as the bytes of an npz file."""
    trials, content = result.trials, io.BytesIO()
    arrays: dict[str, Any] = {f"input_{name}": x for name, x in trials.inputs.items()} | {"counted": trials.counted}
    arrays |= {name: x for name, x in (("v", trials.v), ("spikes", trials.spikes)) if x is not None}
    np.savez_compressed(content, **arrays)
    return content.getvalue()


def _body(result: RecordingsFit, method: str) -> Iterator[str]:
    model, trials = result.model, result.trials
    dimensions = model.dimensions()
    units = {
        name: "1" if dimensions[name].is_dimensionless else unit_of_dimensions(dimensions[name]) for name in (*trials.inputs, *model.summed)
    }
    yield "# What was given, held from each sample to the next."
    for name in trials.inputs:
        yield f'{name}_given = TimedArray(recording["input_{name}"] * {units[name]}, dt=defaultclock.dt)'
    yield ""
    if model.reference:
        yield f"# Published in: {one_line(model.reference)[:200]}"
    used = [name for name in model.parameters_of("neuron") if name not in trials.inputs]
    for name in used:
        yield f"{name} = {_assigned(result, name)}"
    yield ""
    yield "neuron = NeuronGroup("
    yield "    n_trials,"
    yield '    """'
    yield from (f"    {line}" for line in model.neuron.splitlines())
    yield from (f"    {name} = {name}_given(t, i) : {units[name]}" for name in trials.inputs)
    silent = [total for total in model.summed if total not in trials.inputs]
    yield from (f"    {total} = 0*{units[total]} : {units[total]}" for total in silent)
    yield '    """,'
    if model.spiking:
        yield f"    threshold={model.threshold!r},"
        yield f"    reset={'; '.join(model.reset.splitlines())!r},"
    if model.refractory:
        yield f"    refractory={model.refractory!r},"
    instead = "  # for the exact step, which Brian2 does not have of these equations" if method == "rk4" != model.scheme else ""
    yield f"    method={method!r},{instead}"
    yield ")"
    for state, text in model.initial.items():
        yield f"neuron.{state} = {text!r}"


def _assigned(result: RecordingsFit, name: str) -> str:
    """A value with its unit, and how sure it is."""
    parameter = result.model.parameters[name]
    value = float(parameter.distribution.value)  # type: ignore[attr-defined]
    number, _, unit = format_quantity(value, parameter.unit).partition(" ")
    text = f"{number} * {unit}" if unit and unit != "1" else number
    if name not in result.fitted:
        return text
    error = result.errors[name]
    dimension = dimensions_of(parameter.unit, where=name)
    shown = format_quantity(float(f"{error:.2g}"), "1" if dimension.is_dimensionless else unit_of_dimensions(dimension))
    return f"{text}  # fitted, +- {shown}"
