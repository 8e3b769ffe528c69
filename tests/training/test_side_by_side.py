"""A training that is ended from outside, and another in the same folder."""

import os
import signal
import sys
import threading

import pytest

import hetsyn_sim as hs
from hetsyn_sim.errors import ConfigError
from hetsyn_sim.training.run_folder import RunFolder

from ..refusal import refused


def test_a_second_training_in_a_folder_is_refused_and_leaves_the_first_alone(data, recipe, tmp_path):
    with RunFolder(tmp_path / "run").alone():
        with refused(
            ConfigError, "another training is running in this folder", where=str(tmp_path / "run"), remedy="choose another folder"
        ):
            hs.fit(recipe, data, out=tmp_path / "run", progress=False)
        assert list((tmp_path / "run").iterdir()) == []
    result = hs.fit(recipe, data, out=tmp_path / "run", progress=False)  # the first is over
    assert result.checkpoint.metrics["epochs"] == recipe.training.epochs


def test_also_in_another_thread(tmp_path):
    said = []

    def second():
        try:
            with RunFolder(tmp_path).alone():
                said.append("in")
        except ConfigError as error:
            said.append(error.what)

    with RunFolder(tmp_path).alone():
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()
    second()
    assert said == ["another training is running in this folder", "in"]


def test_a_process_that_is_gone_holds_no_folder(tmp_path, process):
    code = (
        f"from hetsyn_sim.training.run_folder import RunFolder\nwith RunFolder({str(tmp_path)!r}).alone(): print('in', flush=True); input()"
    )
    holder = process.start([sys.executable, "-c", code], stdin=process.PIPE, stdout=process.PIPE)
    assert holder.stdout.readline() == "in\n"
    with pytest.raises(ConfigError, match="another training is running"), RunFolder(tmp_path).alone():
        pass
    holder.kill()
    holder.wait()
    with RunFolder(tmp_path).alone():
        pass


def test_sigterm_is_told_from_success_and_the_state_is_kept(data, recipe, tmp_path, process):
    data.save(tmp_path / "data.h5")
    (tmp_path / "toy.yaml").write_text(recipe.changed(epochs=2000).to_yaml())
    out = tmp_path / "run"
    command = [sys.executable, "-P", "-m", "hetsyn_sim.cli.app", "train", str(tmp_path / "toy.yaml"), "--data", str(tmp_path / "data.h5")]
    running = process.start([*command, "--out", str(out)], stderr=process.PIPE, stdout=process.PIPE)
    lines = []
    while not any(line.startswith("epoch") and "2/2000" in line for line in lines):
        lines.append(running.stderr.readline())
        assert lines[-1], f"ended with {running.poll()}: {''.join(lines)}"
    os.kill(running.pid, signal.SIGTERM)
    _, rest = running.communicate()
    assert running.returncode == 128 + signal.SIGTERM, rest
    assert f"terminated: run the same again to go on in {out}" in rest
    assert not (out / "checkpoint.safetensors").exists()
    assert (out / "resume.safetensors").exists()
    with RunFolder(out).alone():  # and nobody holds the folder
        pass
