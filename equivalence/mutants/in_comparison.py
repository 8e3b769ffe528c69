"""Faults in the comparison: it has to be strict, or everything agrees."""

from __future__ import annotations

from .mutant import Mutant

MUTANTS = (
    Mutant(
        "the rounding bound is a million times too wide",
        "agreement/bounds.py",
        "unit * (n_terms + 3 * recording.n_steps + 32)",
        "1e6 * unit * (n_terms + 3 * recording.n_steps + 32)",
    ),
    Mutant(
        "the rounding bound forgets the reset",
        "agreement/bounds.py",
        "gains += np.max(amplitude * np.minimum(counts, _memory(evaluate(path.decay, own))), axis=1)",
        "gains += 0 * np.max(amplitude * np.minimum(counts, _memory(evaluate(path.decay, own))), axis=1)",
    ),
    Mutant(
        "one voltage near the threshold makes a near-tie",
        "agreement/outcome.py",
        "return max(abs(self.v_reference - self.theta), abs(self.v_other - self.theta))",
        "return min(abs(self.v_reference - self.theta), abs(self.v_other - self.theta))",
    ),
    Mutant(
        "voltages exactly at the threshold are a near-tie",
        "agreement/outcome.py",
        "if self.v_reference == self.v_other == self.theta:",
        "if self.v_reference != self.v_reference:",
    ),
    Mutant(
        "the verdict looks at spikes alone",
        "agreement/outcome.py",
        "return self.spike_mismatches == 0 and self.max_dv_over_bound <= 1.0",
        "return self.spike_mismatches == 0",
    ),
    Mutant(
        "a voltage that is no number passes for agreement",
        "agreement/compare.py",
        "np.nan_to_num(dv, nan=np.inf)",
        "np.nan_to_num(dv, nan=0.0)",
    ),
    Mutant(
        "the state that differed last is named as the first",
        "agreement/states.py",
        "step = int(steps[0])",
        "step = int(steps[-1])",
    ),
)
