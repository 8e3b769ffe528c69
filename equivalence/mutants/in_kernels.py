"""Faults in the plain torch kernels and in what stands around the compiled ones."""

from __future__ import annotations

from .mutant import Mutant

MUTANTS = (
    Mutant(
        "the filter is deaf in the last active step",
        "kernels/lags.py",
        "n = min(n_steps - lag, last + 1)  # steps of silence at the end reach nothing",
        "n = min(n_steps - lag, last)",
    ),
    Mutant(
        "the derivative of a power by its decay is one lag late",
        "kernels/lags.py",
        "        derivative.mul_(rho).add_(polynomial)\n        polynomial.mul_(rho).add_(product)",
        "        polynomial.mul_(rho).add_(product)\n        derivative.mul_(rho).add_(polynomial)",
    ),
    Mutant(
        "the state that is carried over a chunk decays one step too little",
        "kernels/lags.py",
        "state + rho**n_steps * carried",
        "state + rho ** (n_steps - 1) * carried",
    ),
    Mutant(
        "the carried state of delayed spikes does not decay",
        "kernels/filters.py",
        "None if carried is None else carried if delay == 0 else carried * decay)",
        "None if carried is None else carried)",
    ),
    Mutant(
        "a leaky state's gradient by its decay pairs equal steps",
        "kernels/filters.py",
        "return a, (a[1:] * v[:-1]).sum(dim=(0, 1))",
        "return a, (a * v).sum(dim=(0, 1))",
    ),
    Mutant(
        "a node at a decay of 0 or 1 has the power for its slope",
        "kernels/node_scans.py",
        "fed[:, k] = a[:, k - 1]",
        "fed[:, k] = now",
    ),
    Mutant(
        "recurrent states of shared decays are those of the last spikes alone",
        "kernels/expansion_plain.py",
        "torch.addcmul(arrived, self._decays, self._state)",
        "arrived",
    ),
    Mutant(
        "the plain scan spikes at the threshold",
        "kernels/scan.py",
        "spikes = (now > theta).to(v_in.dtype)",
        "spikes = (now >= theta).to(v_in.dtype)",
    ),
    Mutant(
        "the threshold's gradient misses what comes back through recurrence and reset",
        "kernels/scan.py",
        "dtheta -= through_spike.sum(dim=0)",
        "dtheta -= (pseudo[t] * dz_out[t]).sum(dim=0)",
    ),
    Mutant(
        "the gradient of recurrent weights pairs a spike with its own step",
        "kernels/scan.py",
        "grads += correlate(d[1:], z[:-1], amplitude, rho)",
        "grads += correlate(d[1:], z[1:], amplitude, rho)",
    ),
    Mutant(
        "a leaky path's gradient by its decay pairs equal steps",
        "kernels/lags.py",
        "drho = (back[1:] * torch.stack(states)[:-1]).sum(dim=(0, 1))",
        "drho = (back * torch.stack(states)).sum(dim=(0, 1))",
    ),
    Mutant(
        "the compiled leaky scan's gradient by its decay is shifted by a step",
        "kernels/fused.py",
        "if ctx.reverse else (adjoint[1:], out[:-1])",
        "if ctx.reverse else (adjoint[:-1], out[:-1])",
    ),
    Mutant(
        "a kernel is called by the short way while torch looks at operators",
        "kernels/operators.py",
        "        if _is_watched(flat):",
        "        if torch.compiler.is_compiling():",
    ),
    Mutant(
        "the expansion's gradient by a decay lacks the factor 1/rho",
        "kernels/expansion.py",
        "if n_limits else w / (-rho * rho.log())",
        "if n_limits else w / (-rho.log())",
    ),
    Mutant(
        "shared decays may be off by a hundred times what float32 rounds",
        "kernels/expansion.py",
        "+ 32) / 100,",
        "+ 32) * 100,",
    ),
    Mutant(
        "a network taken elsewhere forgets how its filters were computed",
        "training/population.py",
        'self.use_forms(Meaning.from_tensor(state, where=f"{self.population}.{EXTRA}").forms)',
        "pass",
    ),
    Mutant(
        "the expansion takes decays near 1 for 1",
        "kernels/expansion.py",
        "tolerance / 2, 1 - tolerance / n_steps",
        "tolerance / 2, 1 - 1e-3",
    ),
)
