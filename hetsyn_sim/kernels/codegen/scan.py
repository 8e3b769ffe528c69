"""Step scans by generated kernels: arguments and results of a population, as the kernels lay them out."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from ...discrete.stepping import SteppedProgram
from ...discrete.tape import run_tape
from ...errors import BackendError
from ..fused import SURROGATE_KERNELS, kernel_of
from ..lags import is_tied
from ..operations import TORCH
from ..scan import SurrogateDerivative
from ..step_data import Carried, Drive, StepOptions, StepResult
from .checks import check_steps
from .function import run_steps
from .kernel_set import KernelSet, kernels_of
from .layout import Layout, Refractoriness
from .plan import Inputs, Plan, Results
from .steps import name_of_decay
from .synapses import late, shared_end

#: Longer ago than this is never: steps are counted in the type of the states, and float32 counts to 2^24.
_LONG_AGO = 2**22


def compiled_step_scan(
    program: SteppedProgram,
    constants: Mapping[str, Tensor],
    drive: Drive,
    begin: Carried,
    surrogate: SurrogateDerivative,
    options: StepOptions,
) -> StepResult:
    """As :func:`~hetsyn_sim.kernels.plain_stepping.plain_step_scan`, for a surrogate with a compiled formula.

    Raises
    ------
    DataError
        If shapes, types or devices do not fit each other.
    BackendError
        If the surrogate has no compiled formula, or there is no compiler that works.
    """
    check_steps(program, constants, drive, begin, options)
    if not covers(program, surrogate):
        raise BackendError(
            "this surrogate has no compiled formula",
            where="compiled_step_scan",
            got=type(surrogate).__name__,
            expected=", ".join(SURROGATE_KERNELS),
            remedy="use step_scan, which takes any surrogate",
        )
    layout = _layout(program, drive, begin, options.refractory)
    like = begin.spikes
    kernels = kernels_of(layout, like.dtype)
    values, wanted = _constants(kernels, {**constants, **_shared_decays(layout, drive)}, like)
    inputs = _inputs(layout, drive, begin, values)
    kind = None if program.model.output or not program.spiking else kernel_of(surrogate)
    n_post = like.shape[1]
    plan = Plan(
        kernels,
        -1 if kind is None else SURROGATE_KERNELS.index(kind),
        () if kind is None else tuple(float(value) for value in vars(surrogate).values()),
        wanted,
        options.fresh,
        options.reset_gradient,
        torch.is_grad_enabled() and any(tensor.requires_grad for tensor in inputs.flat()),
        tuple(k for k, name in enumerate(program.states) if name in options.record and k != kernels.alias),
        tuple(k for k, name in enumerate(layout.sums) if name in options.record and layout.looped[k]),
        begin.active.contiguous(),
        None if options.refractory is None else _row(options.refractory, n_post, like),
        _row(options.scale, n_post, like).reciprocal(),
        _row(options.theta, n_post, like) / _row(options.scale, n_post, like),
        -(begin.since.clamp(max=_LONG_AGO).to(like.dtype) + (0 if options.fresh else 1)).contiguous(),
    )
    results = run_steps(plan, inputs)
    return _result(plan, layout, drive, begin, results, options.record)


def covers(program: SteppedProgram, surrogate: SurrogateDerivative) -> bool:
    """Whether there is a kernel for a ``program``: a spike's derivative has to be one of those that are compiled, unless it has none."""
    return not program.spiking or bool(program.model.output) or kernel_of(surrogate) is not None


def _row(value: Tensor, n: int, like: Tensor) -> Tensor:
    return value.detach().to(like.dtype).expand(n).contiguous()


def _layout(program: SteppedProgram, drive: Drive, begin: Carried, refractory: Tensor | None) -> Layout:
    places = {name: k for k, name in enumerate(program.states)}
    kind: Refractoriness = "crossing" if program.model.spikes_where_crossed else "never" if refractory is None else "timed"
    paths = drive.recurrent_sums
    sums = tuple(begin.sums)
    return Layout(
        program,
        tuple(places[name] for name in drive.jumps),
        tuple(places[name] for name in drive.recurrent_jumps),
        sums,
        tuple(name in drive.sums for name in sums),
        tuple("" if name not in paths else "shared" if is_tied(paths[name].rho) else "synaptic" for name in sums),
        kind,
    )


def _shared_decays(layout: Layout, drive: Drive) -> dict[str, Tensor]:
    return {name_of_decay(k): drive.recurrent_sums[layout.sums[summed]].rho.reshape(-1) for k, summed in enumerate(layout.shared)}


def _constants(kernels: KernelSet, values: Mapping[str, Tensor], like: Tensor) -> tuple[Tensor, tuple[int, ...]]:
    """What a step needs of constants, (constant, post), and which of them derivatives are wanted for."""
    steps, n_post = kernels.steps, like.shape[1]
    found = [torch.as_tensor(x).to(like.dtype).expand(n_post) for x in run_tape(steps.constants.tape, values, TORCH)]
    wanted = tuple(k for k in range(steps.n_constants) if found[k].requires_grad) if torch.is_grad_enabled() else ()
    rows = [x if k in wanted else x.detach() for k, x in enumerate(found)]
    return torch.stack(rows) if rows else like.new_empty(0, n_post), wanted


def _inputs(layout: Layout, drive: Drive, begin: Carried, constants: Tensor) -> Inputs:
    states = [begin.states[name] for name in layout.program.states]
    shared, synaptic = ([layout.sums[k] for k in group] for group in (layout.shared, layout.synaptic))
    paths = drive.recurrent_sums
    return Inputs(
        *(
            [tensor.contiguous() for tensor in group]
            for group in (
                [constants],
                list(drive.jumps.values()),
                [drive.sums[name] for name in layout.sums if name in drive.sums],
                [*drive.recurrent_jumps.values(), *(paths[name].amplitude for name in shared)],
                [paths[name].amplitude for name in synaptic],
                [paths[name].rho for name in synaptic],
                [*states, *(begin.recurrent[name].sum(dim=-1) for name in shared)],
                [begin.sums[name] for name in layout.sums],
                [begin.spikes],
                [begin.recurrent[name] for name in synaptic],
            )
        )
    )


def _traces_of_drive(layout: Layout, drive: Drive, like: Tensor, record: tuple[str, ...]) -> dict[str, Tensor]:
    """Traces of sums to which no recurrent synapse adds: what was handed over."""
    names = [name for name, kind in zip(layout.sums, layout.looped, strict=True) if name in record and not kind]
    return {name: drive.sums[name] if name in drive.sums else torch.zeros_like(like) for name in names}


def _result(plan: Plan, layout: Layout, drive: Drive, begin: Carried, results: Results, record: tuple[str, ...]) -> StepResult:
    program, n_steps = layout.program, results.v[0].shape[0]
    z, v = (results.z[0] if results.z else None), results.v[0]
    own = zip((program.states[k] for k in plan.traced_states), results.traced_states, strict=True)
    looped = zip((layout.sums[k] for k in plan.traced_sums), results.traced_sums, strict=True)
    traces = {**dict(own), **dict(looped), **_traces_of_drive(layout, drive, v, record)}
    alias = plan.kernels.alias
    if alias is not None and alias < len(program.states):
        traces[program.states[alias]] = v
    recurrent = dict(begin.recurrent)
    recurrent |= {layout.sums[k]: carried for k, carried in zip(layout.synaptic, results.carried, strict=True)}
    for k in layout.shared:
        amplitude, rho = drive.recurrent_sums[layout.sums[k]]
        assert z is not None
        arriving = late(z, begin.spikes, fresh=plan.fresh)
        recurrent[layout.sums[k]] = shared_end(
            amplitude,
            rho.reshape(-1).expand(v.shape[2]),
            begin.recurrent[layout.sums[k]],
            arriving,
            fresh=plan.fresh,
            decays_first=layout.decays_first,
        )
    since = torch.where(plan.last >= 0, n_steps - 1 - plan.last.to(begin.since.dtype), begin.since + (n_steps - plan.fresh))
    end = Carried(
        dict(zip(program.states, results.states, strict=False)),
        dict(zip(layout.sums, results.sums, strict=True)),
        recurrent,
        results.spikes[0] if results.spikes else begin.spikes,
        since,
        results.active[0],
    )
    output = results.output[0] if results.output else None
    return StepResult(z, v, output, {name: traces[name] for name in record}, end)
