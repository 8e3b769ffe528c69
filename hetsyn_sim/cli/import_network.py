"""``hetsyn import``: a network that another program has trained, as a checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import ConfigError
from .console import show_table
from .options import JsonFile, check_has_unit, check_output, write_json


def import_network(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A NIR graph (.nir), or a state dict that torch.save wrote.")],
    out: Annotated[Path, typer.Argument(metavar="OUT.safetensors", help="The checkpoint to write.")],
    dt: Annotated[
        str | None,
        typer.Option("--dt", help='The time that a step really is: "4 ms" for published SHD networks. NIR of ours knows it.'),
    ] = None,
    layout: Annotated[str | None, typer.Option("--layout", help="What it is: nir (the default for .nir) or hetsyn-official.")] = None,
    theta: Annotated[float, typer.Option("--theta", help="hetsyn-official: threshold.")] = 1.0,
    tau_reset: Annotated[
        str | None,
        typer.Option("--tau-reset", help="hetsyn-official: time constant of the reset current; by default 20 steps."),
    ] = None,
    state_dict: Annotated[
        str | None,
        typer.Option(
            "--state-dict",
            metavar="NAME",
            help="hetsyn-official: which one of a file with several: model, its last epoch (the default), or best_model_state, "
            "its best on the test split.",
        ),
    ] = None,
    reading: Annotated[
        str | None,
        typer.Option(
            "--reading", help="nir: how its equations are meant: ode, euler, held, snntorch or norse; else what the file says, or euler."
        ),
    ] = None,
    as_foreign: Annotated[bool, typer.Option("--as-foreign", help="nir: go by the nodes alone, also in a graph of ours.")] = False,
    json_file: JsonFile = None,
) -> None:
    """Make a checkpoint of a network that another program has trained. The file is read without running anything in it.

    ```
    hetsyn import model.pth official.safetensors --layout hetsyn-official --dt "4 ms"
    hetsyn import seed_0.pth official.safetensors --layout hetsyn-official --dt "4 ms" --state-dict best_model_state
    hetsyn import digits.nir digits.safetensors
    hetsyn import braille.nir braille.safetensors --dt "0.1 ms" --reading snntorch
    ```
    """
    check_output(out, json_file)
    for option, time in (("--dt", dt), ("--tau-reset", tau_reset)):
        if time is not None:
            check_has_unit(time, option)
    if layout == "nir" or (layout is None and model.suffix == ".nir"):
        from ..exchange import import_nir

        checkpoint = import_nir(model, dt=dt, reading=reading, ours=not as_foreign)
    else:
        if dt is None:
            raise ConfigError(
                "this network has no time step",
                where=str(model),
                got="no --dt",
                expected="the time that a step of its recordings is",
                remedy='give it with its unit: --dt "4 ms"',
            )
        from ..exchange import import_network as read

        checkpoint = read(model, dt=dt, layout=layout or "hetsyn-official", theta=theta, tau_reset=tau_reset, state_dict=state_dict)
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
