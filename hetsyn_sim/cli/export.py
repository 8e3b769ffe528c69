"""``hetsyn export``: a trained network for other programs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import ConfigError, one_of
from .console import say, show_table
from .options import CheckpointPath, DataFile, JsonFile, Recordings, Split, check_output, load_checkpoint, load_data, selected, write_json

if TYPE_CHECKING:
    from ..data.checkpoint import Checkpoint
    from ..data.events import SpikeDataset
    from ..exchange.nir.graph import Form


def export(
    checkpoint_path: CheckpointPath,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Where to: a new or empty folder, or that of an earlier export; nir: a file.")],
    to: Annotated[str, typer.Option("--to", metavar="TARGET", help="What to write: brian2, nir or csv.")] = "brian2",
    data_file: DataFile = None,
    split: Split = "test",
    recordings: Recordings = None,
    reading: Annotated[
        str, typer.Option("--reading", help="nir: who reads it: ode (the equations as they stand), euler, held, snntorch or norse.")
    ] = "ode",
    groups: Annotated[
        int | None,
        typer.Option("--groups", metavar="K", min=1, help="nir: at most K time constants among a neuron's synapses."),
    ] = None,
    per_synapse: Annotated[bool, typer.Option("--per-synapse", help="nir: write every synapse apart: exact, and large in memory.")] = False,
    json_file: JsonFile = None,
) -> None:
    """Write a trained network for other programs.

    brian2: a folder with a commented Brian2 script, its values and recordings. It needs Brian2 and NumPy only, and says how many spikes
    differ from those of the trained network. nir: a graph in the Neuromorphic Intermediate Representation. csv: weights, parameters and
    spikes as tables.

    ```
    hetsyn export runs/fsdd-demo-seed0 digits --to brian2
    hetsyn export runs/fsdd-demo-seed0 digits --recordings 20
    hetsyn export runs/fsdd-demo-seed0 digits.nir --to nir --groups 4
    hetsyn export runs/fsdd-demo-seed0 tables --to csv --recordings 5
    ```
    """
    write = one_of(to, _TARGETS, "target", where="--to")
    if to != "nir" and (groups is not None or per_synapse or reading != "ode"):
        raise ConfigError(
            "these options are for NIR",
            where=f"--to {to}",
            got="--reading, --groups or --per-synapse",
            expected="none of them",
            remedy="leave them out, or choose --to nir",
        )
    check_output(json_file)
    checkpoint = load_checkpoint(checkpoint_path)
    result = write(
        checkpoint,
        out,
        lambda: selected(load_data(data_file, checkpoint), split, recordings),
        reading=reading,
        groups=groups,
        form="synapses" if per_synapse else "groups",
    )
    show_table(result.title, result.rows)
    if result.hint:
        say(result.hint)
    write_json(json_file, result.content)


@dataclass(frozen=True)
class _Result:
    """Title and rows of the table, the content of the JSON file, and what to do next."""

    title: str
    rows: dict[str, str]
    content: dict[str, Any]
    hint: str = ""


def _to_brian2(checkpoint: Checkpoint, out: Path, data: Callable[[], SpikeDataset], **_: object) -> _Result:
    from ..exchange import export_brian2

    done = export_brian2(checkpoint, data(), out)
    rows = {"recordings": str(done.n_recordings)} | {f"spikes of {name}": f"{n:,}" for name, n in done.n_spikes.items()}
    rows["accuracy"] = f"{100 * done.accuracy:.2f} %"
    content = {"folder": str(done.folder), "n_recordings": done.n_recordings, "n_spikes": done.n_spikes, "accuracy": done.accuracy}
    return _Result("Exported to Brian2", rows, content, f"run it with: python {done.folder / 'network.py'}")


def _to_nir(
    checkpoint: Checkpoint, out: Path, data: Callable[[], SpikeDataset], *, reading: str, groups: int | None, form: Form
) -> _Result:
    from ..exchange.nir import effect_of, export_nir, loads_in, quantise

    # before the file is written: the recordings may not be here, or not fit
    coarse = None if groups is None else quantise(checkpoint, groups)
    effect = effect_of(checkpoint, coarse.checkpoint, data()) if coarse is not None and coarse.errors else None
    done = export_nir(checkpoint, out, reading=reading, groups=groups, form=form)
    rows = {"file": str(done.path), "reading": reading, "nodes": ", ".join(f"{n} {kind}" for kind, n in done.nodes.items())}
    loads = dict(loads_in(done.nodes, reading))
    content: dict[str, Any] = {"file": str(done.path), "reading": reading, "nodes": done.nodes, "loads_in": loads, "quantised": None}
    into = {f"into {name}": how for name, how in loads.items()}
    if done.quantised is None or effect is None:
        return _Result("Exported to NIR", rows | {"time constants": "as they are"} | into, content, _LOAD)
    for key, error in done.quantised.errors.items():
        rows[key] = f"off by {100 * error['weighted']:.2g} % (weighted by weights), at most {100 * error['largest']:.2g} %"
    content["quantised"] = done.quantised.to_dict() | {"effect": asdict(effect)}
    return _Result("Exported to NIR, with grouped time constants", rows | effect.rows() | into, content, _LOAD)


#: What the calls in the table take.
_LOAD = "graph: nir.read(FILE), or for ours the file; load_nir is in hetsyn_sim.exchange.nir.loading"


def _to_csv(checkpoint: Checkpoint, out: Path, data: Callable[[], SpikeDataset], **_: object) -> _Result:
    from ..exchange import export_csv

    done = export_csv(checkpoint, data(), out)
    rows = {"folder": str(done.folder)} | {name: f"{n:,} rows" for name, n in done.n_rows.items()}
    return _Result("Exported as tables", rows, {"folder": str(done.folder), "n_rows": done.n_rows})


_TARGETS: dict[str, Callable[..., _Result]] = {"brian2": _to_brian2, "nir": _to_nir, "csv": _to_csv}
