"""The rule about time courses: where an equation may name one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import SpecError
from .equations import symbol

if TYPE_CHECKING:
    from .model import NeuronModel


def time_courses_drive_states(model: NeuronModel) -> None:
    """A time course stands in differential equations of the neuron, itself or by way of subexpressions: it is held while dt passes."""
    courses = {symbol(name) for name in model.time_courses}
    if not courses:
        return
    block = model.neuron_equations
    read = {"v": symbol("v"), "output": symbol(model.output)} if model.output else {"v": symbol("v")}
    inside = {f"neuron: {name}" for name in block.dimensions}
    others = {where: expression for where, expression, _ in model.expressions() if where not in inside} | read
    if model.condition is not None:  # both sides are called the same
        others |= dict(zip(("threshold", "threshold, right side"), model.condition, strict=True))
    for where, expression in others.items():
        found = sorted(str(s) for s in block.expand(expression).free_symbols & courses)
        if found:
            raise SpecError(
                "a time course outside of a differential equation",
                where=f"{model.name}: {where}",
                got=", ".join(found),
                expected=f"{found[0]} in an equation such as dv/dt = (R*{found[0]} - v)/tau",
                remedy="let it drive a state, and use that; or give it as input: values that synapses read as x_pre",
            )
