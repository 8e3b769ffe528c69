"""The source of a kernel: what the time loops in ``include/`` need to know about a step, as one struct, and the function to call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .emission import BACKWARD_STORES, FORWARD_STORES, statements
from .graph import Leaf
from .layout import Layout, Sections
from .steps import Step, Steps

#: Version of the functions' signatures; a library of another version is made anew.
ABI = 1

_FILE = """\
#include "{header}"

namespace hetsyn {{

struct Model {{
{members}
}};

}} // namespace hetsyn

#define HETSYN_EXPORT extern "C" __attribute__((visibility("default")))

HETSYN_EXPORT int hetsyn_abi() {{ return {abi}; }}
HETSYN_EXPORT void hetsyn_use_openmp(void* parallel, void* team_size) {{
    hetsyn::openmp().parallel = reinterpret_cast<decltype(hetsyn::OpenMP::parallel)>(parallel);
    hetsyn::openmp().team_size = reinterpret_cast<decltype(hetsyn::OpenMP::team_size)>(team_size);
}}
HETSYN_EXPORT int hetsyn_run(const long* sizes, [[maybe_unused]] double reset_gradient, [[maybe_unused]] const double* numbers,
                             void* const* pointers) {{
    const hetsyn::Call call{{sizes[0], sizes[1], sizes[2], int(sizes[3]), int(sizes[4]), pointers}};
    return {call};
}}
"""


@dataclass(frozen=True)
class Kernel:
    """A source and where its arguments stand."""

    source: str
    sections: Sections


def v_is_state(steps: Steps) -> int | None:
    """The state that v is, if it is one: it need not be stored twice."""
    for step in (steps.forward, steps.fresh):
        same = [k for k in range(steps.layout.n_states) if step.stores[Leaf("state", k)] == step.stores[Leaf("v")]]
        if not same:
            return None
    return same[0]


def forward_kernel(steps: Steps, number: str) -> Kernel:
    """Of the forward pass. ``number`` is the type of numbers in C++."""
    layout, sections = steps.layout, Sections.forward(steps.layout)
    alias = v_is_state(steps)
    bodies = {
        name: list(
            statements(step, FORWARD_STORES, {leaf: leaf.k for leaf in step.stores if not (leaf == Leaf("v") and alias is not None)})
        )
        for name, step in (("step", steps.forward), ("fresh_step", steps.fresh))
    }
    members = [*_members(layout, sections, number, len(steps.constants.wanted)), *_functions("ForwardFrame", bodies)]
    call = "hetsyn::run_forward<hetsyn::Model>(call)"
    return Kernel(_FILE.format(header="forward.hpp", members="\n".join(members), abi=ABI, call=call), sections)


def backward_kernel(steps: Steps, number: str, surrogate: int, wanted: tuple[int, ...]) -> Kernel:
    """Of the backward pass. ``wanted`` are the constants whose derivatives are wanted, ``surrogate`` the number of its formula."""
    layout, sections = steps.layout, Sections.backward(steps.layout)
    places = {constant: k for k, constant in enumerate(wanted)}

    def stored(step: Step) -> Mapping[Leaf, int]:
        found = {leaf: leaf.k for leaf in step.stores if leaf.kind != "dconstant"}
        return found | {leaf: places[leaf.k] for leaf in step.stores if leaf.kind == "dconstant" and leaf.k in places}

    pairs = (("step", steps.backward), ("fresh_step", steps.fresh_backward))
    bodies = {name: list(statements(step, BACKWARD_STORES, stored(step))) for name, step in pairs}
    members = [
        *_members(layout, sections, number, len(steps.constants.wanted)),
        _numbers({"N_WANTED": len(wanted), "SURROGATE": surrogate}),
        *_functions("BackwardFrame", bodies),
    ]
    call = "hetsyn::run_backward<hetsyn::Model>(call, reset_gradient, numbers)"
    return Kernel(_FILE.format(header="backward.hpp", members="\n".join(members), abi=ABI, call=call), sections)


def _members(layout: Layout, sections: Sections, number: str, n_constants: int) -> Iterator[str]:
    yield f"    using F = {number};\n    using V = Lanes<F>::V;\n    using I = Lanes<F>::I;"
    yield _numbers(
        {
            "N_STATES": layout.n_states,
            "N_SUMS": len(layout.sums),
            "N_JUMPS": len(layout.jumped),
            "N_LOOPS": len(layout.jumps_of_spikes),
            "N_CONSTANTS": n_constants,
        }
    )
    yield _numbers({f"AT_{name.upper()}": begin for name, begin in sections.begins.items()})
    flags = {
        "SPIKING": layout.program.spiking,
        "GRADED": bool(layout.program.model.output),
        "REFRACTORY_AT_ALL": layout.refractory != "never",
        "DECAY_FIRST": layout.decays_first,
        "RECURRENT_AGAIN": layout.needs_recurrent_again,
    }
    yield "    static constexpr bool " + ", ".join(f"{name} = {_flag(value)}" for name, value in flags.items()) + ";"
    yield _predicate("is_driven", layout.driven)
    yield _predicate("is_looped", [bool(kind) for kind in layout.looped])
    yield _predicate("is_synaptic", [kind == "synaptic" for kind in layout.looped])


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _numbers(values: Mapping[str, int]) -> str:
    return "    static constexpr int " + ", ".join(f"{name} = {int(value)}" for name, value in values.items()) + ";"


def _predicate(name: str, values: list[bool] | tuple[bool, ...]) -> str:
    listed = ", ".join(map(_flag, (*values, False)))  # an array has at least one element
    return f"    static constexpr bool {name}(int k) {{\n        constexpr bool of[] = {{{listed}}};\n        return of[k];\n    }}"


def _functions(frame: str, bodies: Mapping[str, list[str]]) -> Iterator[str]:
    for name, body in bodies.items():
        yield f"    static inline void {name}(const {frame}<Model>& f, const Lane<F>& lane) {{"
        yield from (f"        {line}" for line in body)
        yield "    }"
