"""Texts that somebody may write into a file so that reading it does harm, and what must be said of each."""

from __future__ import annotations

from typing import Any, NamedTuple

#: A file, a variable of the environment and an import: what the texts try to leave behind.
TOUCH = "__import__('os').system('touch canary')"
SET = "__import__('os').environ.setdefault('CANARY', '1')"


class Hostile(NamedTuple):
    """Where the text stands in a model (a field, or the way to it), the text, and words of the message."""

    place: str
    text: Any
    message: str


def _laughs(n: int) -> str:
    return "\n".join(f"a{k + 1} = a{k}*a{k} + a{k} : 1" for k in range(n)) + f"\na0 = v : 1\ndv/dt = -a{n}/tau : 1"


_GROWING = "a = 500 : 1\nb = exp(a) : 1\nc = exp(b) : 1\ndv/dt = -v/tau*floor(exp(c)) : 1"
_INTO_THE_THRESHOLD = ("dv/dt = -v/tau : 1\na = 1e4 : 1", "v > exp(a)")

CASES: dict[str, Hostile] = {
    # code
    "import in an equation": Hostile("neuron", f"dv/dt = {TOUCH} : 1", "Python's own names"),
    "import as a unit": Hostile("neuron", f"dv/dt = -v/tau : {TOUCH}", "Python's own names|not a unit"),
    "import after a unit": Hostile("neuron", f"dv/dt = -v/tau : 1\n{SET}", "Python's own names"),
    "import in a threshold": Hostile("threshold", f"v > {SET}", "Python's own names"),
    "import in a reset": Hostile("reset", f"v = {TOUCH}", "Python's own names"),
    "import in what a spike does": Hostile("on_pre", f"v_post += w*{TOUCH}", "Python's own names"),
    "import as where a state begins": Hostile("initial", {"v": TOUCH}, "Python's own names"),
    "import as a refractory period": Hostile("refractory", TOUCH, "Python's own names"),
    "a statement that imports": Hostile("reset", "import os; v = 0", "not a statement that changes a state"),
    "exec": Hostile("neuron", "dv/dt = exec(v) : 1", "call of something that is not one of the functions"),
    "eval of a string": Hostile("threshold", "v > eval('1')", "a string in an expression"),
    "getattr": Hostile("neuron", "dv/dt = getattr(v, w)(v) : 1", "call of something"),
    "an attribute": Hostile("neuron", "dv/dt = v.real : 1", "attribute"),
    "an attribute of a number": Hostile("reset", "v = 1.0.real", "attribute|not a number"),
    "classes of an object": Hostile("reset", "v = ().__class__.__bases__", "attribute"),
    "an index": Hostile("neuron", "dv/dt = v[0]/tau : 1", "indexing"),
    "a list": Hostile("reset", "v = [1]*2", "indexing, or a list"),
    "a dictionary": Hostile("reset", "v = {v}", "dictionary"),
    "a lambda": Hostile("reset", "v = (lambda: 0)()", "function is defined"),
    "a walrus": Hostile("reset", "v = (w := 0)", "assignment"),
    "an f-string": Hostile("threshold", "v > f'{theta}'", "a string"),
    "a comprehension": Hostile("reset", "v = sum(v for v in v)", "a loop or a comprehension"),
    "a conditional expression": Hostile("reset", "v = 0 if v > 1 else 1", "conditional expression"),
    "await": Hostile("reset", "v = await v", "word of Python's"),
    "yield": Hostile("reset", "v = (yield v)", "word of Python's"),
    "starred arguments": Hostile("reset", "v = exp(*v)", "no arithmetic"),
    "keyword arguments": Hostile("reset", "v = exp(x=v)", "assignment"),
    "a call of a call": Hostile("reset", "v = exp(v)(v)", "no name"),
    "a backtick": Hostile("reset", "v = `v`", "a string"),
    "a matrix product": Hostile("reset", "v = v @ v", "matrix product"),
    "bits": Hostile("reset", "v = v ^ 2", "operator on bits"),
    "a backslash": Hostile("reset", "v = v \\ 2", "backslash"),
    "a dunder state": Hostile("neuron", "d__v/dt = -__v/tau : 1", "Python's own names"),
    "a dunder name": Hostile("neuron", "dv/dt = -v/__tau__ : 1", "Python's own names"),
    "a hidden line": Hostile("neuron", "dv/dt = -v/tau : 1 # \u200b dv/dt = 0 : 1", "can't be seen"),
    "a null byte": Hostile("threshold", "v > theta\0", "can't be seen"),
    "a letter from elsewhere": Hostile("threshold", "v > \u03b8", "no meaning in an expression"),
    "a direction mark": Hostile("threshold", "v > theta\u202e", "can't be seen"),
    "a number instead of text": Hostile("threshold", 5, "not text|not the description"),
    "a list instead of text": Hostile("initial", {"v": ["0"]}, "not text"),
    # what is large, or becomes so
    "a tower of powers": Hostile("neuron", "dv/dt = -v*9**9**9**9/tau : 1", "enormous power"),
    "a tower as a unit": Hostile("neuron", "dv/dt = -v/tau : 9**9**9**9", "not a unit"),
    "a condition as a unit": Hostile("neuron", "dv/dt = -v/tau : metre if 1 else volt", "not a unit"),
    "a huge power of a unit": Hostile("neuron", "dv/dt = -v/tau : metre**99999999999", "not a unit"),
    "a huge exponent": Hostile("reset", "v = 2**(10**9)", "enormous power"),
    "powers of fractions": Hostile("reset", "v = (((10001/10000)**100)**100)**100", "enormous expression"),
    "exp of exp of exp": Hostile("threshold", "v > floor(exp(exp(exp(100))))", "enormous number"),
    "e to the e to the e": Hostile("threshold", "v > floor(exp(exp(exp(exp(e)))))", "enormous number"),
    "a huge number": Hostile("reset", f"v = 1{'0' * 500}", "enormous number"),
    "an infinite literal": Hostile("reset", "v = 1e999", "enormous number"),
    "not a number": Hostile("reset", "v = 0/0", "division by zero"),
    "zero in disguise": Hostile("reset", "v = 1/(v - v)", "division by zero"),
    "an imaginary number": Hostile("reset", "v = 3j", "not a number"),
    "deep parentheses": Hostile("reset", f"v = {'(' * 5000}v{')' * 5000}", "enormous expression"),
    "deep signs": Hostile("reset", f"v = {'-' * 900}v", "enormous expression"),
    "deep functions": Hostile("reset", f"v = {'exp(' * 200}v{')' * 200}", "enormous expression"),
    "many terms": Hostile("reset", f"v = {'+'.join(f'v*{k}' for k in range(5000))}", "enormous text|enormous expression"),
    "a product of sums": Hostile("reset", f"v = {'*'.join(f'(v+{k})' for k in range(60))}", "enormous expression"),
    "a power of a sum": Hostile("reset", "v = (v + theta + tau + 1 + 2*v + w)**90", "enormous expression"),
    "remainders of remainders": Hostile("reset", f"v = {'%'.join('v' * 70)}", "enormous expression"),
    "subexpressions like billions of laughs": Hostile("neuron", _laughs(40), "enormous expression"),
    "numbers that grow from line to line": Hostile("neuron", _GROWING, "enormous number"),
    "a number that grows into the threshold": Hostile("neuron+threshold", _INTO_THE_THRESHOLD, "enormous number"),
    "many equations": Hostile("neuron", "\n".join(f"dx{k}/dt = -x{k} : 1" for k in range(500)), "enormous number of equations"),
    "many statements": Hostile("reset", "v = 0;" * 3000, "enormous number of statements"),
    "a circle of subexpressions": Hostile("neuron", "a = b : 1\nb = a : 1\ndv/dt = -a/tau : 1", "can't read these equations"),
    "a long text": Hostile("neuron", "# " + "x" * 1_000_000, "enormous text|enormous file"),
    "long white space": Hostile("reset", f"v = v{' ' * 15000}!", "exclamation mark"),
    "long white space after a unit": Hostile("neuron", f"v = 1 : 1{' ' * 15000}!", "not a unit"),
    "a long name": Hostile("neuron", f"d{'v' * 500}/dt = 1 : 1", "enormous name"),
    # what Brian2 knows and a spec does not
    "rand": Hostile("reset", "v = rand()", "a number drawn at random"),
    "randn": Hostile("on_pre", "v_post += w*randn()", "a number drawn at random"),
    "poisson": Hostile("reset", "v = poisson(v)", "a number drawn at random"),
    "binomial": Hostile("reset", "v = binomial(v)", "a number drawn at random"),
    "the time": Hostile("neuron", "dv/dt = -v/tau + sin(t/tau)/tau : 1", "do not know the time"),
    "a TimedArray": Hostile("neuron", "dv/dt = (stimulus(v) - v)/tau : 1", "call of something"),
    "steps": Hostile("threshold", "v > timestep(tau, dt)", "do not know the time"),
    "its own index": Hostile("reset", "v = i", "which neuron they belong to"),
    "its group's size": Hostile("reset", "v = N", "which neuron they belong to"),
    "the last spike": Hostile("threshold", "v > lastspike/tau", "Brian2 keeps for itself"),
    "event-driven": Hostile("synapse", "dI/dt = -I/tau_syn : 1 (event-driven)", "flags have no place"),
    "summed": Hostile("synapse", "I_total_post = w : 1 (summed)", "flags have no place"),
    "linked": Hostile("neuron", "dv/dt = -v/tau : 1\nu : 1 (linked)", "flags have no place"),
    "shared": Hostile("neuron", "dv/dt = -v/tau : 1\nu : 1 (shared)", "flags have no place"),
    "constant over dt": Hostile("neuron", "dv/dt = -u/tau : 1\nu = v : 1 (constant over dt)", "flags have no place"),
    "a condition as a number": Hostile("reset", "v = (v > 1)*2", "condition in the place of a number"),
    "two arguments too many": Hostile("reset", "v = exp(v, v, v)", "wrong number of arguments"),
    # names, units and values
    "a dunder model": Hostile("name", "__import__", "no name for a model"),
    "a model named by code": Hostile("name", '""";import os;os.system("x");"""', "no name for a model"),
    "a model with a space in its name": Hostile("name", "My LIF", "no name for a model"),
    "a model named by a file": Hostile("name", "m\n\x1b[2J", "no name for a model"),
    "a model with a long name": Hostile("name", "m" * 5000, "no name for a model"),
    "a dunder parameter": Hostile("parameters", {"__class__": {"axes": "layer"}}, "ends in an underscore"),
    "a parameter that is an expression": Hostile("parameters", {"a + b": {"axes": "layer"}}, "not a name"),
    "a unit that is code": Hostile("parameters.tau.unit", TOUCH, "unknown unit"),
    "a unit that is a module": Hostile("parameters.tau.unit", "np", "unknown unit"),
    "a unit that is a dunder": Hostile("parameters.tau.unit", "__dict__", "unknown unit"),
    "a unit that is a list": Hostile("parameters.tau.unit", ["ms"], "unknown unit"),
    "a unit that is a number": Hostile("parameters.tau.unit", 5, "unknown unit"),
    "a value that is code": Hostile("parameters.tau.initial", TOUCH, "not a quantity|unknown initial distribution"),
    "a distribution that is code": Hostile("parameters.tau.initial", "system(touch canary)", "unknown initial distribution"),
    "a distribution of code": Hostile("parameters.tau.initial", f"constant({SET})", "not a quantity|unknown initial"),
    "a distribution in a distribution": Hostile("parameters.tau.initial", "uniform(uniform(1 ms, 2 ms), 2 ms)", "unknown|not a quantity"),
    "a value that overflows": Hostile("parameters.tau.initial", "1e999 ms", "too large"),
    "a value that is nan": Hostile("parameters.tau.initial", "nan ms", "impossible arguments"),
    "a long value": Hostile("parameters.tau.initial", "1" * 90_000 + "!", "not a quantity"),
    "a value that is a section": Hostile("parameters.tau.initial", {"a": 1}, "not a quantity"),
    "bounds that are nan": Hostile("parameters.tau.bounds", ["nan ms", "1 ms"], "reversed, equal or not a number"),
    "three bounds": Hostile("parameters.tau.bounds", [1, 2, 3], "two values"),
    "one bound": Hostile("parameters.tau.bounds", 1, "two values|not the description"),
    "an unknown property": Hostile("parameters.tau.__class__", "x", "unknown property"),
    "an unknown field": Hostile("__class__", "x", "not the description"),
}

_LAUGHS = "\n".join([f"a0: &a0 {['ha'] * 9}", *(f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 9)}]" for k in range(1, 12))])
_MERGES = "\n".join(["a0: &a0 {x: 1}", *(f"a{k}: &a{k} {{<<: [{', '.join([f'*a{k - 1}'] * 9)}]}}" for k in range(1, 12))])

#: Whole files that are no network and no recipe: text and message.
YAML: dict[str, tuple[str, str]] = {
    "billions of laughs": (_LAUGHS, "an alias"),
    "billions of merges": (_MERGES, "an alias"),
    "an alias of itself": ("a: &a [*a]", "an alias"),
    "a call": ("!!python/object/apply:os.system ['touch canary']", "not YAML|can't be read"),
    "an object": ("a: !!python/object:os.environ {}", "not YAML|can't be read"),
    "a module": ("a: !!python/module:os", "not YAML|can't be read"),
    "deep lists": ("[" * 5000, "nested too deeply"),
    "deep sections": ("".join(f"{' ' * k}a:\n" for k in range(300)), "nested too deeply"),
    "a long file": ("a: 1\n" * 200_000, "enormous file|file is too large"),
    "a long number": (f"a: 1{'0' * 10_000}", "not YAML|can't be read"),
    "no such day": ("a: 2001-99-99", "not YAML|can't be read"),
    "a null byte": ("a: \0", "not YAML|can't be read"),
    "only text": ("canary", "not the description|wrong|dictionary"),
    "a list": ("- 1", "not the description|wrong|dictionary"),
}


def _with(**facts: Any) -> dict[str, Any]:
    return {"network": {"parameters": {"HetSynLIF": facts}}}


#: Changes to a recipe that is otherwise right: its settings and the message.
RECIPES: dict[str, tuple[dict[str, Any], str]] = {
    "a model that is code": ({"network": {"model": TOUCH}}, "unknown model"),
    "a model that is a dunder": ({"network": {"model": "__builtins__"}}, "unknown model"),
    "a parameter that is a dunder": (_with(__class__={}), "unknown parameter"),
    "a value that is code": (_with(tau_syn={"initial": TOUCH}), "not a quantity|unknown initial"),
    "a distribution that is code": (_with(tau_syn={"initial": "open(canary, w)"}), "unknown initial distribution"),
    "a value that overflows": (_with(tau_syn={"initial": "1e999 ms"}), "too large"),
    "bounds that are code": (_with(tau_syn={"bounds": [TOUCH, SET]}), "not a quantity"),
    "a unit": (_with(tau_syn={"unit": TOUCH}), "unknown setting"),
    "an equation": ({"network": {"neuron": f"dv/dt = {TOUCH} : 1"}}, "unknown setting"),
    "a loss that is code": ({"training": {"loss": {"name": TOUCH}}}, "unknown loss"),
    "a surrogate that is code": ({"training": {"surrogate": {"name": TOUCH}}}, "unknown surrogate"),
}


def model_with(case: Hostile) -> dict[str, Any]:
    """A small model, as plain data, with the text in its place."""
    plain: dict[str, Any] = {
        "name": "M",
        "synapse": "dI/dt = -I/tau_syn : 1",
        "on_pre": "I += w",
        "neuron": "dv/dt = (I_syn - v)/tau : 1",
        "threshold": "v > theta",
        "reset": "v = 0",
        "scheme": "euler",
        "parameters": {
            "w": {"axes": "post pre"},
            "tau_syn": {"axes": "layer", "unit": "ms", "initial": "5 ms"},
            "tau": {"axes": "layer", "unit": "ms", "initial": "20 ms"},
            "theta": {"axes": "layer", "initial": "1.0"},
        },
    }
    places = case.place.split("+")
    for place, text in zip(places, case.text if len(places) > 1 else [case.text], strict=True):
        section = plain
        *way, last = place.split(".")
        for step in way:
            section = section[step]
        section[last] = {**section[last], **text} if last == "parameters" else text
    return plain
