"""How far two processes are from one: ``python -m benchmarks.processes`` prints the table of docs/scale-out.md.

The bound counts roundings, to first order. A component of a gradient is a sum over recordings and steps; summed in another order, and with
its terms scaled before or after, it differs by at most 2 n u A, with n roundings on the way of a term (one of steps x recordings, and 8 in
each step), u the unit roundoff, and A the sum of its absolute terms, for which the gradients of single recordings are taken. Adam's step
s = m / (sqrt(v) + eps), m and v running means of g and g^2, moves with g by at most (1 + R) / (sqrt(v) + eps) where |m| <= R sqrt(v): the
mean m is 1-Lipschitz, and so is sqrt(v), a weighted norm. R is 7.27 for Adam's 0.9 and 0.999. Then lr times that, summed over the steps.
What an altered parameter does to the next gradients is of second order and not in it.
"""

import math
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from lightning.pytorch.callbacks import Callback

from hetsyn_sim.data.events import SpikeDataset
from hetsyn_sim.report.document import Grid
from hetsyn_sim.training import Recipe, build_network, fit
from hetsyn_sim.training.randomness import Share
from hetsyn_sim.training.resume import read_state

#: |m| <= R sqrt(v): sup of the sum of m's weights squared over v's weights, (1 - 0.9) / sqrt(1 - 0.999) / sqrt(1 - 0.81 / 0.999)
R = (1 - 0.9) / math.sqrt(1 - 0.999) / math.sqrt(1 - 0.9**2 / 0.999)
TWO = {"devices": 2, "accelerator": "cpu", "strategy": "ddp_fork", "progress": False}
EPOCHS = (1, 4, 16, 64)


class Bound(Callback):
    """How far rounding can move each parameter of the network in the steps so far (``moved``). For trainings without a regulariser."""

    def on_fit_start(self, trainer, module):
        self.moved = [torch.zeros_like(p) for p in module.network.parameters()]

    def on_train_batch_start(self, trainer, module, batch, i):
        """The gradient of each recording by itself, with the draws that it has in the batch: as a share among as many processes."""
        parameters, sums = list(module.network.parameters()), dict(module._sums)
        n_steps, n = batch[0].shape[:2]
        sizes = [torch.zeros_like(p) for p in parameters]
        for rank in range(n):
            module.on_train_batch_start(batch, i)
            module._share, module._summed = (lambda batch, rank=rank: Share(rank, n, n)), (lambda value: value)
            for size, g in zip(sizes, torch.autograd.grad(module.training_step(batch, i)["loss"], parameters), strict=True):
                size += g.abs() / n
        del module._share, module._summed
        module._sums = sums
        module.on_train_batch_start(batch, i)
        self.u = torch.finfo(sizes[0].dtype).eps / 2
        self.errors = [2 * n_steps * (n + 8) * self.u * size for size in sizes]

    def on_train_batch_end(self, trainer, module, outputs, batch, i):
        (optimiser,) = trainer.optimizers
        rates = {id(p): group["lr"] for group in optimiser.param_groups for p in group["params"]}
        for moved, error, p in zip(self.moved, self.errors, module.network.parameters(), strict=True):
            state = optimiser.state[p]
            root = (state["exp_avg_sq"] / (1 - 0.999 ** state["step"])).sqrt()
            moved += rates[id(p)] * (1 + R) * error / (root + 1e-8) + 4 * self.u * p.detach().abs()


def small() -> tuple[SpikeDataset, Recipe]:
    """Sixty short recordings of three classes, and a network of five neurons with dropout and augmentation; batches of 7."""
    rng = np.random.default_rng(0)
    labels = np.arange(60) % 3
    rasters = [rng.random((20, 6)) < np.where(np.arange(6) // 2 == label, 0.5, 0.1) for label in labels]  # (time, channel) each
    steps, units = zip(*(np.nonzero(raster) for raster in rasters), strict=True)
    split = np.where(np.arange(60) < 48, "train", "test")
    data = SpikeDataset.from_lists(steps, units, dt=0.01, n_channels=6, n_steps=np.full(60, 20), labels=labels, split=split)
    shake = {"time_shift": 2, "channel_shift": 1, "spike_dropout": 0.1}
    training = {"batch_size": 7, "dropout": 0.2, "augmentation": shake, "optimiser": {"lr": 0.02}, "schedule": {"name": "constant"}}
    return data, Recipe.from_dict({"name": "small", "network": {"hidden": [5]}, "training": training})


def deviation(data: SpikeDataset, recipe: Recipe) -> dict[str, float]:
    """Two processes against one: the largest difference of a parameter, the bound where it is largest, the largest part of the bound."""
    bound = Bound()
    with tempfile.TemporaryDirectory() as folder:
        alone = fit(recipe, data, out=f"{folder}/alone", progress=False, callbacks=[bound])
        fit(recipe, data, out=f"{folder}/shared", **TWO)
        states = [read_state(Path(folder) / name / "resume.safetensors") for name in ("alone", "shared")]
    one, two = (state["state_dict"] for state in states)
    names = [f"network.{name}" for name, _ in build_network(alone.checkpoint.spec, recipe.training).named_parameters()]
    differences = [(one[name] - two[name]).abs() for name in names]
    parts = [float((d / moved.clamp_min(1e-300)).max()) for d, moved in zip(differences, bound.moved, strict=True)]
    return {
        "steps": states[0]["global_step"],
        "difference": max(float(d.max()) for d in differences),
        "bound": max(float(moved.max()) for moved in bound.moved),
        "part": max(parts),
    }


def main() -> None:
    data, recipe = small()
    heads = ("precision", "steps", "largest difference of a parameter", "largest bound", "largest part of its bound")
    for line in Grid(heads, rows(data, recipe)).lines():
        print(line, flush=True)


def rows(data: SpikeDataset, recipe: Recipe) -> Iterator[list[str]]:
    for precision in ("float64", "float32"):
        for epochs in EPOCHS:
            row = deviation(data, recipe.changed(precision=precision, epochs=epochs))
            yield [precision, f"{row['steps']}", f"{row['difference']:.1e}", f"{row['bound']:.1e}", f"{row['part']:.2g}"]


if __name__ == "__main__":
    main()
