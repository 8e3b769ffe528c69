"""How generated kernels behave: over pieces of time, threads and types, with what is wrong, and with what is not asked for."""

from dataclasses import replace

import pytest
import torch

from hetsyn_sim.discrete.tape import Tape
from hetsyn_sim.errors import BackendError, DataError, UnknownNameError
from hetsyn_sim.kernels import use_backend
from hetsyn_sim.kernels.codegen import compiled_step_scan
from hetsyn_sim.kernels.codegen.layout import Layout
from hetsyn_sim.kernels.codegen.source import backward_kernel, forward_kernel
from hetsyn_sim.kernels.codegen.steps import make_steps
from hetsyn_sim.kernels.step_data import Drive
from hetsyn_sim.kernels.stepping import can_step, plain_step_scan, step_scan

from .generated_cases import Case, adex, adlif, crossing, everything, graded, gradients, make, summed, tensors
from .levels import same_for_any_threads

pytestmark = pytest.mark.compiled

RECURRENT = [(adlif("symplectic_euler"), "jumps"), (summed(), "shared"), (summed(), "synaptic")]


def pieces(case, first):
    """A case in two pieces, the second going on where the first stopped."""
    program, constants, drive, begin, surrogate = case.arguments

    def part(span, start, **settings):
        cut = Drive(
            *({k: x[span] for k, x in group.items()} for group in (drive.jumps, drive.sums)), drive.recurrent_jumps, drive.recurrent_sums
        )
        return Case((program, constants, cut, start, surrogate), {**case.settings, **settings}).run(compiled_step_scan)

    one = part(slice(0, first), begin)
    return one, part(slice(first, None), one.end, fresh=False)


@pytest.mark.parametrize(("model", "recurrent"), [*RECURRENT, (adex("euler"), "jumps"), (crossing(), "jumps"), (graded(), "")])
def test_two_pieces_are_one_with_all_gradients(model, recurrent):
    case = make(model, recurrent=recurrent)
    whole = case.run(compiled_step_scan)
    one, two = pieces(case, 23)
    for name in ("z", "v", "output"):
        if getattr(whole, name) is not None:
            assert torch.allclose(torch.cat([getattr(one, name), getattr(two, name)]), getattr(whole, name), rtol=1e-12, atol=1e-12)
    joined = replace(two, **{n: torch.cat([getattr(one, n), getattr(two, n)]) for n in ("z", "v", "output") if getattr(two, n) is not None})
    expected, found = gradients(case, whole), gradients(case, joined)
    for name, slope in expected.items():
        assert (found[name] - slope).abs().max() <= 1e-10 * slope.abs().max(), name


@pytest.mark.parametrize(("model", "recurrent"), RECURRENT)
def test_the_number_of_threads_changes_no_bit(model, recurrent):
    """Of all but what recurrent synapses carry at the end: torch's matrix products compute that, and no loss is likely to use it."""
    # large enough for several threads (include/call.hpp)
    case = make(model, recurrent=recurrent, n_steps=40, n_batch=64, n=37, dtype=torch.float32)
    names = ("z", "v", *(f"end states {x}" for x in case.arguments[0].states))

    def run():
        result = case.run(compiled_step_scan)
        found = tensors(result)
        return [*(found[k] for k in names), *gradients(case, result, names).values()]

    same_for_any_threads(run, (1, 2, 3))


@pytest.mark.parametrize(("model", "recurrent"), RECURRENT)
def test_single_precision(model, recurrent):
    """Until the first spike that only one of both has, v is off by rounding, 1e-7 a step of a state of size 10 that forgets."""
    case, exact = (make(model, recurrent=recurrent, dtype=dtype) for dtype in (torch.float32, torch.float64))
    found, expected = case.run(compiled_step_scan), exact.run(plain_step_scan)
    assert found.v.dtype == torch.float32
    same = (found.z == expected.z).all(dim=(1, 2))
    assert same.all(), "the cases are chosen so that no v is that close to its threshold"
    assert (found.v - expected.v).abs().max() <= 60 * 10 * 1.2e-7
    plain = case.run(plain_step_scan)
    slopes, others, references = gradients(case, found), gradients(case, plain), gradients(exact, expected)
    for name, reference in references.items():  # no further from the exact one than plain torch is, or than 60 roundings
        size = reference.abs().max()
        error, allowed = ((x[name] - reference).abs().max() for x in (slopes, others))
        assert error <= torch.maximum(2 * allowed, 60 * 10 * 1.2e-7 * size), name


def test_without_gradients_nothing_is_kept_and_results_are_the_same():
    case = make(adex("rk4"), recurrent="jumps")
    expected = case.run(compiled_step_scan, ("g",))
    with torch.no_grad():
        found = case.run(compiled_step_scan, ("g",))
    for name, value in tensors(expected).items():
        assert torch.equal(tensors(found)[name], value)
        assert not tensors(found)[name].requires_grad


def test_what_is_not_contiguous_is_taken():
    case = make(adlif("symplectic_euler"), recurrent="jumps")
    program, constants, drive, begin, surrogate = case.arguments
    turned = Drive({k: x.transpose(0, 1).contiguous().transpose(0, 1) for k, x in drive.jumps.items()}, {}, drive.recurrent_jumps)
    found = Case((program, constants, turned, begin, surrogate), case.settings).run(compiled_step_scan)
    assert torch.equal(found.v, case.run(compiled_step_scan).v)


def test_not_a_number_goes_the_way_it_goes_in_plain_torch():
    case = make(adlif("symplectic_euler"))
    with torch.no_grad():
        case.leaves["jumps"][5, 1, 2] = torch.nan
    expected, found = case.run(plain_step_scan), case.run(compiled_step_scan)
    assert torch.equal(found.z, expected.z)
    assert torch.equal(found.v.isnan(), expected.v.isnan())
    assert found.v.isnan().any()


def changed(case, place, **changes):
    arguments = list(case.arguments)
    arguments[place] = replace(arguments[place], **changes) if changes else {}
    return Case(tuple(arguments), case.settings)


def test_what_does_not_fit_is_refused():
    case = make(adlif("symplectic_euler"), recurrent="jumps")
    _, _, drive, begin, _ = case.arguments
    wrong = {
        "shapes": changed(case, 2, jumps={"u": drive.jumps["u"][:, :, :2]}),
        "weights": changed(case, 2, recurrent_jumps={"u": torch.zeros(5, 4)}),
        "types": changed(case, 2, jumps={"u": drive.jumps["u"].float()}),
        "time": changed(case, 2, jumps={}),
        "no steps": changed(case, 2, jumps={"u": drive.jumps["u"][:0]}),
        "states": changed(case, 3, states={**begin.states, "u": begin.states["u"][:1]}),
        "flags": changed(case, 3, active=begin.active.float()),
    }
    for case_ in wrong.values():
        with pytest.raises(DataError):
            case_.run(compiled_step_scan)
    for case_ in (changed(case, 1), changed(case, 2, jumps={"nobody": drive.jumps["u"]}), changed(case, 3, states={})):
        with pytest.raises(UnknownNameError, match="a name is missing"):
            case_.run(compiled_step_scan)
    with pytest.raises(UnknownNameError, match="what is recorded"):
        case.run(compiled_step_scan, ("nobody",))


class _Own:
    def derivative(self, distance, theta):
        return torch.exp(-(distance**2))


def test_a_surrogate_of_ones_own_is_left_to_plain_torch():
    case = make(adlif("symplectic_euler"), surrogate=_Own())
    with pytest.raises(BackendError, match="no compiled formula"):
        case.run(compiled_step_scan)
    program, _, drive, begin, surrogate = case.arguments
    assert not can_step(program, drive, begin, surrogate)
    assert torch.equal(case.run(step_scan).v, case.run(plain_step_scan).v)


def test_the_choice_of_a_back_end_is_followed():
    case = make(adlif("symplectic_euler"))
    program, _, drive, begin, surrogate = case.arguments
    assert can_step(program, drive, begin, surrogate)
    assert torch.equal(case.run(step_scan).v, case.run(compiled_step_scan).v)
    with use_backend("plain"):
        assert not can_step(program, drive, begin, surrogate)


HOSTILE = '"; system("true"); //'


def renamed(program, names):
    """A program whose every name is another."""

    def tape(given):
        return Tape(tuple(n._replace(value=names.get(n.value, n.value)) if n.op == "symbol" else n for n in given.nodes), given.outputs)

    return replace(
        program,
        states=tuple(names[x] for x in program.states),
        advance=tape(program.advance),
        reset=tape(program.reset),
        read=tape(program.read),
        _constants=frozenset(names.get(x, x) for x in program._constants),
    )


def test_no_name_gets_into_a_source():
    program = make(everything()).arguments[0]
    names = {name: f"{HOSTILE}{k}" for k, name in enumerate((*program.states, *sorted(program._constants)))}
    sources = []
    for given in (program, renamed(program, names)):
        steps = make_steps(Layout(given, (0,), (0,), (), (), (), "never"))
        kernels = forward_kernel(steps, "double"), backward_kernel(steps, "double", 2, tuple(range(steps.n_constants)))
        sources.append([kernel.source for kernel in kernels])
    assert sources[0] == sources[1]
    assert "system" not in "".join(sources[1])
