"""The loops that ours is timed against compute the same, and the table says what the rows say."""

import json

import pytest
import torch

from benchmarks.stepped_loops import LOOPS
from benchmarks.stepping import MODELS, Problem, main
from hetsyn_sim.kernels.stepping import plain_step_scan


@pytest.mark.parametrize("name", MODELS)
def test_a_loop_written_by_hand_is_the_same_neuron_with_the_same_gradients(name):
    problem = Problem(name, 150, 2, 6, torch.float64)
    found = {}
    for key, (z, v) in (("ours", problem.scan(plain_step_scan)), ("loop", problem.loop(LOOPS[name][0]))):
        loss = (v / problem.scale).square().mean() + (z * torch.linspace(0, 1, 150, dtype=z.dtype)[:, None, None]).sum()
        found[key] = z, v, torch.autograd.grad(loss, problem.leaves, allow_unused=True)
    (z, v, slopes), (z_loop, v_loop, slopes_loop) = found.values()
    assert z.sum() > 0
    assert torch.equal(z, z_loop)
    assert torch.allclose(v, v_loop, rtol=1e-9, atol=1e-12)
    for slope, other in zip(slopes, slopes_loop, strict=True):
        if slope is not None:
            assert (slope - other).abs().max() <= 1e-6 * slope.abs().max()


@pytest.mark.compiled
def test_at_toy_size(tmp_path):
    (tmp_path / "_generated").mkdir()
    arguments = ["--json", str(tmp_path / "rows.json"), "--docs", str(tmp_path), "--shape", "20", "2", "5", "--rounds", "1"]
    assert main([*arguments, "--models", "AdLIF"]) == 0
    rows = json.loads((tmp_path / "rows.json").read_text())["rows"]
    assert {"ours", "plain", "loop"} <= {row["implementation"] for row in rows}
    assert "hetsyn-sim, compiled" in (tmp_path / "_generated" / "stepping.md").read_text()
