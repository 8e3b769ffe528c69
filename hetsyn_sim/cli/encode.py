"""``hetsyn encode``: recorded words, images, or spike times, to spikes on a grid."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .console import progress_bar, show_table
from .options import JsonFile, check_output, seconds, write_json


def encode(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="SOURCE",
            help="Folder or archive (zip, tar, tar.gz, tar.xz) of wav files, a corpus, MNIST's images, or files in the layout of SHD.",
        ),
    ],
    out: Annotated[Path, typer.Argument(metavar="OUT.h5", help="Spike file to write.")],
    dt: Annotated[str | None, typer.Option("--dt", help="Time step with its unit; 10 ms, corpora 5, SHD 4, MNIST 1.")] = None,
    channels: Annotated[
        int | None,
        typer.Option("--channels", help="Of the filterbank, by default 70; of SHD, as many as there are units; grey levels of a pixel, 4."),
    ] = None,
    duration: Annotated[str, typer.Option("--duration", help="Length with its unit, for SHD: later spikes are cut off.")] = "1 s",
    binning: Annotated[str, typer.Option("--binning", help="For SHD: clean, or as-published by HetSyn.")] = "clean",
    scan: Annotated[str, typer.Option("--scan", help="For MNIST: by pixel (784 steps) or by row (28 steps).")] = "pixel",
    download: Annotated[
        bool, typer.Option("--download", help="Fetch SHD's files (some 200 MB) from their authors into SOURCE first.")
    ] = False,
    json_file: JsonFile = None,
) -> None:
    """Encode recorded words or images as spikes, or put spike times onto a grid.

    Sound: 16-bit mono wav at 8 kHz, called `{digit}_{speaker}_{index}.wav`; indices 0 to 4 become the test split. The folders of TIDIGITS
    and TI46-Alpha, in NIST SPHERE, as threshold crossings. Images: a folder with the files of MNIST, pixel by pixel or row by row. Spike
    times: HDF5 files in the layout of the Spiking Heidelberg Digits (SHD), a folder with one for training and one for testing, or one file.

    ```
    hetsyn encode recordings/ digits.h5
    hetsyn encode recordings.zip fine.h5 --dt "5 ms"
    hetsyn encode shd/ shd-4ms.h5 --dt "4 ms" --duration "1 s" --download
    hetsyn encode mnist/ rows.h5 --scan row
    hetsyn encode tidigits/ tidigits.h5
    ```
    """
    check_output(out, json_file)
    from ..tasks.corpora import corpus_of, spoken_words
    from ..tasks.encode import encode as encode_sounds
    from ..tasks.mnist import holds_images, sequential_mnist
    from ..tasks.shd import heidelberg_digits
    from ..tasks.shd_files import is_in_layout

    if download:
        from ..tasks.download import download_heidelberg_digits

        with progress_bar("downloading the Spiking Heidelberg Digits") as progress:
            download_heidelberg_digits(source, progress=progress)
    with progress_bar(f"encoding {source.name}") as progress:
        if is_in_layout(source):
            step, length = seconds(dt or "4 ms", "--dt"), seconds(duration, "--duration")
            data = heidelberg_digits(source, dt=step, duration=length, n_channels=channels, binning=binning)
        elif holds_images(source):
            data = sequential_mnist(source, scan=scan, levels=channels or 4, dt=seconds(dt or "1 ms", "--dt"))
        elif corpus := corpus_of(source):
            step = seconds(dt or "5 ms", "--dt")
            data = spoken_words(source, corpus, dt=step, progress=lambda done, n: progress(done / n))
        else:
            step = seconds(dt or "10 ms", "--dt")
            data = encode_sounds(source, dt=step, n_channels=channels or 70, progress=lambda done, n: progress(done / n))
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
    show_table("Encoded", rows | {"fingerprint": data.fingerprint(), "file": str(out)})
    write_json(json_file, facts)
