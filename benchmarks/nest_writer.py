"""What NEST does with the cases of ``benchmarks/nest_oracle.py``: run where NEST is installed (Python 3.12), without this package.

python benchmarks/nest_writer.py cases.json nest.npz
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import nest
import numpy as np


def run(case: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """v in mV after each step, and the times of spikes in ms, of one neuron under input spikes and a current."""
    dt, n_steps = case["dt_ms"], case["n_steps"]
    nest.ResetKernel()
    nest.set_verbosity("M_ERROR")
    nest.resolution = dt
    neuron = nest.Create(case["nest"], params=case["parameters"])
    for channel in case["channels"]:
        if not channel["steps"]:
            continue
        times = [round(step * dt, 9) for step in channel["steps"]]
        generator = nest.Create("spike_generator", params={"spike_times": times})
        for weight in channel["weights"]:
            nest.Connect(generator, neuron, syn_spec={"weight": weight, "delay": dt})
    meter = nest.Create("multimeter", params={"record_from": ["V_m"], "interval": dt})
    recorder = nest.Create("spike_recorder")
    nest.Connect(meter, neuron, syn_spec={"delay": dt})
    nest.Connect(neuron, recorder, syn_spec={"delay": dt})
    nest.Simulate((n_steps + 1) * dt)
    return np.array(meter.get("events", "V_m"))[:n_steps], np.array(recorder.get("events", "times"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    found: dict[str, np.ndarray] = {"version": np.array(nest.__version__)}
    for case in json.loads(options.cases.read_text(encoding="utf-8")):
        found[f"{case['name']}.v"], found[f"{case['name']}.spikes"] = run(case)
    np.savez(options.out, **found)


if __name__ == "__main__":
    main()
