"""Trainings in processes of their own: killed without warning, interrupted from the keyboard."""

import signal
import sys
import textwrap
import time

import pytest

from hetsyn_sim.training import fit


@pytest.fixture
def start(data, recipe, tmp_path, process):
    """Begin the training in another process, slowed down so that a signal meets it half way."""
    data.save(tmp_path / "data.h5")
    (tmp_path / "recipe.yaml").write_text(recipe.to_yaml())
    (tmp_path / "run.py").write_text(
        textwrap.dedent("""
        import signal, sys, time
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background starts without
        from hetsyn_sim.data.events import SpikeDataset
        from hetsyn_sim.training import fit, load_recipe
        from hetsyn_sim.training.module import TrainingModule

        original = TrainingModule.training_step
        def slowly(self, *arguments):
            time.sleep(0.1)
            return original(self, *arguments)
        TrainingModule.training_step = slowly
        options = {"devices": int(sys.argv[1]), "strategy": sys.argv[2]}
        fit(load_recipe("recipe.yaml"), SpikeDataset.load("data.h5"), out="run", data_name="toy", **options)
        """)
    )

    def begin(devices=1, strategy="auto"):
        command = [sys.executable, "run.py", str(devices), strategy]
        return process.start(command, cwd=tmp_path, stderr=process.PIPE)

    return begin


def wait_for_epoch(process, epoch):
    for line in process.stderr:
        if line.startswith(f"epoch {epoch}/"):
            return
    pytest.fail("the training ended too early")


def test_kill_minus_nine(start, data, recipe, finished, tmp_path):
    """Twice: in an early epoch and, resumed, in a later one; then to the end, with the bytes of a run that nobody touched."""
    for epoch in (1, 3):
        process = start()
        wait_for_epoch(process, epoch)
        time.sleep(0.15)  # into the middle of the next epoch
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        assert not (tmp_path / "run" / "checkpoint.safetensors").exists()
    resumed = fit(recipe, data, out=tmp_path / "run", progress=False, data_name="toy")
    assert resumed.checkpoint.to_bytes() == finished[0].checkpoint.to_bytes()
    assert len(resumed.history) == 4


def test_control_c_says_how_to_go_on(start, tmp_path):
    process = start()
    wait_for_epoch(process, 1)
    process.send_signal(signal.SIGINT)
    rest = process.stderr.read()
    assert process.wait() == 130
    assert rest.splitlines()[-1] == "interrupted: run the same again to go on in run"
    assert "Traceback" not in rest
    assert (tmp_path / "run" / "resume.safetensors").exists()
