"""Faults in what is written down and read: models, networks, units, and the rewriting between models."""

from __future__ import annotations

from .mutant import Mutant

MUTANTS = (
    Mutant(
        "subtracting in a jump adds",
        "spec/equations.py",
        '{"+=": self.expression, "-=": -self.expression}',
        '{"+=": self.expression, "-=": self.expression}',
    ),
    Mutant(
        "subexpressions of subexpressions are not written out",
        "spec/equations.py",
        "while expression.free_symbols & written.keys():",
        "if expression.free_symbols & written.keys():",
    ),
    Mutant(
        "of two phases before the decay, only the first decays in the same step",
        "spec/step_order.py",
        'return self.phases.index(phase) < self.phases.index("decay")',
        "return self.phases[0] == phase",
    ),
    Mutant(
        "self-connections are there although they were left out",
        "spec/network.py",
        '"recurrent", n, n, layer.self_connections))',
        '"recurrent", n, n))',
    ),
    Mutant(
        "a recurrent layer is written down without its self_connections",
        "spec/network.py",
        'facts |= {"recurrent": True, "self_connections": layer.self_connections}',
        'facts |= {"recurrent": True}',
    ),
    Mutant(
        "a written network is read back with the default step order",
        "spec/network.py",
        'step_order=StepOrder(tuple(plain["step_order"])),',
        "step_order=DEFAULT_STEP_ORDER,",
    ),
    Mutant(
        "a layer takes the network's step order in the place of its model's",
        "spec/network.py",
        "layer.model.step_order or network)",
        "network)",
    ),
    Mutant(
        "a quantity is written with twelve digits",
        "spec/quantities.py",
        "if number * scale == si:",
        "if abs(number * scale - si) <= 1e-11 * abs(si):",
    ),
    Mutant(
        "the reset of HetSynLIF is a thousandth too small",
        "models/hetsyn.py",
        'reset="R += theta",',
        'reset="R += 0.999*theta",',
    ),
    Mutant(
        "the normalised adaptation of the split reset decays with the reset",
        "models/hetsyn.py",
        'reset="J_theta += theta; J_a += a*(1 - exp(-dt/tau_adapt))"',
        'reset="J_theta += theta; J_a += a*(1 - exp(-dt/tau_reset))"',
    ),
    Mutant(
        "HomNeuALIF adapts by a theta",
        "models/lif.py",
        'reset="u -= theta; J_a += a",',
        'reset="u -= theta; J_a += a*theta",',
    ),
    Mutant(
        "in HetSyn form a neuron's time constant goes to its presynaptic side",
        "models/reductions.py",
        "np.broadcast_to(membrane[:, None] if per_synapse else membrane, slot.shape).copy()",
        "np.resize(membrane, slot.shape) if per_synapse else np.broadcast_to(membrane, slot.shape).copy()",
    ),
    Mutant(
        "weights that begin uniform are never negative",
        "spec/initial.py",
        "rng.uniform(-self._scale(shape), self._scale(shape), shape)",
        "rng.uniform(0.0, self._scale(shape), shape)",
    ),
)
