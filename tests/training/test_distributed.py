"""Several processes learn what one learns, within a bound that counts roundings; and they begin, go on and end together."""

import os
import signal
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from lightning.pytorch.callbacks import Callback
from typer.testing import CliRunner

from benchmarks.processes import TWO, deviation
from hetsyn_sim.cli.app import app
from hetsyn_sim.data.checkpoint import Checkpoint
from hetsyn_sim.errors import BackendError, ConfigError
from hetsyn_sim.training import fit
from hetsyn_sim.training.processes import as_started, is_first, naming_lost_processes
from hetsyn_sim.training.resume import read_state

from ..refusal import refused


def assert_same(one, other, n_steps):
    """Steps of Adam with lr 0.02; gradients have errors below 1e-13 (benchmarks/processes.py), which count at most 8.3 / 1e-8 times."""
    for key, value in one.values.items():
        assert np.allclose(value, other.values[key], rtol=0, atol=n_steps * 0.02 * 8.3 * 1e-13 / 1e-8 * max(1.0, np.abs(value).max()))


@pytest.mark.process
@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_two_processes_learn_what_one_learns(data, recipe, precision):
    """Batches of 7 in two parts, augmentation and dropout on. benchmarks/processes.py derives the bound."""
    recipe = recipe.changed(epochs=1, precision=precision, batch_size=7, schedule={"name": "constant"})
    row = deviation(data, recipe)
    assert row["steps"] == 6
    assert 0 < row["part"] <= 1  # of the bound of the parameter that comes nearest to its own; 0 would mean that nobody shared anything


@pytest.mark.process
def test_rests_metrics_noise_and_rates_do_not_depend_on_the_number_of_processes(data, recipe, tmp_path):
    """42 recordings to learn from and 6 to look at, in batches of 41: rests of one recording leave a process without any."""
    changes = {"noise": 0.1, "rate_regulariser": {"target_hz": 20.0}, "keep": "best", "precision": "float64"}
    recipe = recipe.changed(epochs=2, batch_size=41, **changes)
    alone = fit(recipe, data, progress=False)
    shared = fit(recipe, data, out=tmp_path, **TWO)
    for one, two in zip(alone.history, shared.history, strict=True):
        for name in set(one) - {"seconds", "train_accuracy", "validation_accuracy"}:
            assert two[name] == pytest.approx(one[name], rel=2e-8), name  # written with 8 digits
        # Not train_accuracy: with dropout the network is silent for some, all classes have the same score, and rounding chooses.
        assert two["validation_accuracy"] == one["validation_accuracy"]
    assert_same(alone.checkpoint, shared.checkpoint, 4)


class Stop(Callback):
    def on_train_epoch_start(self, trainer, module):
        if trainer.current_epoch == 1:
            raise KeyboardInterrupt


@pytest.mark.process
def test_a_run_goes_on_with_another_number_of_processes(data, recipe, tmp_path):
    recipe = recipe.changed(epochs=2, precision="float64")
    with pytest.raises(SystemExit):
        fit(recipe, data, out=tmp_path / "run", progress=False, callbacks=[Stop()])
    assert len(read_state(tmp_path / "run" / "resume.safetensors")["hetsyn_sim"]["history"]) == 1
    mixed = fit(recipe, data, out=tmp_path / "run", **TWO)
    alone = fit(recipe, data, progress=False)
    assert len(mixed.history) == 2
    assert_same(alone.checkpoint, mixed.checkpoint, 6)


def test_more_processes_than_recordings_in_a_batch(data, recipe, tmp_path):
    what = "there are more processes than recordings in a batch"
    with refused(ConfigError, what, None, "3 processes", "training.batch_size = 2"):
        fit(recipe.changed(batch_size=2), data, out=tmp_path, **{**TWO, "devices": 3})


@pytest.mark.parametrize("options", [{"devices": 2}, {"devices": 1, "num_nodes": 2}])
def test_several_processes_need_a_folder(data, recipe, options):
    with pytest.raises(ConfigError, match="several processes need a folder that they share"):
        fit(recipe, data, **options)


def under(monkeypatch, environment):
    for name in ("RANK", "LOCAL_RANK", "NODE_RANK"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, str(value))


def test_numbers_of_torchrun_are_taken(monkeypatch):
    under(monkeypatch, {"RANK": 5, "LOCAL_RANK": 1, "WORLD_SIZE": 8, "LOCAL_WORLD_SIZE": 4})  # process 5 of 2 machines with 4 each
    assert as_started({"accelerator": "cpu"}) == {"accelerator": "cpu", "devices": 4, "num_nodes": 2}
    assert as_started({"devices": 4}) == {"devices": 4, "num_nodes": 2}
    assert not is_first()
    what = "torchrun has started another number of processes"
    with refused(ConfigError, what, None, "devices = 2", "devices = 4", "leave them out"):
        as_started({"devices": 2, "num_nodes": 2})


def test_who_is_first(monkeypatch):
    for environment, first in (({}, True), ({"RANK": 0, "LOCAL_RANK": 0}, True), ({"LOCAL_RANK": 1}, False), ({"NODE_RANK": 1}, False)):
        under(monkeypatch, environment)
        assert is_first() == first


def test_a_lost_process_is_named():
    what, gloo = "another process of this training has ended, or can't be reached", "[gloo/pair.cc:553] Connection closed by peer"
    with refused(BackendError, what, None, gloo, remedy="run the same again"), naming_lost_processes():
        raise RuntimeError(f"{gloo}. This is typically caused by")
    with pytest.raises(RuntimeError, match=r"^out of memory$"), naming_lost_processes():
        raise RuntimeError("out of memory")  # none of its business


def test_several_machines_need_torchrun():
    result = CliRunner().invoke(app, ["train", "fsdd-demo", "--nodes", "2"])
    assert result.exit_code == 2
    assert "several machines need to know of each other" in result.stderr
    assert "torchrun --nnodes 2" in result.stderr


# -- processes of their own --------------------------------------------------------------------------------------------------------------


def test_a_process_is_killed_and_two_machines_finish(data, recipe, process, tmp_path):
    """`hetsyn train --devices 2` with one of them killed: all end, with a message. Then `torchrun` with two "machines" goes on."""
    recipe = recipe.changed(epochs=40, precision="float64")
    data.save(tmp_path / "data.h5")
    (tmp_path / "toy.yaml").write_text(recipe.to_yaml())
    verb = ["hetsyn_sim.cli.app", "train", "toy.yaml", "--data", "data.h5", "--out", "run"]
    quiet = {key: None for key in os.environ if key.startswith(("PYTEST", "COV"))}
    run = process.start([sys.executable, "-m", *verb, "--devices", "2"], cwd=tmp_path, env=quiet, stdout=process.PIPE, stderr=process.PIPE)
    try:
        next(line for line in run.stderr if line.startswith("epoch  1/"))
        first, second = sorted(pid for pid in children(run.pid) if b"toy.yaml" in Path(f"/proc/{pid}/cmdline").read_bytes())
        os.kill(second, signal.SIGKILL)
        started = time.monotonic()
        said = run.communicate(timeout=120)[1]
        # a poll of the agent, 10 s for those it asks to end, and slack for a busy machine
        assert time.monotonic() - started < 60
    finally:
        run.kill()
    assert run.returncode == 2
    assert "a process of the training was killed" in said
    assert "got:      SIGKILL" in said
    assert "Traceback" not in said
    assert not Path(f"/proc/{first}").exists()
    finished = len(read_state(tmp_path / "run" / "resume.safetensors")["hetsyn_sim"]["history"])
    assert 1 <= finished < 40
    assert not (tmp_path / "run" / "checkpoint.safetensors").exists()

    with socket.socket() as free:  # c10d's server has to be told a port before it listens
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    where = ["--nnodes", "2", "--nproc_per_node", "1", "--rdzv_backend", "c10d", "--rdzv_endpoint", f"127.0.0.1:{port}"]
    torchrun = [sys.executable, "-m", "torch.distributed.run", *where, "--local_addr", "127.0.0.1", "-m", *verb, "--nodes", "2"]
    nodes = [process.start(torchrun, cwd=tmp_path, env={**quiet, "GLOO_SOCKET_IFNAME": "lo"}, stdout=process.PIPE) for _ in range(2)]
    try:
        printed = [node.communicate(timeout=240)[0] for node in nodes]
    finally:
        for node in nodes:
            node.kill()
    assert [node.returncode for node in nodes] == [0, 0]
    assert sum("validation accuracy" in text for text in printed) == 1  # the first process of the first machine speaks for all
    alone = fit(recipe, data, progress=False)
    found = Checkpoint.load(tmp_path / "run" / "checkpoint.safetensors")
    assert found.metrics["epochs"] == 40
    assert_same(alone.checkpoint, found, 120)


def children(parent):
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):  # it may have ended since
                found += [int(entry.name)] * (int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1]) == parent)
    return found
