"""Whoever wrote a file: reading it runs nothing, leaves nothing behind, ends soon, and says what is wrong with it."""

import json
import os
import re
import sys
import time
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
import yaml
from safetensors import safe_open
from safetensors.numpy import save_file

from hetsyn_sim.data.checkpoint import Checkpoint
from hetsyn_sim.data.checkpoint_file import FORMAT, KEY
from hetsyn_sim.errors import HetSynError, SpecError
from hetsyn_sim.models import MODELS
from hetsyn_sim.spec import NetworkSpec, NeuronModel
from hetsyn_sim.training.recipe import Recipe

from ...reliability.case import five_parts
from .hostile import CASES, RECIPES, YAML, model_with

#: Code that was evaluated from text, as Python itself reports it, while somebody listens. Such a hook can't be taken away again.
_EVALUATED = []
_LISTENING = []
sys.addaudithook(lambda event, args: _EVALUATED.append(args[0]) if _LISTENING and event == "exec" else None)


@contextmanager
def listening():
    _EVALUATED.clear()
    _LISTENING.append(True)
    try:
        yield _EVALUATED
    finally:
        _LISTENING.clear()


@pytest.fixture
def refused(tmp_path, monkeypatch):
    """Whether doing this is refused with a typed error, soon, with nothing evaluated and nothing left behind."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CANARY", raising=False)

    def check(message, do, *arguments):
        before, start = sorted(tmp_path.iterdir()), time.process_time()
        with listening() as evaluated, pytest.raises(HetSynError) as excinfo:
            do(*arguments)
        assert time.process_time() - start < 1.0
        assert [code for code in evaluated if code.co_filename == "<string>"] == []
        assert sorted(tmp_path.iterdir()) == before
        assert "CANARY" not in os.environ
        error = excinfo.value
        assert re.search(message, str(error)), str(error)
        five_parts(error)
        assert len(str(error)) < 2500
        return error

    return check


def network_with(case):
    return {"dt": "1 ms", "n_input": 2, "step_order": ["decay", "reset", "recurrent", "feedforward", "threshold"]} | {
        "layers": [{"model": 0, "size": 3}],
        "models": [model_with(case)],
    }


def write_checkpoint(path, spec):
    about = {"format": FORMAT, "version": 1, "spec": spec, "dt": {"seconds": 1e-3, "text": "1 ms"}, "scheme": "exact", "units": {}}
    save_file({"layer_1.neuron.theta": np.ones(())}, path, metadata={KEY: json.dumps(about)})
    return path


@pytest.mark.parametrize("name", CASES)
def test_a_model_is_refused(refused, name):
    error = refused(CASES[name].message, NeuronModel.from_dict, model_with(CASES[name]))
    assert isinstance(error, SpecError)


@pytest.mark.parametrize("name", CASES)
def test_a_network_in_a_file_is_refused(refused, name):
    case = CASES[name]
    error = refused(case.message + "|can't be seen|not YAML", NetworkSpec.from_text, yaml.safe_dump(network_with(case)))
    assert isinstance(error, SpecError)


@pytest.mark.parametrize("name", CASES)
def test_a_checkpoint_is_refused(refused, name, tmp_path):
    path = write_checkpoint(tmp_path / "c.safetensors", yaml.safe_dump(network_with(CASES[name])))
    error = refused("the spec in this checkpoint can't be read", Checkpoint.load, path)
    assert re.search(CASES[name].message + "|can't be seen|not YAML", str(error.got))


@pytest.mark.parametrize("name", YAML)
def test_a_file_that_is_no_network_and_no_recipe_is_refused(refused, name, tmp_path):
    text, message = YAML[name]
    (tmp_path / "recipe.yaml").write_text(text, encoding="utf-8")
    refused(message, NetworkSpec.from_text, text)
    refused(message, NeuronModel.from_text, text)
    refused(message, Recipe.from_yaml, tmp_path / "recipe.yaml")


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_is_refused(refused, name, tmp_path):
    settings, message = RECIPES[name]
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    refused(message, Recipe.from_yaml, tmp_path / "recipe.yaml")


@pytest.mark.parametrize("depth", [900, 100_000])
def test_a_checkpoint_with_deep_metadata_is_refused(refused, depth, tmp_path):
    path = tmp_path / "deep.safetensors"
    save_file({"a": np.ones(1)}, path, metadata={KEY: "[" * depth + "]" * depth})
    refused("can't be read|not written by hetsyn-sim", Checkpoint.load, path)


def test_a_checkpoint_with_a_deep_recipe_is_refused(refused, toy_checkpoint, tmp_path):
    path = toy_checkpoint.save(tmp_path / "deep.safetensors")
    with safe_open(path, framework="numpy") as file:
        about, tensors = json.loads(file.metadata()[KEY]), {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    for _ in range(400):
        about["recipe"] = {"a": about["recipe"]}
    save_file(tensors, path, metadata={KEY: json.dumps(about)})
    assert "nested" in str(refused("can't be read", Checkpoint.load, path).got)


def test_only_units_are_ever_evaluated():
    """Brian2 does that, with what is behind a colon. It has been held against a closed grammar."""
    for model in MODELS.values():
        with listening() as evaluated:
            NeuronModel.from_text(model.to_text())
        for code in (c for c in evaluated if c.co_filename == "<string>"):
            assert set(code.co_names) <= {"volt", "amp", "siemens", "farad", "second", "ohm", "metre", "hertz", "Hz"}
            assert all(constant is None or isinstance(constant, int) for constant in code.co_consts)


def test_a_model_that_0_1_0_named_freely_is_refused_with_a_name_that_it_can_have():
    with pytest.raises(SpecError, match="no name for a model") as excinfo:
        NeuronModel.from_dict({**MODELS["HetSynLIF"].to_dict(), "name": "My LIF (2)"})
    assert "call it My_LIF_2;" in excinfo.value.remedy
    assert "0.1.0" in excinfo.value.remedy


def test_a_reference_is_one_printable_line():
    model = replace(MODELS["HetSynLIF"], reference="Deng et al.\n  2025\t(NeurIPS)")
    assert model.reference == "Deng et al. 2025 (NeurIPS)"
