"""The state of a training survives the way to the disk and back, can't hold code, and a damaged file is told from a good one."""

import signal
from collections import OrderedDict

import pytest
import torch
from safetensors.torch import save as to_safetensors

from hetsyn_sim.errors import CheckpointError
from hetsyn_sim.training.resume import SafetensorsIO, read_state, write_state

from ..refusal import refused

SHARED = torch.arange(6.0).reshape(2, 3)
STATE = {
    "epoch": 3,
    "weights": OrderedDict(a=SHARED, b=SHARED, transposed=SHARED.T, step=torch.tensor(7.0), flags=torch.tensor([True, False])),
    "optimiser": {0: {"betas": (0.9, 0.999)}, 1: {}},
    "rows": [{"loss": 0.1 + 0.2, "bad": float("nan"), "best": float("-inf")}],
    "nothing": None,
    "yes": True,
    "empty": [[], (), {}],
    "dict": "a text that looks like one of our marks",
}


def same(a, b):
    if isinstance(a, torch.Tensor):
        return isinstance(b, torch.Tensor) and a.dtype == b.dtype and torch.equal(a, b)
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and (a == b or (a != a and b != b))


def test_everything_comes_back_from_equal_bytes(tmp_path):
    for name in "ab":
        write_state(STATE, tmp_path / name)
        assert same(STATE, read_state(tmp_path / name))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_lightnings_way_in_and_out(tmp_path):
    plugin, path = SafetensorsIO(), tmp_path / "resume.safetensors"
    plugin.save_checkpoint({"epoch": 1}, path)
    assert plugin.load_checkpoint(path) == {"epoch": 1}
    plugin.remove_checkpoint(path)
    plugin.remove_checkpoint(path)
    assert not path.exists()


@pytest.mark.parametrize("value", [object(), {1, 2}, torch.float32, lambda: None], ids=["object", "set", "dtype", "function"])
def test_anything_that_would_need_pickle_is_refused(tmp_path, value):
    with refused(CheckpointError, "can't be written as plain data", "state['callbacks']['Mine'][1]"):
        write_state({"callbacks": {"Mine": [1, value]}}, tmp_path / "state")
    assert not (tmp_path / "state").exists()


def test_a_foreign_file_can_not_be_resumed_from(tmp_path):
    """Others that are damaged: tests/reliability."""
    (tmp_path / "state").write_bytes(to_safetensors({"x": torch.zeros(1)}))
    with refused(CheckpointError, "the state to resume from can't be read", str(tmp_path / "state"), remedy="overwrite=True"):
        read_state(tmp_path / "state")


def test_ctrl_c_while_a_state_is_read_is_no_broken_file(tmp_path, monkeypatch):
    """Inside of torch an interrupt became a ValueError, and the state was said to be damaged."""
    write_state({"weights": torch.arange(3.0)}, tmp_path / "state")
    rebuilt = []

    def interrupted(tree, tensors):
        signal.raise_signal(signal.SIGINT)
        rebuilt.append(tensors)
        return {}

    monkeypatch.setattr("hetsyn_sim.training.resume._rebuild", interrupted)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a program in the background begins with Ctrl-C ignored
    try:
        with pytest.raises(KeyboardInterrupt):
            read_state(tmp_path / "state")
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
    assert len(rebuilt) == 1  # it was read to the end
