"""Words that mean something to Brian2 or Python and that a model's text must not hold: each with why, and what to do instead."""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Mapping
from types import BuiltinFunctionType
from typing import Final, NamedTuple

import sympy
from sympy.assumptions.ask import AssumptionKeys


class Refusal(NamedTuple):
    """What is wrong, and what to do about it."""

    what: str
    remedy: str


#: Every function that an expression may call, with its number of arguments. Nothing else is ever called.
FUNCTIONS: Final[Mapping[str, int]] = {
    **dict.fromkeys(("exp", "log", "log10", "log1p", "expm1", "exprel", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh"), 1),
    **dict.fromkeys(("arcsin", "arccos", "arctan", "abs", "sign", "floor", "ceil", "int"), 1),
    "clip": 3,
}

_DRAWN = Refusal(
    "a number drawn at random, of which no two runs have the same, and which has no derivative",
    "write noise as xi in a differential equation: dv/dt = ... + sigma*sqrt(2/tau)*xi; input at random is input: spikes, or x_pre",
)
_TIME = Refusal(
    "the equations of a model do not know the time",
    "give what depends on time as input: spikes, values that synapses read as x_pre, or a time course (in a script, a TimedArray: stim(t))",
)
_INDEX = Refusal(
    "the equations of a model do not know which neuron they belong to",
    "give each neuron its own value: a parameter with axes='post', or 'post pre' for a synapse",
)
_BRIAN2 = Refusal(
    "a name that Brian2 keeps for itself",
    "leave it out; say how long a neuron is refractory in `refractory`, and mark the equations that stand still meanwhile: "
    "dv/dt = ... : volt (unless refractory)",
)
_CONDITION = Refusal("a conditional expression", "multiply by int(condition), as in int(v > theta)*a + int(v <= theta)*b")
_LOOP = Refusal("a loop or a comprehension", "write the terms out, one by one")
_NAMES: Final[Mapping[str, Refusal]] = {
    **dict.fromkeys(("rand", "randn", "poisson", "binomial"), _DRAWN),
    **dict.fromkeys(("t", "t_in_timesteps", "timestep"), _TIME),
    **dict.fromkeys(("i", "j", "N", "N_pre", "N_post", "N_incoming", "N_outgoing"), _INDEX),
    **dict.fromkeys(("lastspike", "not_refractory", "lastupdate"), _BRIAN2),
    "delay": Refusal(
        "the equations of a model do not know when a spike was sent",
        "leave it out, and give the model a parameter called delay: every spike arrives so much later (NeuronModel.with_delay)",
    ),
    **dict.fromkeys(("if", "else", "elif"), _CONDITION),
    **dict.fromkeys(("for", "in", "while"), _LOOP),
    "lambda": Refusal("a function is defined in an expression", "write the expression itself, or a subexpression with a name"),
    "None": Refusal("a value that is not a number", "write a number or a name"),
}
#: Words of Python that expressions are made of.
KEYWORDS: Final = frozenset({"and", "or", "not", "True", "False"})

#: Characters that no expression has, and what somebody who wrote one may have meant.
CHARACTERS: Final[Mapping[str, Refusal]] = {
    ".": Refusal("access to an attribute", "use names, numbers and operators only"),
    **dict.fromkeys("[]", Refusal("indexing, or a list", "use a parameter per neuron or per synapse instead")),
    **dict.fromkeys("{}", Refusal("a set, a dictionary or a placeholder", "write the expression out")),
    **dict.fromkeys("'\"`", Refusal("a string in an expression", "use names, numbers and operators only")),
    **dict.fromkeys(
        ":=",
        Refusal("an assignment or a definition inside an expression", "give it a line of its own, and end every equation with its unit"),
    ),
    **dict.fromkeys("&|^~", Refusal("an operator on bits", "write `and`, `or`, `not`, or ** for a power")),
    ";": Refusal("several statements where one expression belongs", "write one expression"),
    "\\": Refusal("a backslash", "go on in the next line without it"),
    "@": Refusal("a matrix product or a decorator", "write the sums out; sums over synapses are X_syn"),
    "!": Refusal("an exclamation mark", "write `not`, or != between two sides"),
}

_EXACT = "remove the flag: every equation has its exact or named step, also between events"
_DECLARED = "remove the flag and declare what it describes in `parameters`"
#: Brian2's flags, and what to do instead of them.
FLAGS: Final[Mapping[str, str]] = {
    "event-driven": _EXACT,
    "clock-driven": _EXACT,
    "summed": "remove the flag and the line: X_syn is the sum of the synaptic state X, and the neuron's equations use it by this name",
    "linked": "remove the flag: variables of other groups can't be linked; use a parameter, or one model with both sets of equations",
    "shared": _DECLARED + ' with axes="layer"',
    "scalar": _DECLARED + ' with axes="layer"',
    "constant": _DECLARED,
    "constant over dt": "remove the flag; the transfer to Brian2 sets the flags it needs",
}


def refusal_of_name(name: str) -> Refusal | None:
    """Why an expression can't use this name; None if it can."""
    if name in _NAMES:
        return _NAMES[name]
    if "__" in name or name.startswith("_"):
        return Refusal("a name with underscores as only Python's own names have them", "begin it with a letter, and put single _ inside")
    if keyword.iskeyword(name) and name not in KEYWORDS:
        return Refusal("a word of Python's in an expression", "use names, numbers and operators only")
    return None


def refusal_of_call(name: str) -> Refusal:
    """Why an expression can't call this, and what to do instead."""
    functions = ", ".join(FUNCTIONS)
    return refusal_of_name(name) or Refusal(
        "a call of something that is not one of the functions",
        f"use {functions}; a TimedArray of a script is called with t, and a function of your own is written out as a formula",
    )


def is_sympys_word(name: str) -> bool:
    """Whether sympy, given this name as text, would take it for something of its own: what ``sympify`` does, without its ``eval``."""
    if keyword.iskeyword(name) or isinstance(getattr(builtins, name, None), BuiltinFunctionType):
        return True
    own = getattr(sympy, name, None) if name in sympy.__all__ else None
    return isinstance(own, AssumptionKeys | sympy.Basic | type) or callable(own)
