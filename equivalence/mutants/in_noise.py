"""Faults in noise and in time courses: in numbers, in which of them a neuron gets, and in the schemes that take them."""

from __future__ import annotations

from .mutant import Mutant

MUTANTS = (
    Mutant("nine rounds of Philox", "discrete/noise.py", "N_ROUNDS: Final = 10", "N_ROUNDS: Final = 9"),
    Mutant(
        "in torch the noise of a step comes one step late",
        "training/randomness.py",
        "steps = self.step + 1 + np.arange(n_steps)",
        "steps = self.step + np.arange(n_steps)",
    ),
    Mutant(
        "a process gives its recordings the noise of other recordings",
        "training/randomness.py",
        "recordings = self.first + self.every * np.arange(n_batch)",
        "recordings = self.first + np.arange(n_batch)",
    ),
    Mutant(
        "in Brian2 all recordings have the noise of the first",
        "brian/noise.py",
        'f"timestep(t, dt)//{STEPS_PER_RECORDING}", f"',
        'f"0*timestep(t, dt)//{STEPS_PER_RECORDING}", f"',
    ),
    Mutant(
        "in Brian2 recordings side by side have the same noise",
        "brian/noise.py",
        'f"{recording}*{copies} + i//{population.size}"',
        'f"{recording}*{copies}"',
    ),
    Mutant(
        "noise of batches is counted from the batch's own first recording",
        "training/evaluate.py",
        "first_recording=k * batch_size",
        "first_recording=0",
    ),
    Mutant(
        "networks are compared with noise of another seed",
        "agreement/verify.py",
        "network.record(x, noise_seed=recording.noise_seed)",
        "network.record(x)",
    ),
    Mutant(
        "noise moves a state that stands still",
        "discrete/schemes.py",
        "moves[x].append(unless_frozen(x, moved(g[k], g[k].subs(there, simultaneous=True), dt * xi)))",
        "moves[x].append(moved(g[k], g[k].subs(there, simultaneous=True), dt * xi))",
    ),
    Mutant(
        "Milstein's step is that of Ito",
        "discrete/schemes.py",
        "g * dw + (there - g) * dw**2 / (2 * root)",
        "g * dw + (there - g) * (dw**2 - dt) / (2 * root)",
    ),
    Mutant(
        "Euler's step takes noise whose size depends on a state",
        "spec/rules_of_noise.py",
        'if moved and model.scheme == "euler":',
        'if moved and model.scheme == "rk4":',
    ),
    Mutant(
        "noise of a script is stepped by Heun's method where Brian2 chooses Euler's",
        "exchange/brian2_schemes.py",
        '{"additive": "euler", "multiplicative": "heun"}',
        '{"additive": "heun", "multiplicative": "heun"}',
    ),
    Mutant(
        "random events move a neuron that is refractory",
        "discrete/stepping.py",
        "where(ACTIVE, moved, stepped_x) if x in block.frozen else moved",
        "moved",
    ),
    Mutant(
        "random events of a script begin a step early",
        "brian/schedule.py",
        "elif isinstance(owner, PoissonInput):",
        "elif isinstance(owner, PoissonInput) and owner.order:",
    ),
    Mutant(
        "in torch a time course is seen a step late",
        "training/stepped_layer.py",
        "steps, shape = n_before + 1 + np.arange(x.shape[0])",
        "steps, shape = n_before + np.arange(x.shape[0])",
    ),
    Mutant(
        "in Brian2 time courses go on from recording to recording",
        "brian/time_courses.py",
        'f"(timestep(t, dt) % {STEPS_PER_RECORDING})*dt" if schedule.recordings else "t"',
        '"t"',
    ),
    Mutant(
        "the current of a TimedArray is of the neuron before",
        "exchange/brian2_time_courses.py",
        "values[:, chosen]",
        "values[:, chosen - 1]",
    ),
)
