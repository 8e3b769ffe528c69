"""``hetsyn encode``: recorded words, images, spike times or tables of spikes, to spikes on a grid."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import ConfigError, DataError
from .console import progress_bar, show_table
from .options import JsonFile, check_output, seconds, write_json

if TYPE_CHECKING:
    from ..data.events import SpikeDataset


def encode(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="SOURCE",
            help="Spikes of your own (npz, csv); a folder or archive (zip, tar, tar.gz, tar.xz) of wav files; a corpus; MNIST's images; or "
            "files in the layout of SHD.",
        ),
    ],
    out: Annotated[Path, typer.Argument(metavar="OUT.h5", help="Spike file to write.")],
    dt: Annotated[
        str | None, typer.Option("--dt", help="Time step with its unit; by default for wav files 10 ms, corpora 5, SHD 4, MNIST 1.")
    ] = None,
    channels: Annotated[
        int | None,
        typer.Option(
            "--channels", min=1, help="Of the filterbank, by default 70; of SHD, as many as there are units; grey levels of a pixel, 4."
        ),
    ] = None,
    duration: Annotated[
        str | None, typer.Option("--duration", help="Length with its unit: later spikes are cut off. SHD: 1 s; own spikes: to the last.")
    ] = None,
    time_unit: Annotated[str | None, typer.Option("--time-unit", metavar="UNIT", help="Of your own spike times; s by default.")] = None,
    merge: Annotated[bool, typer.Option("--merge", help="Make one spike of several of a channel in a step, for your own spikes.")] = False,
    binning: Annotated[str, typer.Option("--binning", help="For SHD: clean, or as-published by HetSyn.")] = "clean",
    scan: Annotated[str, typer.Option("--scan", help="For MNIST: by pixel (784 steps) or by row (28 steps).")] = "pixel",
    download: Annotated[
        bool, typer.Option("--download", help="Fetch SHD's files (some 200 MB) from their authors into SOURCE first.")
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace OUT.h5 if it is there.")] = False,
    json_file: JsonFile = None,
) -> None:
    """Encode recorded words or images as spikes, or put spike times onto a grid.

    Your own spikes: an npz archive or a table (csv) with a row for each spike; the page on your own data has the layout. Sound: 16-bit mono
    wav at 8 kHz, called `{digit}_{speaker}_{index}.wav`; indices 0 to 4 become the test split. The folders of TIDIGITS and TI46-Alpha, in
    NIST SPHERE, as threshold crossings. Images: a folder with the files of MNIST, pixel by pixel or row by row. Spike times: HDF5 files in
    the layout of the Spiking Heidelberg Digits (SHD), a folder with one for training and one for testing, or one file.

    ```
    hetsyn encode mine.csv mine.h5 --dt "2 ms"
    hetsyn encode recordings/ digits.h5
    hetsyn encode recordings.zip fine.h5 --dt "5 ms"
    hetsyn encode shd/ shd-4ms.h5 --dt "4 ms" --duration "1 s" --download
    hetsyn encode mnist/ rows.h5 --scan row
    hetsyn encode tidigits/ tidigits.h5
    ```
    """
    check_output(out, json_file)
    _check_new(source, out, overwrite)
    from ..tasks.sources import kind_of, read_recordings

    if download:
        from ..tasks.download import download_heidelberg_digits

        with progress_bar("downloading the Spiking Heidelberg Digits") as progress:
            download_heidelberg_digits(source, progress=progress)
    step = None if dt is None else seconds(dt, "--dt")
    length = None if duration is None else seconds(duration, "--duration")
    kind = kind_of(source)
    if kind == "spikes":
        raise DataError(
            "there is nothing to encode in this file",
            where=str(source),
            got="spikes on a grid, or something that is no recording",
            expected="sound, images, spike times, or a table of spikes",
            remedy="name a spike file where data are asked for, as in hetsyn train RECIPE --data FILE",
        )
    if kind != "own" and (merge or time_unit is not None):
        raise ConfigError(
            "these options are for spikes of your own",
            where=str(source),
            got="--merge or --time-unit",
            expected="a file that ends in .npz or .csv",
            remedy="leave them out",
        )
    options: dict[str, Any] = {"duration": length, "channels": channels, "time_unit": time_unit, "merge": merge}
    with progress_bar(f"encoding {source.name}") as progress:
        data = read_recordings(source, kind, dt=step, binning=binning, scan=scan, progress=progress, **options)
    out.parent.mkdir(parents=True, exist_ok=True)
    data.save(out)
    facts = {
        "path": str(out),
        "n_recordings": len(data),
        "n_train": len(data.train),
        "n_test": len(data.test),
        "n_channels": data.n_channels,
        "dt_s": data.dt,
        "n_spikes": int(data.steps.size),
        "longest_s": float(data.n_steps.max()) * data.dt,
        "fingerprint": data.fingerprint(),
    }
    rows = {
        "recordings": f"{len(data)} ({facts['n_train']} train, {facts['n_test']} test)",
        "spikes": f"{data.steps.size:,} in {data.n_channels} channels, dt = {1e3 * data.dt:g} ms",
    }
    rows |= {"classes": ", ".join(data.classes[:10]) + (", ..." if len(data.classes) > 10 else "")} if data.classes else {}
    if who := _who_speaks(data):
        rows["speakers"] = facts["speakers"] = who
    rows |= {name.replace("_", " "): data.info[name] for name in ("cut_off", "merged", "left_out") if name in data.info}
    show_table("Encoded", rows | {"fingerprint": data.fingerprint(), "file": str(out)})
    write_json(json_file, facts)


def _who_speaks(data: SpikeDataset) -> str:
    """How many speakers there are, and how many are in both splits; empty if the recordings do not tell them apart."""
    n, both = len(set(data.speakers)), len(set(data.train.speakers) & set(data.test.speakers))
    if n < 2:
        return ""
    return f"{n}, {'all' if both == n else both or 'none'} of them in both splits" + (
        ": the test split has no unheard one" if both == n else ""
    )


def _check_new(source: Path, out: Path, overwrite: bool) -> None:
    """Raise :class:`ConfigError` where a file would be replaced that nobody said should be, or the source itself."""
    if not out.exists():
        return
    if out.resolve() == source.resolve():
        got, remedy = "the source", "name another file"
    elif not overwrite:
        got, remedy = "a file that is there", "name another one, or add --overwrite"
    else:
        return
    raise ConfigError("this file would be replaced", where=str(out), got=got, expected="the path of a new file", remedy=remedy)
