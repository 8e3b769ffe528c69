"""Faults in the torch layers: parameters and their bijections, the evaluated paths, pieces of time, recorded states."""

from __future__ import annotations

from .mutant import Mutant

MUTANTS = (
    Mutant(
        "a clamped decay of 1 is a time constant of minus infinity",
        "training/bijections.py",
        "return self.dt / torch.log(raw).abs()",
        "return -self.dt / torch.log(raw)",
    ),
    Mutant(
        "values within a thousandth of their bounds are moved",
        "training/bijections.py",
        "edge: float = 1e-9",
        "edge: float = 1e-3",
    ),
    Mutant(
        "a time constant between bounds comes back on a linear scale",
        "training/bijections.py",
        "return self.low * torch.exp(math.log(self.high / self.low) * torch.sigmoid(raw))",
        "return self.low + (self.high - self.low) * torch.sigmoid(raw).square()",
    ),
    Mutant(
        "trained decays may grow beyond 1",
        "training/bijections.py",
        "return 0.0, 1.0",
        "return 0.0, math.inf",
    ),
    Mutant(
        "a time constant that is trained as it is may fall below its bound",
        "training/bijections.py",
        "return (bijection.low, math.inf) if isinstance(bijection, Tau) else None",
        "return None",
    ),
    Mutant(
        "a time constant that is trained as it is stops at its upper bound",
        "training/bijections.py",
        "low, high = bijection.low, math.inf",
        "low = bijection.low",
    ),
    Mutant(
        "a clamped decay per neuron is read as one per presynaptic neuron",
        "training/population.py",
        'raw[..., None] if projection != "" and slot.parameter.axes == "post" else raw',
        "raw",
    ),
    Mutant(
        "input decays in the step in which it arrives",
        "training/layer.py",
        'if projection.kind == "recurrent" and self.program.step_order.decays_in_same_step("recurrent"):',
        'if self.program.step_order.decays_in_same_step("recurrent"):',
    ),
    Mutant(
        "the reset decays when recurrent spikes do",
        "training/layer.py",
        'amplitude * decay if self.program.step_order.decays_in_same_step("reset") else amplitude',
        'amplitude * decay if self.program.step_order.decays_in_same_step("recurrent") else amplitude',
    ),
    Mutant(
        "a reset is not carried over to the next piece of time",
        "training/layer.py",
        '                if f"reset {k}" in carried:',
        '                if f"reset {k + 1}" in carried:',
    ),
    Mutant(
        "values are handed out as the optimiser sees them",
        "training/population.py",
        "value: NDArray[np.floating] = self.physical(key).numpy(force=True).copy()",
        "value: NDArray[np.floating] = self.raw(key).numpy(force=True).copy()",
    ),
    Mutant(
        "a checkpoint is evaluated in single precision",
        "training/network.py",
        "with default_dtype(dtype):\n            network = cls(checkpoint.spec",
        "with default_dtype(torch.float32):\n            network = cls(checkpoint.spec",
    ),
    Mutant(
        "a network made of given values starts from initial ones where these are trained",
        "training/network.py",
        "spec.initial_values(seed) if values is None else values)",
        "spec.initial_values(seed) if values is None or trainable else values)",
    ),
    Mutant(
        "recorded reset currents hold the spike of their own step",
        "training/layer.py",
        "parts.append((reset.state, partial(leaky_filter, before * amplitude, rho)))",
        "parts.append((reset.state, partial(leaky_filter, z * amplitude, rho)))",
    ),
    Mutant(
        "the surrogate's side lobes have the height of the main one",
        "training/surrogates.py",
        "self.gamma * ((1.0 + self.height) * normal(0.0, self.sd)",
        "self.gamma * ((1.0 - self.height) * normal(0.0, self.sd)",
    ),
)
