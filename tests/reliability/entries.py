"""The public ways into the package, by name."""

from __future__ import annotations

from pathlib import Path

from analysis.biology.extraction import find_runs
from analysis.biology.loaders import reference
from analysis.studies.hetsyn import STUDIES
from analysis.studies.study import run_studies
from hetsyn_sim.agreement.verify import verify
from hetsyn_sim.brian.transfer import to_brian2
from hetsyn_sim.data.checkpoint import Checkpoint
from hetsyn_sim.data.events import SpikeDataset
from hetsyn_sim.data.recording_file import load_recording, save_recording
from hetsyn_sim.exchange import export_brian2, import_network, import_nir, read_state_dict
from hetsyn_sim.exchange.trial_files import read_times, read_traces
from hetsyn_sim.ladder import RUNGS, run_ladder
from hetsyn_sim.report.inputs import read_run
from hetsyn_sim.spec import NetworkSpec, NeuronModel
from hetsyn_sim.tasks.corpora import read_sphere, spoken_words
from hetsyn_sim.tasks.encode import encode
from hetsyn_sim.tasks.event_cameras import cifar10_dvs, dvs_gestures
from hetsyn_sim.tasks.mnist import sequential_mnist
from hetsyn_sim.tasks.shd import heidelberg_digits
from hetsyn_sim.training import Recipe, fit, load_recipe
from hetsyn_sim.training.resume import read_state
from hetsyn_sim.training.run_folder import read_metrics
from hetsyn_sim.training.time_constants import Histograms

from . import material as m
from .case import Entry


def _encoded(source: Path) -> list[object]:
    return ["encode", source, source.parent / "out.h5"]


def _beside(path: Path, name: str, content: bytes) -> Path:
    """A valid file for a command that needs two; outside of what is compared before and after."""
    place = Path(path).parent.parent.parent / name
    place.write_bytes(content)
    return place


def _network(path: Path) -> Path:
    return _beside(path, "network.safetensors", m.checkpoint().to_bytes())


def _spikes(path: Path) -> Path:
    return _beside(path, "spikes.h5", m.spikes_h5())


def _fitted(path: Path, voltage: str) -> list[object]:
    given = ["--input", f"I_0={_beside(path, 'i.csv', b'1 2')} pA", "--voltage", voltage, "--fit", "C=50 pF..500 pF"]
    return ["fit-recordings", "AdEx", "--dt", "1 ms", *given, "--out", path.parent / "fitted"]


def _called(call):
    """For what takes values: the case brings the call."""
    return call()


ENTRIES = {
    "Checkpoint": Entry(_called),
    "Checkpoint.load": Entry(Checkpoint.load, lambda path: ["info", path]),
    "Checkpoint.save": Entry(m.checkpoint().save),
    "Recording": Entry(_called),
    "load_recording": Entry(load_recording),
    "save_recording": Entry(lambda path: save_recording(m.recording(), path)),
    "SpikeDataset": Entry(_called),
    "SpikeDataset.load": Entry(SpikeDataset.load, lambda path: ["verify", _network(path), "--data", path]),
    "SpikeDataset.save": Entry(m.data().save),
    "SpikeDataset.from_file": Entry(
        lambda path: SpikeDataset.from_file(path, dt="2 ms", merge=True), lambda path: [*_encoded(path), "--dt", "2 ms", "--merge"]
    ),
    "load_recipe": Entry(load_recipe, lambda path: ["train", path, "--data", _spikes(path), "--out", path.parent / "run"]),
    "Recipe.from_yaml": Entry(Recipe.from_yaml),
    "NeuronModel.from_text": Entry(lambda path: NeuronModel.from_text(path.read_text())),
    "NetworkSpec.from_text": Entry(lambda path: NetworkSpec.from_text(path.read_text())),
    "NetworkSpec": Entry(_called),
    "NeuronModel.from_brian2": Entry(_called),
    "encode": Entry(encode, _encoded),
    "heidelberg_digits": Entry(heidelberg_digits, _encoded),
    "sequential_mnist": Entry(sequential_mnist, _encoded),
    "dvs_gestures": Entry(dvs_gestures),
    "data sets (values)": Entry(_called),
    "cifar10_dvs": Entry(cifar10_dvs),
    "spoken_words": Entry(lambda path: spoken_words(path, "tidigits"), _encoded),
    "read_sphere": Entry(read_sphere),
    "import_network": Entry(
        lambda path: import_network(path, dt="4 ms"), lambda path: ["import", path, path.parent / "out.safetensors", "--dt", "4 ms"]
    ),
    "import_nir": Entry(import_nir, lambda path: ["import", path, path.parent / "out.safetensors"]),
    "read_state_dict": Entry(read_state_dict),
    "read_state": Entry(read_state),
    "read_metrics": Entry(read_metrics),
    "Histograms.load": Entry(Histograms.load),
    "fit": Entry(
        lambda folder: fit(m.recipe(), m.data(), out=folder, progress=False, data_name="spikes.h5"),
        lambda folder: ["train", _beside(folder, "toy.yaml", m.RECIPE.encode()), "--data", _spikes(folder), "--out", folder],
    ),
    "fit (values)": Entry(_called),
    "read_run": Entry(read_run),
    "run_ladder": Entry(
        lambda folder: run_ladder(m.checkpoint(), m.data(), RUNGS[:1], store=folder / "ladder.json"),
        lambda folder: ["transfer", _network(folder), "--ladder", "--rungs", "1", "--data", _spikes(folder), "--out", folder],
    ),
    "run_studies": Entry(lambda folder: run_studies([STUDIES["dms"]], folder), lambda folder: ["study", "dms", "--out", folder]),
    "export_brian2": Entry(
        lambda folder: export_brian2(m.checkpoint(), m.data(), folder),
        lambda folder: ["export", _network(folder), folder, "--data", _spikes(folder)],
    ),
    "read_traces": Entry(
        lambda path: read_traces(f"{path}{':v' * (path.suffix == '.npz')} mV", "--voltage"),
        lambda path: _fitted(path, f"{path}{':v' * (path.suffix == '.npz')} mV"),
    ),
    "read_traces (Neo)": Entry(lambda path: read_traces(str(path), "--voltage"), lambda path: _fitted(path, str(path))),
    "read_times": Entry(lambda path: read_times(f"{path} ms", "--spikes", 2)),
    "fit_recordings": Entry(_called),
    "find_runs": Entry(lambda path: find_runs([path]), lambda path: ["study", "biology", path]),
    "reference": Entry(reference),
    "to_brian2": Entry(to_brian2, lambda path: ["simulate", path, "--data", _spikes(path)]),
    "verify": Entry(_called),
    "verify (file)": Entry(lambda path: verify(path, m.data()), lambda path: ["verify", path, "--data", _spikes(path)]),
    "hetsyn": Entry(_called),
}
