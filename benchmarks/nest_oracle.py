"""NEST as a second opinion on the textbook neurons: the same equations, numbers and input in a simulator that shares nothing with us.

python -m benchmarks.nest_oracle --cases cases.json
python benchmarks/nest_writer.py cases.json nest.npz    (where NEST is installed)
python -m benchmarks.nest_oracle --read nest.npz --out benchmarks/results/nest.json

Our side is the NumPy reference, which the suite holds PyTorch and Brian2 to. Three conventions are set right: NEST is silent for t_ref
after the step of a spike, Brian2 and we from its beginning, which is a step less; our first step shows where the states begin, NEST's
first record is a step later; and in NEST a spike of a generator arrives a delay later, here a step.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hetsyn_sim.data.files import json_text, write_atomically
from hetsyn_sim.discrete import simulate_reference
from hetsyn_sim.models import REGISTRY
from hetsyn_sim.spec import Layer, NetworkSpec, NeuronModel

N_CHANNELS, RATE, DURATION = 40, 50.0, 0.5
#: Spikes nearer to each other than this are one spike.
SAME_MS = 1.0
Own = Mapping[str, float]
#: SI to NEST's units: mV, pA, pF, nS, ms.
MV, PA, PF, NS, MS = 1e3, 1e12, 1e12, 1e9, 1e3


@dataclass(frozen=True)
class Setup:
    """A model of ours and NEST's, our step in seconds, our parameters in SI units where they are not the model's, and the numbers for NEST.

    ``scale``: what the drawn weights are multiplied by, so that the neuron spikes. ``scheme``: another than the model's.
    """

    model: str
    nest: str
    dt: float
    numbers: Callable[[Own], Mapping[str, float | bool]]
    own: Own = field(default_factory=dict)
    scale: float = 1.0
    scheme: str | None = None

    @property
    def neuron(self) -> NeuronModel:
        """The model, by another scheme if one is given."""
        model = REGISTRY[self.model]
        return model if self.scheme is None else replace(model, scheme=self.scheme)


def _leaky(own: Own) -> dict[str, float]:
    inhibitory = own.get("tau_gaba", own.get("tau_syn", 0.0))
    return {
        "C_m": own["tau_mem"] / own["R_m"] * PF,
        "tau_m": own["tau_mem"] * MS,
        "tau_syn_ex": own.get("tau_ampa", own.get("tau_syn", 0.0)) * MS,
        "tau_syn_in": inhibitory * MS,
        **_potentials(own),
        "I_e": own["I_0"] * PA,
    }


def _potentials(own: Own) -> dict[str, float]:
    names = {"E_L": "E_L", "V_th": "V_th", "V_r": "V_reset"}
    return {theirs: own[ours] * MV for ours, theirs in names.items()} | {"V_m": own["E_L"] * MV}


def _conductances(own: Own) -> dict[str, float]:
    return {
        "C_m": own["C"] * PF,
        "g_L": own["g_L"] * NS,
        "E_L": own["E_L"] * MV,
        "V_m": own["E_L"] * MV,
        "E_ex": own["E_ampa"] * MV,
        "E_in": own["E_gaba"] * MV,
        "tau_syn_ex": own["tau_ampa"] * MS,
        "tau_syn_in": own["tau_gaba"] * MS,
        "I_e": own["I_0"] * PA,
    }


def _adex(own: Own) -> dict[str, float]:
    return {
        "C_m": own["C"] * PF,
        "g_L": own["g_L"] * NS,
        "E_L": own["E_L"] * MV,
        "V_m": own["E_L"] * MV,
        "V_th": own["V_T"] * MV,
        "Delta_T": own["D_T"] * MV,
        "V_peak": own["V_cut"] * MV,
        "V_reset": own["V_r"] * MV,
        "a": own["a"] * NS,
        "b": own["b"] * PA,
        "tau_w": own["tau_w"] * MS,
        "tau_syn_ex": own["tau_syn"] * MS,
        "tau_syn_in": own["tau_syn"] * MS,
        "I_e": own["I_0"] * PA,
        "gsl_error_tol": 1e-10,
    }


def _izhikevich(own: Own) -> dict[str, float | bool]:
    voltages = {"c": own["c"] * MV, "d": own["d"] * MV, "V_th": own["V_peak"] * MV, "V_m": -65.0, "U_m": -65.0 * own["b"]}
    return {"a": own["a"], "b": own["b"], **voltages, "I_e": own["I_0"] * MV, "consistent_integration": True}


def _hodgkin_huxley(own: Own) -> dict[str, float]:
    return _conductances(own) | {
        "g_Na": own["g_Na"] * NS,
        "g_K": own["g_K"] * NS,
        "E_Na": own["E_Na"] * MV,
        "E_K": own["E_K"] * MV,
        "V_T": own["V_T"] * MV,
        "t_ref": 2.0,  # how long NEST looks for no second spike; its channels go on
        **_gates(own),
    }


def _gates(own: Own) -> dict[str, float]:
    """Gates at their steady states at E_L, where ours begin; the rates of Traub and Miles."""
    u = (own["E_L"] - own["V_T"]) * MV
    rates = {
        "Act_m": (0.32 * (13 - u) / (np.exp((13 - u) / 4) - 1), 0.28 * (u - 40) / (np.exp((u - 40) / 5) - 1)),
        "Inact_h": (0.128 * np.exp((17 - u) / 18), 4 / (1 + np.exp((40 - u) / 5))),
        "Act_n": (0.032 * (15 - u) / (np.exp((15 - u) / 5) - 1), 0.5 * np.exp((10 - u) / 40)),
    }
    return {name: float(opening / (opening + closing)) for name, (opening, closing) in rates.items()}


def _refractory(numbers: Mapping[str, float | bool], own: Own, dt: float) -> dict[str, float | bool]:
    return {**numbers, "t_ref": (own["t_ref"] - dt) * MS} if "t_ref" in own else dict(numbers)


def _with_potentials(numbers: Callable[[Own], Mapping[str, float]]) -> Callable[[Own], dict[str, float]]:
    return lambda own: {**numbers(own), **_potentials(own)}


_MORE, _TONIC = {"I_0": 120e-12}, {"I_0": 800e-12}
SETUPS: Mapping[str, Setup] = {
    "LIF": Setup("LIF", "iaf_psc_exp", 1e-4, _leaky),
    "CubaLIF": Setup("CubaLIF", "iaf_psc_exp", 1e-4, _leaky),
    "CobaLIF": Setup("CobaLIF", "iaf_cond_exp", 1e-4, _with_potentials(_conductances), _MORE),
    "CobaLIF, a tenth of the step": Setup("CobaLIF", "iaf_cond_exp", 1e-5, _with_potentials(_conductances), _MORE),
    "AdEx": Setup("AdEx", "aeif_psc_exp", 5e-5, _adex, _TONIC, scale=0.5),
    "AdEx, a fifth of the step": Setup("AdEx", "aeif_psc_exp", 1e-5, _adex, _TONIC, scale=0.5),
    "Izhikevich": Setup("Izhikevich", "izhikevich", 1e-4, _izhikevich, {"I_0": 10e-3}, scale=0.0),
    "HodgkinHuxley": Setup("HodgkinHuxley", "hh_cond_exp_traub", 2e-5, _hodgkin_huxley, scale=0.3),
    "HodgkinHuxley, by rk4": Setup("HodgkinHuxley", "hh_cond_exp_traub", 1e-5, _hodgkin_huxley, scale=0.3, scheme="rk4"),
}


def network(setup: Setup) -> tuple[NetworkSpec, dict[str, NDArray[Any]], NDArray[np.bool_], dict[str, float]]:
    """One neuron, its values, the input (time, 1, channel), and the neuron's numbers in SI units."""
    spec = NetworkSpec(setup.dt, N_CHANNELS, [Layer(setup.neuron, 1)])
    values = {key: np.array(value) for key, value in spec.initial_values(3).items()}
    own: dict[str, float] = {}
    for key in values:
        name = key.rsplit(".", 1)[1]
        if name.startswith("w") and ".feedforward." in key:
            values[key] *= setup.scale
            continue
        values[key][...] = setup.own.get(name, values[key])
        own[name] = float(values[key].ravel()[0])
    # the same times whatever the step is
    rng, n_steps = np.random.default_rng(0), round(DURATION / setup.dt)
    raster = np.zeros((n_steps, 1, N_CHANNELS), dtype=bool)
    for channel in range(N_CHANNELS):
        times = rng.uniform(1e-3, DURATION - 1e-3, rng.poisson(RATE * DURATION))
        raster[np.unique(np.round(times / 1e-4)).astype(int) * round(1e-4 / setup.dt), 0, channel] = True
    return spec, values, raster, own


def cases() -> list[dict[str, Any]]:
    """Every setup as plain data for NEST."""
    found = []
    for name, setup in SETUPS.items():
        spec, values, raster, own = network(setup)
        weights = {key.rsplit(".", 1)[1]: values[key][0] for key in spec.slots if ".feedforward.w" in key}
        unit = NS if "g_ampa" in REGISTRY[setup.model].on_pre else PA
        signs = {"w_gaba": -unit}
        channels = [
            {
                "steps": (np.flatnonzero(raster[:, 0, k]) - 1).tolist(),  # and a step to arrive
                "weights": [float(value[k] * signs.get(key, unit)) for key, value in weights.items() if value[k] != 0.0],
            }
            for k in range(N_CHANNELS)
        ]
        numbers = _refractory(setup.numbers(own), own, setup.dt)
        case = {"name": name, "nest": setup.nest, "dt_ms": setup.dt * MS, "n_steps": len(raster)}
        found.append({**case, "parameters": numbers, "channels": channels})
    return found


def compare(name: str, theirs: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
    """Our spikes against NEST's, and the voltages where no spike is near."""
    setup = SETUPS[name]
    spec, values, raster, _ = network(setup)
    done = simulate_reference(spec, values, raster, record=("v",))
    v = np.asarray(done.traces["layer_1.v"])[:, 0, 0] * MV
    ours = np.flatnonzero(done.rasters["layer_1"][:, 0, 0]) * setup.dt * MS
    spikes, v, v_nest = theirs[f"{name}.spikes"], v[1:], theirs[f"{name}.v"][: len(v) - 1]  # our first step shows the beginning
    row: dict[str, Any] = {"case": name, "model": setup.model, "nest": setup.nest, "dt_ms": setup.dt * MS}
    row |= {"spikes": len(ours), "spikes_nest": len(spikes)}
    n = min(len(ours), len(spikes))
    shifts = np.abs(ours[:n] - spikes[:n])
    same = int(np.argmax(shifts > SAME_MS)) if np.any(shifts > SAME_MS) else n
    end = len(v) if same == len(ours) == len(spikes) else round(min([*ours[same:], *spikes[same:]]) / (setup.dt * MS))
    row |= {"spikes_alike": same, "until_ms": end * setup.dt * MS, "largest_shift_ms": float(shifts[:same].max())}
    quiet = np.arange(len(v)) < end
    around = round(2e-3 / setup.dt)
    for time in (*ours, *spikes):  # NEST resets at once, we in the next step; and a spike is steep
        k = round(time / (setup.dt * MS))
        quiet[max(0, k - around) : k + around] = False
    row |= {"largest_dv_mv": float(np.abs(v - v_nest)[quiet].max()), "std_v_mv": float(v[quiet].std())}
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=Path, help="write the cases for NEST")
    parser.add_argument("--read", type=Path, help="what nest_writer.py wrote")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    if options.cases is not None:
        write_atomically(options.cases, json.dumps(cases()))
    if options.read is not None:
        theirs = dict(np.load(options.read))
        rows = [compare(name, theirs) for name in SETUPS]
        for row in rows:
            print(row)
        if options.out is not None:
            write_atomically(options.out, json_text({"nest": str(theirs["version"]), "rows": rows}))


if __name__ == "__main__":
    main()
