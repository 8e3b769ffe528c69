"""Checks before a generated kernel touches memory: every tensor is there, with the shape and the type of the population."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from ...discrete.stepping import SteppedProgram
from ...errors import DataError, UnknownNameError
from ..checks import fits, refuse_shapes
from ..step_data import Carried, Drive, StepOptions


def check_steps(
    program: SteppedProgram,
    constants: Mapping[str, Tensor],
    drive: Drive,
    begin: Carried,
    options: StepOptions,
) -> None:
    """Raise unless everything that the kernel will look at is there, and has the shape and the type of the population.

    Raises
    ------
    DataError, UnknownNameError
        If not.
    """
    _check_names(program, constants, drive, begin, options.record)
    fed = {**{f"jumps on {k}": x for k, x in drive.jumps.items()}, **{f"drive of {k}": x for k, x in drive.sums.items()}}
    if not fed or next(iter(fed.values())).dim() != 3:
        raise DataError(
            "there is nothing to say how long to run",
            where="step_scan",
            got="no feed-forward jumps or sums" if not fed else f"{next(iter(fed))} {tuple(next(iter(fed.values())).shape)}",
            expected="at least one, (time, batch, post)",
            remedy="hand over zeros, if nothing arrives",
        )
    series = tuple(next(iter(fed.values())).shape)
    _, n_batch, n = series
    pairs = {
        **{name: (x, series) for name, x in fed.items()},
        **{f"beginning of {k}": (x, (n_batch, n)) for k, x in (*begin.states.items(), *begin.sums.items())},
        **{f"what is carried of {k}": (x, (n_batch, n, n)) for k, x in begin.recurrent.items()},
        **{f"recurrent jumps on {k}": (w, (n, n)) for k, w in drive.recurrent_jumps.items()},
        **{f"recurrent amplitudes of {k}": (path.amplitude, (n, n)) for k, path in drive.recurrent_sums.items()},
        "spikes of the step before": (begin.spikes, (n_batch, n)),
    }
    wrong = {name: pair for name, pair in pairs.items() if tuple(pair[0].shape) != pair[1]}
    others = {
        **{f"constant {k}": constants[k] for k in program.constants},
        "scale": options.scale,
        "theta": options.theta,
        **({} if options.refractory is None else {"refractory": options.refractory}),
    }
    wrong |= {name: (x, (n,)) for name, x in others.items() if x.dim() > 1 or x.numel() not in (1, n)}
    for name, (amplitude, rho) in drive.recurrent_sums.items():
        if not fits(rho, amplitude):
            wrong[f"recurrent decays of {name}"] = rho, (n, n)
    wrong |= {name: (x, (n_batch, n)) for name, x in (("since", begin.since), ("active", begin.active)) if tuple(x.shape) != (n_batch, n)}
    if wrong or 0 in series:
        expected = ", ".join(f"{name} {shape}" for name, (_, shape) in wrong.items()) or "a step, a batch item and a neuron at least"
        refuse_shapes("step_scan", {name: x for name, (x, _) in wrong.items()} or dict([next(iter(fed.items()))]), expected)
    _check_types(
        {**{name: x for name, (x, _) in pairs.items()}, **{f"rho of {k}": path.rho for k, path in drive.recurrent_sums.items()}}, begin
    )


def _check_names(program: SteppedProgram, constants: Mapping[str, Tensor], drive: Drive, begin: Carried, record: tuple[str, ...]) -> None:
    states, sums = set(program.states), set(begin.sums)
    asked = {
        "constants": (program.constants, set(constants)),
        "states at the beginning": (program.states, set(begin.states)),
        "sums at the beginning": (program.sums, sums),
        "states that jump": ((*drive.jumps, *drive.recurrent_jumps), states),
        "sums that are driven": ((*drive.sums, *drive.recurrent_sums), sums),
        "what recurrent synapses carry": (drive.recurrent_sums, set(begin.recurrent)),
        "recurrent synapses with a decay": (begin.recurrent, set(drive.recurrent_sums)),
        "what is recorded": (record, states | sums),
    }
    for what, (names, known) in asked.items():
        unknown = sorted(set(names) - known)
        if unknown:
            raise UnknownNameError(
                "a name is missing",
                where=f"step_scan: {what}",
                got=", ".join(unknown),
                expected=", ".join(sorted(known)) or "none",
                remedy="name only what the step program has",
            )
    if not program.spiking and (drive.recurrent_jumps or drive.recurrent_sums):
        raise DataError(
            "a population without spikes has recurrent synapses",
            where="step_scan",
            got=", ".join((*drive.recurrent_jumps, *drive.recurrent_sums)),
            expected="none",
            remedy="give the model a threshold",
        )


def _check_types(tensors: Mapping[str, Tensor], begin: Carried) -> None:
    dtype = begin.spikes.dtype
    strange = {name: x for name, x in tensors.items() if x.dtype != dtype or x.device.type != "cpu"}
    if dtype not in (torch.float32, torch.float64):
        strange["spikes of the step before"] = begin.spikes
    if begin.active.dtype != torch.bool or begin.active.device.type != "cpu":
        strange["active"] = begin.active
    if strange:
        raise DataError(
            "tensors of different types or devices",
            where="step_scan",
            got=", ".join(f"{name}: {str(x.dtype).removeprefix('torch.')} on {x.device.type}" for name, x in strange.items()),
            expected=f"{str(dtype).removeprefix('torch.')} on the CPU, in single or double precision, and active of type bool",
            remedy="convert them with x.to(w)",
        )
