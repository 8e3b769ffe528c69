"""The rules about noise: where it may stand, and which scheme takes it. They are Brian2's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NoReturn

import sympy

from ..errors import SpecError
from .equations import is_noise, symbol

if TYPE_CHECKING:
    from .model import NeuronModel

#: The schemes that take noise: Euler's where its size does not depend on a state, the others where it does, in the sense of Stratonovich.
NOISY_SCHEMES: Final = ("euler", "heun", "milstein")


def noise_is_of_a_state(model: NeuronModel) -> None:
    """Noise stands in differential equations of the neuron, and nowhere else: it is a rate."""
    rates = {f"neuron: {state}" for state in model.neuron_equations.states}
    for where, expression, _ in model.expressions():
        found = sorted(name for s in expression.free_symbols if is_noise(name := str(s)))
        if found and where not in rates:
            _refuse(
                "noise outside of a neuron's differential equation",
                f"{model.name}: {where}",
                ", ".join(found),
                f"{found[0]} in an equation such as dv/dt = -v/tau + sigma*sqrt(2/tau)*{found[0]}",
                "give it a state of its own, which decays fast, and use that; or write the noise into the equation of the state it moves",
            )


def noise_has_a_scheme(model: NeuronModel) -> None:
    """The scheme takes the noise: it is a sum in the equations, and its size depends on states only where the scheme allows it."""
    scheme = f"{model.name}: scheme"
    if not model.white_noise:
        if model.scheme in NOISY_SCHEMES[1:]:
            remedy = 'write scheme="euler": without noise it is the same step'
            _refuse("a scheme for noise, and no noise", scheme, model.scheme, "xi in an equation of the neuron, or another scheme", remedy)
        return
    if model.scheme not in NOISY_SCHEMES:
        remedy = 'write scheme="euler" if the size of the noise does not depend on a state, else "heun" or "milstein"'
        _refuse(
            "noise has no step in this scheme",
            scheme,
            f"{model.scheme}, with {', '.join(model.white_noise)}",
            "euler, heun, milstein",
            remedy,
        )
    noise = [symbol(name) for name in model.white_noise]
    factors = {(x, str(s)): g for x, rate in _rates(model).items() for s in noise if (g := sympy.diff(rate, s)) != 0}
    for (x, name), factor in factors.items():
        where = f"{model.name}: neuron: d{x}/dt"
        if factor.free_symbols & set(noise):
            _refuse("noise that does not add", where, f"{name} times {factor}", f"something times {name}", "let noise enter as a sum")
        moved = sorted(factor.free_symbols & {symbol(y) for y in model.neuron_equations.states}, key=str)
        if moved and model.scheme == "euler":
            remedy = (
                'write scheme="heun" or "milstein", which take the equation in the sense of Stratonovich, as Brian2 does; '
                "for that of Ito, take half of the size times its derivative from the equation"
            )
            _refuse(
                "the size of the noise depends on a state",
                where,
                f"{name} times {factor}, which depends on {', '.join(map(str, moved))}",
                'a size of parameters and sums over synapses, for "euler"',
                remedy,
            )
    if model.scheme == "milstein":
        states, names = [x for x, _ in factors], [name for _, name in factors]
        if len(set(states)) < len(states) or len(set(names)) < len(names):
            shared = ", ".join(f"{name} in d{x}/dt" for x, name in factors)
            remedy = 'give each equation a noise of its own (xi_1, xi_2), or write scheme="heun"'
            _refuse("noise that equations share", scheme, shared, 'one name for each equation, for "milstein"', remedy)


def _rates(model: NeuronModel) -> dict[str, sympy.Expr]:
    block = model.neuron_equations
    return {x: block.expand(rate) for x, rate in block.states.items()}


def _refuse(what: str, where: str, got: str, expected: str, remedy: str) -> NoReturn:
    raise SpecError(what, where=where, got=got, expected=expected, remedy=remedy)
