"""``hetsyn fit-recordings``: the parameters of a neuron from recordings of it."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import ConfigError, TransferError
from .console import say, show, show_table
from .options import JsonFile, check_has_unit, check_output, write_json

if TYPE_CHECKING:
    from ..spec import NeuronModel
    from ..training.fitting import RecordingsFit

_INTERRUPTED = 130


def fit_recordings(
    model_name: Annotated[str, typer.Argument(metavar="MODEL", help="A model that ships, such as AdEx, or the path of a YAML file.")],
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Where to: values, figures, and the neuron as a Brian2 script.")],
    dt: Annotated[str, typer.Option("--dt", metavar="TIME", help='Between samples, with its unit: "0.1 ms".')],
    inputs: Annotated[
        list[str] | None,
        typer.Option("--input", metavar="NAME=FILE UNIT", help='What was injected: "I_0=current.csv pA". May be repeated.'),
    ] = None,
    voltage: Annotated[str | None, typer.Option("--voltage", metavar="FILE UNIT", help='The recorded voltage: "v.csv mV".')] = None,
    spikes: Annotated[
        str | None, typer.Option("--spikes", metavar="FILE UNIT", help='Times of its spikes: "spikes.csv ms"; "none" if there are none.')
    ] = None,
    input_spikes: Annotated[
        str | None, typer.Option("--input-spikes", metavar="FILE UNIT", help="Times of spikes that arrive at the model's synapses.")
    ] = None,
    fit: Annotated[
        list[str] | None,
        typer.Option("--fit", metavar="NAME=LOW..HIGH", help='What is unknown: "C=50 pF..500 pF", or a name alone. May be repeated.'),
    ] = None,
    known: Annotated[
        list[str] | None, typer.Option("--value", metavar="NAME=VALUE", help='What is known: "E_L=-70 mV". May be repeated.')
    ] = None,
    loss: Annotated[str | None, typer.Option("--loss", help="voltage, spikes or both.")] = None,
    skip: Annotated[str, typer.Option("--skip", metavar="TIME", help="The beginning of every trial, which does not count.")] = "0 ms",
    blank: Annotated[
        tuple[str, str], typer.Option("--blank", metavar="BEFORE AFTER", help="Around spikes, where the voltage does not count.")
    ] = ("0 ms", "0 ms"),
    restarts: Annotated[int, typer.Option("--restarts", metavar="N", min=1, help="Starts drawn between the bounds.")] = 20,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the starts.")] = 0,
    json_file: JsonFile = None,
) -> None:
    """Fit parameters of a neuron to recorded voltages and spikes.

    Files are tables with a row for each sample and a column for each trial, members of NumPy archives (`cell.npz:v`), or what Neo reads,
    which has its own units (`cell.abf:Vm`, a channel by name or number; a segment is a trial). Spike times of tables are
    one column, or two: the number of the trial, from 0, and the time. Ctrl-C ends the search, and what was found so far is written;
    the same command goes on from there.

    ```
    hetsyn fit-recordings AdEx --dt "0.1 ms" --input "I_0=i.csv pA" --voltage "v.csv mV" --spikes "spikes.csv ms" --fit a --fit b --out fit
    hetsyn fit-recordings mine.yaml --dt "50 us" --input "g=cell.npz:g nS" --voltage "cell.npz:v mV" --fit "C=50 pF..500 pF" --out fit
    ```
    """
    check_output(json_file, out / "fit.json")
    for option, time in (("--dt", dt), ("--skip", skip), *(("--blank", time) for time in blank)):
        check_has_unit(time, option)
    from ..exchange.expected import check_folder
    from ..exchange.fit_script import FIT_FILES
    from ..exchange.trial_files import read_times, read_traces
    from ..training.fitting import fit_recordings as fitted

    check_folder(out, lambda path: path.name in FIT_FILES)
    model = _model(model_name)
    given = {name: read_traces(place, "--input") for name, place in _pairs(inputs, "--input", "I_0=current.csv pA")}
    v = None if voltage is None else read_traces(voltage, "--voltage")
    n_trials = len(v if v is not None else next(iter(given.values()), [0]))
    times: dict[str, Any] = {}
    for name, place in (("spikes", spikes), ("input_spikes", input_spikes)):
        option = f"--{name.replace('_', '-')}"
        times[name] = None if place is None else [[]] * n_trials if place == "none" else read_times(place, option, n_trials)
    result = fitted(
        model,
        given,
        v=v,
        dt=dt,
        **times,
        parameters={name: _bounds(text, name) if text else None for name, text in _pairs(fit, "--fit", "C=50 pF..500 pF", alone=True)},
        values=dict(_pairs(known, "--value", "E_L=-70 mV")),
        loss=loss,
        skip=skip,
        blank=blank,
        restarts=restarts,
        seed=seed,
        resume=out / "unfinished.safetensors",
    )
    facts = describe(result)
    _write(result, facts, out)
    show(str(result))
    show_table("fitted", {"folder": str(out), "spikes coincide by": f"{facts['coincidence']:.3f}", "next": f"python {out / 'neuron.py'}"})
    write_json(json_file, facts)
    if result.interrupted:
        say("interrupted: what was found so far is written, and the same command goes on from there")
        raise typer.Exit(_INTERRUPTED)


def describe(result: RecordingsFit) -> dict[str, Any]:
    """A fit as plain data, all numbers in SI units."""
    parameters = {
        name: {"value": value, "error": result.errors[name], "bounds": list(result.bounds[name]), "at_bound": name in result.at_bound}
        for name, value in result.fitted.items()
    }
    return {
        "model": result.model.name,
        "parameters": parameters,
        "unidentified": [list(names) for names in result.unidentified],
        "noise": result.noise,
        "width": result.width,
        "coincidence": result.coincidence(),
        "restarts": [dict(zip(parameters, map(float, end), strict=True)) for end in result.ends],
        "costs": result.costs.tolist(),
        "agreeing": result.agreeing,
        "runs": result.runs,
        "time_s": result.seconds,
        "interrupted": result.interrupted,
        "dt_s": result.trials.dt,
        "n_trials": result.trials.n_trials,
        "n_steps": result.trials.n_steps,
    }


def _write(result: RecordingsFit, facts: dict[str, Any], folder: Path) -> None:
    from matplotlib.figure import Figure

    from ..data.files import json_text, write_atomically
    from ..exchange.fit_script import export_fit
    from ..report import plots

    folder.mkdir(parents=True, exist_ok=True)
    try:
        export_fit(result, folder)
    except TransferError as error:
        say(f"no script: {error.got}")
    write_atomically(folder / "fit.json", json_text(facts))
    write_atomically(folder / "model.yaml", result.model.to_text())
    drawn: dict[str, Callable[..., Any]] = {
        "fit.png": plots.plot_fit,
        "residuals.png": plots.plot_residuals,
        "restarts.png": plots.plot_restarts,
    }
    if result.trials.v is None:
        drawn.pop("residuals.png")
    for name, plot in drawn.items():
        figure, content = Figure(figsize=(9.0, 3.0), layout="constrained"), io.BytesIO()
        plot(result, ax=figure.subplots())
        figure.savefig(content, dpi=150)
        write_atomically(folder / name, content.getvalue())


def _model(name: str) -> NeuronModel:
    from ..data.files import reading
    from ..models import REGISTRY, get_model
    from ..spec import NeuronModel

    path = Path(name)
    if name in REGISTRY or not path.suffix:
        return get_model(name)
    with reading(path, "this model can't be read", expected="a file that NeuronModel.to_text wrote", remedy="check the path", most=1 << 20):
        return NeuronModel.from_text(path.read_text(encoding="utf-8"))


def _pairs(texts: Sequence[str] | None, option: str, example: str, *, alone: bool = False) -> list[tuple[str, str]]:
    found = []
    for text in texts or ():
        name, equals, value = (part.strip() for part in text.partition("="))
        if not name or (not value and (equals or not alone)):
            raise ConfigError("a name and a value belong here", where=option, got=repr(text), expected=f'"{example}"', remedy="write both")
        found.append((name, value))
    return found


def _bounds(text: str, name: str) -> tuple[str, str]:
    low, dots, high = (part.strip() for part in text.partition(".."))
    if not (low and dots and high):
        raise ConfigError(
            "a search needs two bounds",
            where=f"--fit {name}",
            got=repr(text),
            expected=f'"{name}=LOW..HIGH", each with its unit',
            remedy="write both",
        )
    return low, high
