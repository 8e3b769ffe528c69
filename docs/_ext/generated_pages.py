"""Parts of the pages that are made from the code at build time, so that they can't go stale.

Written to ``docs/generated/pages/*.inc`` and pulled in by ``{include}``: the neuron models, Brian2's orders, the settings of a recipe, the
command line, the nodes of the shared-decay expansion, the tables of the digits experiment and of the benchmarks as far as they have been
measured.
"""

from __future__ import annotations

import inspect
import json
import math
import re
import tomllib
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import sympy
import torch
import typer

import hetsyn_sim
from hetsyn_sim.brian.schedule import Schedule
from hetsyn_sim.cli.app import app
from hetsyn_sim.discrete import discretise, is_filter
from hetsyn_sim.kernels.shared_decays import shared_decays
from hetsyn_sim.models import MODELS, OF_VALUES, ZOO
from hetsyn_sim.spec import DEFAULT_STEP_ORDER, NeuronModel, Parameter, format_quantity
from hetsyn_sim.training import Recipe

NOT_MEASURED = "*The table is not here yet: the experiment has not been run to its end.*\n"
#: Written by ``benchmarks`` into ``docs/_generated``.
MEASURED = ("digits", "speed", "growth", "nir-agreement", "nir-groups", "elsewhere", "ledger")
_VALUE_PER = {"post pre": "synapse (post, pre)", "post": "neuron (post)", "layer": "layer"}


def setup(app: Any) -> dict[str, Any]:
    """Called by Sphinx."""
    app.connect("builder-inited", lambda app: write_all(Path(app.srcdir)))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def write_all(docs: Path) -> None:
    """Write every generated part below ``docs``."""
    folder = docs / "generated" / "pages"
    folder.mkdir(parents=True, exist_ok=True)
    pages = {
        "models": "\n".join(line for model in MODELS.values() for line in model_lines(model)),
        "zoo": "\n".join(line for model in (*ZOO.values(), *OF_VALUES.values()) for line in model_lines(model)),
        "orders": "\n".join(order_lines()),
        "cli": "\n".join(command_lines()),
        "settings": "\n".join(setting_lines()),
        "layers": "\n".join(layer_lines(docs.parent / "pyproject.toml")),
        "top": "\n".join(top_lines()),
        "expansion": "\n".join(expansion_lines()),
        "precision": "\n".join(precision_lines(docs.parent / "benchmarks" / "results" / "precision.json")),
        "view": "\n".join(view_lines(docs.parent / "benchmarks" / "results" / "view.json")),
        "first-result": "\n".join(first_result_lines(docs.parent / "benchmarks" / "results" / "first-result.json")),
    }
    for name in MEASURED:
        measured = docs / "_generated" / f"{name}.md"
        pages[name] = measured.read_text(encoding="utf-8") if measured.exists() else NOT_MEASURED
    for name, text in pages.items():
        path = folder / f"{name}.inc"
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


# -- neuron models ------------------------------------------------------------------------------------------------------------------------


def model_lines(model: NeuronModel) -> Iterator[str]:
    """One model: its text as it is written, its parameters, and the step that is derived from it."""
    yield from (f"### {model.name}", "", model.reference, "", "```text")
    begins = "\n".join(f"{state} = {text}" for state, text in model.initial.items())
    parts = {part: getattr(model, part) for part in ("synapse", "on_pre", "neuron", "threshold", "reset", "refractory", "output")}
    for part, text in {**parts, "initial": begins, "step_order": str(model.step_order or "")}.items():
        for number, line in enumerate(text.splitlines()):
            yield f"{part if number == 0 else '':<11}{line}"
    yield from ("```", "", "| parameter | one value per | unit | at the start | bounds | trained |", "|---|---|---|---|---|---|")
    for name, parameter in model.parameters.items():
        cells = (f"`{name}`", _VALUE_PER[parameter.axes or ""], parameter.unit, f"`{parameter.distribution.to_text(parameter.unit)}`")
        yield f"| {' | '.join(cells)} | {_bounds(parameter)} | {'yes' if parameter.trainable else 'no'} |"
    if not is_filter(model):
        yield from ("", f"It is stepped ({{doc}}`stepped`), with scheme `{model.scheme}`.", "")
        return
    program = discretise(model)
    yield from (
        "",
        "One step, as derived from the text:",
        "",
        "| event | adds | to | kept per step | enters v times |",
        "|---|---|---|---|---|",
    )
    for event, paths in (("presynaptic spike", program.synaptic_paths), ("own spike", program.reset_paths)):
        for path in paths:
            yield f"| {event} | `{path.amplitude}` | `{path.state}` | `{sympy.simplify(path.decay)}` | `{path.gain}` |"
    yield ""


def _bounds(parameter: Parameter) -> str:
    if parameter.bounds is None:
        return "–"
    low, high = parameter.si_bounds
    if low == -float("inf") and high == float("inf"):
        return "none"
    return f"{format_quantity(low, parameter.unit)} to {format_quantity(high, parameter.unit)}"


# -- the order of a step in Brian2 --------------------------------------------------------------------------------------------------------


def order_lines(n_populations: int = 3) -> Iterator[str]:
    """The orders that a network of two layers and a readout gets in Brian2's slot, from the class that sets them."""
    schedule = Schedule(DEFAULT_STEP_ORDER)
    rows = {
        schedule.input_order: "this step's input spikes are made",
        schedule.phase("decay"): "every state follows its equations for dt (Brian2's `exact` update)",
        schedule.phase("reset"): "resets of all layers; they still see the spikes of the step before",
        schedule.phase("recurrent"): "recurrent synapses of all layers deliver; they too see the spikes of the step before",
        schedule.wipe_order: "states are set to 0 where a new recording begins (recordings run one after the other)",
    }
    for k in range(1, n_populations + 1):
        name = "readout" if k == n_populations else f"layer {k}"
        rows[schedule.deliver(k)] = f"{name}: feed-forward spikes of this step arrive"
        rows[schedule.sums(k)] = f"{name}: the sums over synapses are taken"
        if k < n_populations:
            rows[schedule.threshold(k)] = f"{name}: v is compared with the threshold; its spikes of this step are known"
    yield from ("| order | what happens |", "|---|---|")
    for order, what in sorted(rows.items()):
        yield f"| {order} | {what} |"


# -- the layers ---------------------------------------------------------------------------------------------------------------------------


def layer_lines(pyproject: Path) -> Iterator[str]:
    """The layers in import-linter's order, each with the first sentence of its modules' docstrings."""
    contracts = tomllib.loads(pyproject.read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["id"] == "layers")
    yield from ("| layer | what it is |", "|---|---|")
    for layer in layers:
        names = re.findall(r"\w+", layer)
        first = (re.split(r"(?<=[.:?])\s", inspect.getdoc(import_module(f"hetsyn_sim.{name}")) or "")[0] for name in names)
        yield f"| {', '.join(f'`{name}`' for name in names)} | {' / '.join(text.rstrip(':.?') for text in first).replace('``', '`')} |"


# -- the command line ---------------------------------------------------------------------------------------------------------------------


def _commands(group: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every command that help shows, those of groups too, by the words that call it."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, f"{prefix}{name} ")
        elif not command.hidden:
            yield f"{prefix}{name}", command


def command_lines() -> Iterator[str]:
    """Every verb with its help, from the program itself."""
    program: Any = typer.main.get_command(app)
    for name, command in _commands(program):
        with command.make_context(f"hetsyn {name}", [], resilient_parsing=True) as context:
            usage = " ".join(command.collect_usage_pieces(context))
            yield from (f"## `hetsyn {name}`", "", "```text", f"hetsyn {name} {usage}", "```", "", inspect.cleandoc(command.help), "")
            records = [(parameter, parameter.get_help_record(context)) for parameter in command.get_params(context)]
        yield from ("| | |", "|---|---|")
        for _, record in records:
            if record is not None:
                spelling, text = (re.sub(r"\s+", " ", cell).replace("|", "\\|") for cell in record)
                yield f"| `{spelling}` | {text} |"
        yield ""


# -- the settings of a recipe -------------------------------------------------------------------------------------------------------------


def setting_lines() -> Iterator[str]:
    """Every setting by its place in a recipe, from the JSON schema of the class that reads it."""
    schema = Recipe.model_json_schema()
    yield from ("| setting | default | may be | what it is |", "|---|---|---|---|")
    yield from _setting_rows(schema, schema["$defs"], "")


def _setting_rows(section: Mapping[str, Any], sections: Mapping[str, Any], place: str) -> Iterator[str]:
    for name, field in section["properties"].items():
        options = field.get("anyOf") or field.get("oneOf") or [field]
        inner = [sections[option["$ref"].rsplit("/", 1)[-1]] for option in options if "$ref" in option]
        if "const" not in field and (not inner or field.get("default") is None):
            allowed = " or ".join(dict.fromkeys("a section" if "$ref" in option else _allowed(option) for option in options))
            yield f"| `{place}{name}` | `{json.dumps(field.get('default'))}` | {allowed} | {field['description']} |"
        names = [part["properties"]["name"]["const"] for part in inner] if len(inner) > 1 else []
        if names:
            allowed = ", ".join(f"`{choice}`" for choice in names)
            yield f"| `{place}{name}.name` | `{json.dumps(field['default']['name'])}` | {allowed} | {field['description']} |"
        for k, part in enumerate(inner):
            for row in _setting_rows(part, sections, f"{place}{name}."):
                yield row.replace("` |", f"` ({names[k]}) |", 1) if names else row


def _allowed(schema: Mapping[str, Any]) -> str:
    """One alternative of a field, in words."""
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    signs = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    limits = ", ".join(f"{sign} {schema[key]:g}" for key, sign in signs.items() if key in schema)
    names = {"boolean": "true, false", "object": "a mapping", "string": "text", "null": "null", "array": "a list"}
    return " ".join(filter(None, (names.get(schema["type"], schema["type"]), limits)))


# -- the shared-decay expansion -----------------------------------------------------------------------------------------------------------


def expansion_lines() -> Iterator[str]:
    """How many nodes the code takes, forward / backward, for a few spreads of decays and tolerances."""
    tolerances = (1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-9)
    yield f"| tau from … to (steps) | steps | {' | '.join(f'{tolerance:.0e}' for tolerance in tolerances)} |"
    yield "|---|---|" + "---|" * len(tolerances)
    for low, high, n_steps in ((5, 20, 250), (2, 50, 250), (0.25, 250, 250), (1, 200, 784), (1, 1000, 2000), (0.2, 2000, 2000)):
        ends = math.log(low), math.log(high), n_steps
        cells = []
        for tolerance in tolerances:
            both = [shared_decays(*ends, tolerance, torch.float64, slope=slope) for slope in (False, True)]
            cells.append(" / ".join("–" if nodes is None else str(nodes.n) for nodes in both))
        yield f"| {low} to {high} | {n_steps} | {' | '.join(cells)} |"


def precision_lines(path: Path) -> Iterator[str]:
    """What `benchmarks.precision` has found: errors of float32 as shares of the rounding bound."""
    if not path.exists():
        yield NOT_MEASURED
        return
    names = ("v", "dL/dw", "dL/drho")
    heads = [f"{name}: {form}" for name in names for form in ("exact", "shared")]
    yield f"| shape, projection | bound / gain | nodes, forward / backward | {' | '.join(heads)} |"
    yield "|---|---|---|" + "---|" * len(heads)
    for row in json.loads(path.read_text(encoding="utf-8")):
        shares = [f"{100 * row[form][name]:.2g} %" for name in names for form in ("exact", "shared")]
        nodes = " / ".join("–" if n is None else str(n) for n in row["nodes"])
        yield f"| `{row['shape']}`, {row['projection']} | {row['rounding_bound']:.1e} | {nodes} | {' | '.join(shares)} |"


# -- the first result --------------------------------------------------------------------------------------------------------------------


def first_result_lines(path: Path) -> Iterator[str]:
    """What `.ci/newcomer` measured, if it has."""
    if not path.exists():
        yield NOT_MEASURED
        return
    rows = json.loads(path.read_text(encoding="utf-8"))
    yield from ("| packages | clone | install | demo | from nothing to the report | CPU time |", "|---|---|---|---|---|---|")
    names = {"warm": "in pip's cache", "cold": "fetched, the cache empty"}
    for row in rows:
        parts = [f"{row[part]:.0f} s" for part in ("clone_s", "install_s", "demo_s")]
        yield f"| {names[row['cache']]} | {' | '.join(parts)} | **{row['first_result_s'] / 60:.1f} min** | {row['cpu_s'] / 60:.1f} min |"
    machine = {f"{row['cpu_model']}, {row['cores']} cores, Python {row['python']}" for row in rows}
    loads = ", ".join(f"{row['load_before']:.1f}" for row in rows)
    busy = any(row["load_before"] > row["cores"] for row in rows)
    said = "Other work was going on, so look at the CPU time rather" if busy else "Nothing else of size was going on"
    yield from ("", f"Measured on: {'; '.join(sorted(machine))}. {said}: load averages of {loads} at the beginning.", "")


def view_lines(path: Path) -> Iterator[str]:
    """What a frame of the page of `hetsyn view` costs."""
    if not path.exists():
        yield NOT_MEASURED
        return
    found = json.loads(path.read_text(encoding="utf-8"))
    yield from ("| window | pixels | page's script | browser's drawing process | frames per second |", "|---|---|---|---|---|")
    for row in found["rows"]:
        window = f"{row['width']} wide{', zoomed in' if row['zoomed'] else ''}"
        yield f"| {window} | {row['ratio']} x | {row['script_ms']} ms | {row['renderer_ms']} ms | {row['fps']} |"
    busy = f"other work was going on (load average {found['load']:.0f}), so look at the processor's time rather than at the frames"
    where = f"Chromium without a graphics card on {found['processor']}, {found['cores']} cores"
    yield from ("", f"{where}: milliseconds of processor time per frame, while {found['n_spikes']:,} spikes per simulator play.", "")
    yield f"Sixty frames a second leave 16.7 ms for each. In this measurement {busy}." if found["load"] > found["cores"] else ""


# -- the names at the top -----------------------------------------------------------------------------------------------------------------


def top_lines() -> Iterator[str]:
    """The classes and functions that ``hetsyn_sim`` itself exports, linked to where they are described (reStructuredText)."""
    yield from (".. list-table::", "   :widths: 28 72", "")
    for name in sorted(hetsyn_sim.__all__, key=str.lower):
        value = getattr(hetsyn_sim, name)
        if inspect.isclass(value) or inspect.isfunction(value):
            parts = value.__module__.split(".")
            packages = [import_module(".".join(parts[:k])) for k in range(2, len(parts))]  # the outermost that exports it shows it
            home = next((p.__name__ for p in packages if name in getattr(p, "__all__", ())), value.__module__)
            summary = inspect.getdoc(value).split("\n\n")[0].replace("\n", " ")
            yield from (f"   * - :py:obj:`{name} <{home}.{name}>`", f"     - {summary}")


if __name__ == "__main__":
    write_all(Path(__file__).parent.parent)
