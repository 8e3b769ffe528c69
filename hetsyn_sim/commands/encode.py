"""``hetsyn encode``: recorded words to spikes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import ConfigError
from .console import progress_bar, show_table
from .options import JsonFile, check_output, write_json

__all__ = ["encode"]


def encode(
    source: Annotated[
        Path, typer.Argument(metavar="SOURCE", help="Folder or archive (zip, tar, tar.gz, tar.xz) of wav files.", show_default=False)
    ],
    out: Annotated[Path, typer.Argument(metavar="OUT.h5", help="Spike file to write.", show_default=False)],
    dt: Annotated[str, typer.Option("--dt", help="Time step with its unit.")] = "10 ms",
    channels: Annotated[int, typer.Option("--channels", help="Number of filterbank channels.")] = 70,
    json_file: JsonFile = None,
) -> None:
    """Encode recorded words as spikes.

    The files are 16-bit mono wav at 8 kHz, called `{digit}_{speaker}_{index}.wav`; indices 0 to 4 become the test split.

    ```
    hetsyn encode recordings/ digits.h5
    hetsyn encode recordings.zip fine.h5 --dt "5 ms"
    ```
    """
    check_output(out, json_file)
    from ..encoding import encode as encode_sounds
    from ..spec import to_si

    if dt.strip().replace(".", "", 1).isdigit():
        raise ConfigError(
            "a time step needs its unit", where="--dt", got=repr(dt), expected='a time such as "10 ms"', remedy=f'--dt "{dt} ms"'
        )
    step = to_si(dt, "second", where="--dt")
    with progress_bar(f"encoding {source.name}") as progress:
        data = encode_sounds(source, dt=step, n_channels=channels, progress=lambda done, n: progress(done / n))
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
    show_table(
        "Encoded",
        {
            "recordings": f"{len(data)} ({facts['n_train']} train, {facts['n_test']} test)",
            "spikes": f"{data.steps.size:,} in {data.n_channels} channels, dt = {1e3 * data.dt:g} ms",
            "fingerprint": data.fingerprint(),
            "file": str(out),
        },
    )
    write_json(json_file, facts)
