"""``hetsyn info``: what is in a checkpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .console import show, table
from .options import CheckpointPath, JsonFile, check_output, load_checkpoint, write_json

if TYPE_CHECKING:
    from ..data.checkpoint import Checkpoint


def info(checkpoint_path: CheckpointPath, json_file: JsonFile = None) -> None:
    """Show what a checkpoint holds: network, equations, parameters, recipe, metrics and where it comes from.

    ```
    hetsyn info runs/fsdd-demo-seed0
    hetsyn info network.safetensors --json network.json
    ```
    """
    check_output(json_file)
    checkpoint = load_checkpoint(checkpoint_path)
    facts = describe(checkpoint)
    import typer
    import yaml
    from rich.text import Text

    network = table("", "")
    network.add_row("  input", f"{checkpoint.spec.n_input} channels")
    for p in facts["populations"]:
        network.add_row(f"  {p['name']}", f"{p['size']} {p['model']}")
    for p in facts["projections"]:
        network.add_row(f"  {p['name']}", f"{p['n_post']} x {p['n_pre']} synapses")
    network.add_row("  to be kept", f"{facts['n_trained']:,} trained numbers, {facts['n_states']:,} states that decay in every step")
    show(f"network, dt = {facts['dt']}", network, "")
    for model in facts["models"]:
        equations = table("", "")
        for part in _EQUATIONS:
            for line in model[part].splitlines():
                equations.add_row(f"  {part}", Text(line))
        show(Text(f"{model['name']} ({model['reference']})" if model["reference"] else model["name"]), equations, "")
    parameters = table("parameters", "", "", *(headers := ("values", "lowest", "median", "highest")), numbers=len(headers))
    for key, p in facts["parameters"].items():
        numbers = [f"{p[name]:.4g}" for name in headers[1:]]
        parameters.add_row(f"  {key}", p["unit"].removesuffix("1"), "trained" if p["trainable"] else "", f"{p['n_values']:,}", *numbers)
    show(parameters)
    for part in checkpoint.about:
        if facts[part]:
            text = yaml.safe_dump(facts[part], sort_keys=False, width=120)
            typer.echo("\n".join(["", part, *(f"  {line}" for line in text.splitlines())]))
    write_json(json_file, facts)


_EQUATIONS = ("synapse", "on_pre", "neuron", "threshold", "reset")


def describe(checkpoint: Checkpoint) -> dict[str, Any]:
    """Everything but the values themselves, as plain data; of the values lowest, median and highest in the parameter's own unit."""
    import numpy as np

    from ..discrete.cost import count_parameters, count_states
    from ..spec import format_quantity
    from ..spec.quantities import parse_unit

    spec = checkpoint.spec
    parameters = {}
    for key, slot in spec.slots.items():
        unit = slot.parameter.unit
        values = np.asarray(checkpoint.values[key], dtype=np.float64) / (1.0 if unit == "1" else float(parse_unit(unit, where=key)))
        parameters[key] = {
            "axes": slot.parameter.axes,
            "shape": list(slot.shape),
            "n_values": int(values.size),
            "unit": unit,
            "trainable": slot.parameter.trainable,
            **{name: float(f(values)) for name, f in (("lowest", np.min), ("median", np.median), ("highest", np.max))},
        }
    models = {p.model.name: p.model for p in spec.populations}
    return {
        "dt": format_quantity(spec.dt_s, "ms"),
        "dt_s": spec.dt_s,
        "n_input": spec.n_input,
        "n_trained": count_parameters(spec),
        "n_states": count_states(spec),
        "step_order": spec.phases,
        "populations": [{"name": p.name, "size": p.size, "model": p.model.name} for p in spec.populations],
        "projections": [{"name": p.name, "source": p.source, "n_post": p.n_post, "n_pre": p.n_pre} for p in spec.projections],
        "models": [{part: getattr(m, part) for part in ("name", "reference", *_EQUATIONS)} for m in models.values()],
        "parameters": parameters,
        **checkpoint.about,
    }
