"""Running the command line in this process, on toy files."""

import json
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from hetsyn_sim.cli.app import app

from ..reliability import material


@pytest.fixture
def hetsyn():
    """Run ``hetsyn`` with these arguments; anything but a planned exit is an error of the test."""

    def run(*arguments, exit_code=0):
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == exit_code, result.output
        assert "Traceback" not in result.output
        return result

    return run


@pytest.fixture
def told(hetsyn, tmp_path):
    """Run ``hetsyn`` with these arguments: what it printed, and the plain data that it wrote with ``--json``."""

    def run(*arguments, exit_code=0):
        out = tmp_path / "deep" / "out.json"
        return hetsyn(*arguments, "--json", out, exit_code=exit_code), json.loads(out.read_text())

    return run


@pytest.fixture
def files(toy_data, toy_checkpoint, tmp_path):
    """A folder with a spike file, a checkpoint and a recipe that fit each other."""
    data, checkpoint, recipe = tmp_path / "toy.h5", tmp_path / "toy.safetensors", tmp_path / "toy.yaml"
    toy_data.save(data)
    toy_checkpoint.save(checkpoint)
    recipe.write_text("name: toy\nnetwork: {hidden: [4]}\ntraining: {epochs: 2, batch_size: 3, validation: none, num_threads: 1}\n")
    return SimpleNamespace(folder=tmp_path, data=data, checkpoint=checkpoint, recipe=recipe)


@pytest.fixture
def sounds(tmp_path):
    """A folder with three short spoken digits (tones, rather)."""
    folder = tmp_path / "recordings"
    folder.mkdir()
    for index in (0, 5, 6):
        (folder / f"3_tester_{index}.wav").write_bytes(material.wav(2400, pitch=300 + 50 * index))
    return folder
