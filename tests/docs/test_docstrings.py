"""Public names say what they take, and which errors they raise: every name in a package's ``__all__``, and every public method."""

import ast
import inspect
import pkgutil
import re
import textwrap
from importlib import import_module

import hetsyn_sim
from hetsyn_sim import errors
from hetsyn_sim.errors import DataError

ERRORS = {name: value for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, Exception)}

#: Names that mean the same wherever they stand (CONTRIBUTING.md), and so need no line in each docstring.
COMMON = re.findall(
    r"\w+",
    """spec model population projection network checkpoint recording data task dt dtype device form step_order seed rng surrogate x w rho
    theta v values inputs raster state record n_input n_pre n_post n_neurons n_steps title xlabel ylabel name path folder where text plain
    side ax progress message""",
)


def packages():
    found = (m.name for m in pkgutil.walk_packages(hetsyn_sim.__path__, "hetsyn_sim.") if m.ispkg)
    return ["hetsyn_sim", *(name for name in found if not name.startswith("hetsyn_sim.cli"))]


def functions_of(owner):
    """A class's own public methods, whatever they are wrapped in."""
    for name, member in vars(owner).items():
        function = getattr(member, "__func__", None) or getattr(member, "fget", None) or getattr(member, "func", None) or member
        if inspect.isfunction(function) and not name.startswith("_"):
            yield name, function


def public():
    """Place -> function or class, and the class it belongs to."""
    found = {}
    for package in packages():
        module = import_module(package)
        for name in getattr(module, "__all__", ()):
            value = getattr(module, name)
            if not getattr(value, "__module__", "").startswith("hetsyn_sim.") or not (inspect.isfunction(value) or inspect.isclass(value)):
                continue
            if value in ERRORS.values():
                continue
            place = f"{value.__module__}.{value.__name__}"
            found[place] = value, None
            if inspect.isclass(value):
                found |= {f"{place}.{method}": (function, value) for method, function in functions_of(value)}
    return found


PUBLIC = public()


def docstring(value, owner):
    """Its own or, for a method that fills in a documented one, the inherited."""
    classes = owner.__mro__ if owner else ()
    inherited = (getattr(vars(base).get(value.__name__), "__doc__", None) for base in classes)
    return inspect.cleandoc(value.__doc__ or next((text for text in inherited if text), ""))


def listed(text, section):
    """The names in a section of a NumPy docstring."""
    match = re.search(rf"^{section}\n-+\n(.*?)(?=^\S[^\n]*\n-+\n|\Z)", text, re.MULTILINE | re.DOTALL)
    heads = re.findall(r"^\S.*", match.group(1), re.MULTILINE) if match else []
    return {name.strip() for head in heads for name in head.split(" : ")[0].split(",")}


def described_beside(value):
    """The fields of a dataclass that have a comment: beside them, or above the group that they are in."""
    if inspect.isclass(value) and hasattr(value, "model_fields"):  # pydantic: the settings of a training
        return " ".join(["", *(name for name, field in value.model_fields.items() if field.description)])
    if not inspect.isclass(value) or not hasattr(value, "__dataclass_fields__"):
        return ""
    described, above = [], False
    for line in inspect.getsource(value).splitlines():
        field = re.match(r"    (\w+): ", line)
        if field is not None and (above or "  # " in line):
            described.append(field[1])
        elif field is None and (line.strip().startswith("#") or not line.strip()):
            above = bool(line.strip())
    return " ".join(["", *described])


def undocumented(value, text):
    """Parameters whose name is nowhere in the docstring."""
    if re.search(r"\b[Aa]s (in|for|those of)? ?:(func|meth|class):|:(func|meth|class):.* (takes|with the same)", text):
        return set()  # written down there
    text += described_beside(value)
    protocol = getattr(value, "_is_protocol", False)
    taken = [] if protocol else [p for p in inspect.signature(value).parameters if p not in ("self", "cls") and not p.startswith("_")]
    return {p for p in taken if p not in COMMON and not re.search(rf"\b{re.escape(p)}\b", text)}


def raised(value):
    """The typed errors that a function's own lines raise."""
    value = value if inspect.isfunction(value) else vars(value).get("__init__") or vars(value).get("__post_init__")
    if not inspect.isfunction(value) or value.__code__.co_filename == "<string>":
        return set()
    tree = ast.parse(textwrap.dedent(inspect.getsource(value)))
    calls = (node.exc.func for node in ast.walk(tree) if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call))
    return {call.id for call in calls if isinstance(call, ast.Name) and call.id in ERRORS}


def unannounced(value, text):
    """Errors that are raised, and are neither listed nor of a kind that is."""
    kinds = listed(text, "Raises")
    return {name for name in raised(value) if not kinds & {base.__name__ for base in ERRORS[name].__mro__}}


def fills_in_a_protocol(value):
    """``derivative``, ``sample`` and ``scores`` are what a protocol asks for, and are documented there."""
    near = [*vars(import_module(value.__module__)).values(), *(owner for _, owner in PUBLIC.values())]
    protocols = [found for found in near if inspect.isclass(found) and getattr(found, "_is_protocol", False)]
    return any(getattr(vars(protocol).get(value.__name__), "__doc__", None) for protocol in protocols)


def faults(value, owner):
    """What is missing in the docstring of a public name."""
    text = docstring(value, owner)
    if not text:
        return [] if owner and fills_in_a_protocol(value) else ["a docstring"]
    return sorted(undocumented(value, text) | unannounced(value, text))


def test_what_is_public_is_written_down():
    assert {place: missing for place, (value, owner) in PUBLIC.items() if (missing := faults(value, owner))} == {}


def sample(chosen, other):
    """A docstring with ``chosen``."""
    raise DataError("no", where="here")


def test_the_check_finds_what_is_missing():
    text = docstring(sample, None)
    assert undocumented(sample, text) == {"other"}
    assert unannounced(sample, text) == {"DataError"}
    assert unannounced(sample, f"{text}\n\nRaises\n------\nHetSynError\n    Never.\n") == set()
    sections = "Parameters\n----------\na, b : int\n    One.\nc\n    Two.\n\nRaises\n------\nDataError\n"
    assert listed(sections, "Parameters") == {"a", "b", "c"}
    assert len(PUBLIC) > 250
