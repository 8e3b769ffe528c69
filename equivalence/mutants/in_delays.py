"""Faults in delays: when spikes arrive, what is rounded, what is handed on, and gradients."""

from __future__ import annotations

from .mutant import Mutant

MUTANTS = (
    Mutant(
        "the gradient of a delay has the wrong sign",
        "kernels/delays.py",
        "(whole == lag - 1).to(w) - (whole == lag).to(w)",
        "(whole == lag).to(w) - (whole == lag - 1).to(w)",
    ),
    Mutant(
        "of a delay between two steps, both parts arrive by the earlier one",
        "kernels/delays.py",
        "torch.where(whole == lag - 1, part, 0.0)",
        "torch.where(whole == lag, part, 0.0)",
    ),
    Mutant(
        "what left the window decays one step too little",
        "kernels/delays.py",
        "rho ** (lag.view(-1, 1, 1) - 1 - whole)",
        "rho ** (lag.view(-1, 1, 1) - 2 - whole).clamp_min(0)",
    ),
    Mutant(
        "delays of evaluated networks lie between two steps",
        "training/population.py",
        "steps = steps.detach().round()",
        "steps = steps.detach()",
    ),
    Mutant(
        "delays are not interpolated while they are learned",
        "training/population.py",
        "if not (learned and self.slots[key].parameter.trainable):",
        "if learned or not self.slots[key].parameter.trainable or True:",
    ),
    Mutant(
        "Brian2 gets delays that are rounded down",
        "spec/values.py",
        "np.rint(np.asarray(delay, dtype=np.float64) / dt)",
        "np.floor(np.asarray(delay, dtype=np.float64) / dt)",
    ),
    Mutant(
        "late recurrent spikes of one recording arrive in the next",
        "brian/equations.py",
        'int(projection.kind == "recurrent")\n    here',
        "0\n    here",
    ),
    Mutant(
        "a delay can't leave its bound",
        "training/bijections.py",
        "edge=min(1e-3, 0.1 * dt / (high - low))",
        "edge=1e-9",
    ),
    Mutant(
        "a script gets delays that are no whole steps",
        "exchange/brian2_delays.py",
        "whole = on_steps(delays, dt)",
        "whole = np.asarray(delays)",
    ),
    Mutant(
        "the fused gradient of a decay forgets the last step of a late event",
        "kernels/csrc/late_backward.hpp",
        "const F e0 = rho[synapse] * s[2] + s[1];",
        "const F e0 = rho[synapse] * s[2];",
    ),
    Mutant(
        "a recurrent spike that comes back in its chunk does not fade",
        "kernels/csrc/late_scan.hpp",
        "const V next = p * rho;",
        "const V next = p;",
    ),
    Mutant(
        "the gradient of a reset of a population with late spikes is that of the step after",
        "kernels/csrc/late_scan.hpp",
        "if (p == 0) turn_in(z + at(step), J, n, J, spikes.get());",
        "if (p == 0) turn_in(z + at(step ? step - 1 : 0), J, n, J, spikes.get());",
    ),
    Mutant(
        "with masks, the later part of a spike between two steps is lost",
        "kernels/csrc/late_events.hpp",
        "before[to] = weight * (rho[from] * (F(1) - part) + part);",
        "before[to] = weight * rho[from] * (F(1) - part);",
    ),
)
