"""``hetsyn import``: a network that another program has trained, as a checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .console import show_table
from .options import JsonFile, check_output, write_json

__all__ = ["import_network"]


def import_network(
    model: Annotated[Path, typer.Argument(metavar="MODEL.pth", help="A state dict that torch.save wrote.", show_default=False)],
    out: Annotated[Path, typer.Argument(metavar="OUT.safetensors", help="The checkpoint to write.", show_default=False)],
    dt: Annotated[str, typer.Option("--dt", help='The time that a step really is: "4 ms" for published SHD networks.', show_default=False)],
    layout: Annotated[str, typer.Option("--layout", help="Which program saved it.")] = "hetsyn-official",
    theta: Annotated[float, typer.Option("--theta", help="Threshold.")] = 1.0,
    tau_reset: Annotated[
        str | None, typer.Option("--tau-reset", help="Time constant of the reset current; by default 20 steps.", show_default=False)
    ] = None,
    json_file: JsonFile = None,
) -> None:
    """Make a checkpoint of a network that another program has trained. The file is read without running anything in it.

    ```
    hetsyn import model.pth official.safetensors --layout hetsyn-official --dt "4 ms"
    ```
    """
    check_output(out, json_file)
    from ..importing import import_network as read

    checkpoint = read(model, dt=dt, layout=layout, theta=theta, tau_reset=tau_reset)
    path = checkpoint.save(out)
    spec = checkpoint.spec
    populations = {p.name: f"{p.size} {p.model.name}" for p in spec.populations}
    synapses = sum(q.n_pre * q.n_post for q in spec.projections)
    rows = {
        "input": f"{spec.n_input} channels, dt = {1e3 * spec.dt_s:g} ms",
        **populations,
        "synapses": f"{synapses:,}",
        "checkpoint": str(path),
    }
    show_table("Imported", rows)
    write_json(
        json_file, {"checkpoint": str(path), "n_input": spec.n_input, "dt_s": spec.dt_s, "populations": populations, "synapses": synapses}
    )
