"""Trainings, simulations and encodings that are killed: a program, since a process that may be killed has to be forked from a clean one.

``python -m tests.reliability.killed WHAT FOLDER SEED`` loads everything once; each run is a child of its own. It ends with 0 if after every
kill all files were whole, nothing half-written was left by the next run, and that run ended with the bytes of an uninterrupted one; and
prints how often it killed, and how.
"""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import yaml

from hetsyn_sim.cli.app import main as main_of_hetsyn
from hetsyn_sim.data.checkpoint import Checkpoint
from hetsyn_sim.data.events import SpikeDataset
from hetsyn_sim.data.recording_file import load_recording
from hetsyn_sim.training.resume import read_state
from hetsyn_sim.training.run_folder import read_metrics
from hetsyn_sim.training.time_constants import Histograms

from . import material as m
from .disk import at_operation

#: How a file is read, by its ending. All are whole or absent, at any moment.
READERS: dict[str, Callable[[Path], object]] = {
    "resume.safetensors": read_state,
    "time_constants.safetensors": Histograms.load,
    ".safetensors": Checkpoint.load,
    ".csv": read_metrics,
    ".npz": load_recording,
    ".h5": SpikeDataset.load,
    ".json": lambda path: json.loads(path.read_text()),
    ".yaml": lambda path: yaml.safe_load(path.read_text()),
}
#: Files that hold how long something took.
_TIMED = (".csv", ".json")


#: The words of a command, in a folder with the inputs.
WHAT = {
    "train": "train toy.yaml --data spikes.h5 --out {out}",
    "simulate": "simulate n.safetensors --data spikes.h5 --out {out}/r.npz --json {out}/r.json",
    "encode": "encode sounds.zip {out}/s.h5 --json {out}/s.json --overwrite",  # it may have been killed with its file in place
}
#: How many kills of a kind there have to be: two for every file that is written, of which a training of two epochs writes eight.
#: A random moment may come too late, when the run is done.
LEAST = {
    "train": {"before every change": 16, "in the middle of a write": 4, "at a random moment": 0, "by Ctrl-C": 0},
    "simulate": {"before every change": 4, "at a random moment": 0},
    "encode": {"before every change": 4, "in the middle of a write": 4, "by Ctrl-C": 0},
}
#: Random moments of each kind.
_MOMENTS = 2


def child(work: Callable[[], object]) -> int:
    """Start it in a process of its own."""

    sys.stdout.flush()
    process = os.fork()
    if process:
        return process
    code = 1
    try:
        with open(os.devnull, "w") as nothing:
            sys.stdout = sys.stderr = nothing
            work()
        code = 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
    except KeyboardInterrupt:  # before the program has begun
        code = 130
    except BaseException as error:
        os.write(2, f"{type(error).__name__}: {error}\n".encode())
    finally:
        os._exit(code)


def ended(process: int) -> int:
    """Its exit code, or minus the signal that ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def _before_change(work: Callable[[], object], out: Path, number: int) -> Callable[[], object]:
    """Killed before it changes something in its folder for the ``number``-th time."""

    def run() -> None:
        with at_operation(out, number, lambda: os.kill(os.getpid(), signal.SIGKILL)):
            work()

    return run


def _at_byte(work: Callable[[], object], n_bytes: int) -> Callable[[], object]:
    """Killed by the write that makes a file longer than this: a part of it is on the disk then."""

    def run() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, n_bytes))
        work()

    return run


def whole(folder: Path) -> int:
    """Read every file under its own name; how many there are. What is half-written has another name."""
    files = [path for path in folder.rglob("*") if path.is_file() and not path.name.endswith(".tmp")]
    for path in files:
        next(read for ending, read in READERS.items() if path.name.endswith(ending))(path)
    return len(files)


def check(work: Callable[[], object], folder: Path, expected: dict[str, bytes]) -> None:
    """What is there is whole; the next run sweeps and ends with what an uninterrupted run ends with."""
    process = child(lambda: whole(folder))
    assert ended(process) == 0, f"a file of {sorted(folder.rglob('*'))} is not whole"
    assert ended(child(work)) == 0, "the next run failed"
    found = {path.name: path.read_bytes() for path in folder.rglob("*")}
    assert set(found) == set(expected), f"{sorted(found)} instead of {sorted(expected)}"
    for name, content in expected.items():
        if not name.endswith(_TIMED) and name != "resume.safetensors":  # times are in its history
            assert found[name] == content, f"{name} differs"


def main(what: str, place: Path, seed: int) -> dict[str, int]:
    """How it was killed -> how often."""
    inputs = place / "inputs"
    inputs.mkdir()
    for name, content in {"toy.yaml": m.RECIPE.encode(), "spikes.h5": m.spikes_h5(), "sounds.zip": m.sounds_zip()}.items():
        (inputs / name).write_bytes(content)
    m.checkpoint().save(inputs / "n.safetensors")
    out = place / "out"

    def work() -> None:
        os.chdir(inputs)
        sys.argv = ["hetsyn", *WHAT[what].format(out=out).split()]
        main_of_hetsyn()

    def fresh() -> None:
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()

    fresh()
    begun = time.monotonic()
    assert ended(child(work)) == 0, "the uninterrupted run failed"
    seconds = time.monotonic() - begun
    expected = {path.name: path.read_bytes() for path in out.rglob("*")}
    rng, counts = random.Random(seed), dict.fromkeys(LEAST[what], 0)

    def killed_by(run: Callable[[], object], how: str, codes: tuple[int, ...]) -> bool:
        """Whether it was; one that was done before is none."""
        fresh()
        code = ended(child(run))
        assert code in (*codes, 0), f"{how}: exit code {code}"
        if code != 0:
            check(work, out, expected)
            counts[how] += 1
        return code != 0

    while killed_by(_before_change(work, out, counts["before every change"] + 1), "before every change", (-signal.SIGKILL,)):
        pass
    if (how := "in the middle of a write") in counts:
        largest = max(map(len, expected.values()))
        for n_bytes in (0, *(rng.randrange(1, largest) for _ in range(2)), largest - 1):
            assert killed_by(_at_byte(work, n_bytes), how, (-signal.SIGXFSZ,)), n_bytes
    for how, sent in (("at a random moment", signal.SIGKILL), ("by Ctrl-C", signal.SIGINT)):
        for _ in range(_MOMENTS if how in counts else 0):
            # Ctrl-C says so and ends with 130; in the last instant the interpreter itself may end by it
            killed_by(_later(work, rng.uniform(0.05, 0.95) * seconds, sent), how, (-sent, 130))
    return counts


def _later(work: Callable[[], object], seconds: float, sent: signal.Signals) -> Callable[[], object]:
    """Another process sends this signal after so many seconds."""

    def run() -> None:
        victim = os.getpid()
        if os.fork() == 0:
            time.sleep(seconds)
            if os.getppid() == victim:
                os.kill(victim, sent)
            os._exit(0)
        work()

    return run


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))))
