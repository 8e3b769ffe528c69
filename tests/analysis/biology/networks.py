"""Small trained networks for the analyses, made without training: what is learned is put there."""

import numpy as np

from analysis.biology.extraction import Run
from hetsyn_sim.data.checkpoint import Checkpoint
from hetsyn_sim.models import get_model
from hetsyn_sim.spec import Layer, NetworkSpec


def spec_of(n_input=12, hidden=8, model="HetSynLIF", dt="1 ms", readout=True):
    layer = Layer(get_model(model), hidden, recurrent=True, self_connections=False)
    return NetworkSpec(dt=dt, n_input=n_input, layers=[layer], readout=Layer(get_model("LeakyReadout"), 3) if readout else None)


def run_of(change=lambda key, tau, rng: tau, *, seed=0, recipe=None, metrics=None, **shape):
    """A run whose trained time constants are ``change(slot key, initial values, rng)``."""
    spec = spec_of(**shape)
    before = spec.initial_values(seed)
    rng = np.random.default_rng(1000 + seed)
    after = {key: change(key, values, rng) if key.endswith("tau_syn") else values for key, values in before.items()}
    about = {"recipe": recipe or {}, "metrics": metrics or {}}
    return Run(f"seed{seed}", Checkpoint(spec, after, **about), Checkpoint(spec, before, recipe=recipe or {}))


def save(run, folder):
    folder.mkdir(parents=True)
    run.trained.save(folder / "checkpoint.safetensors")
    if run.initial is not None:
        run.initial.save(folder / "initial.safetensors")
    return folder
