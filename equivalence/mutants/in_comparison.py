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
    Mutant(
        "a proof takes decays as exact",
        "agreement/proofs/voltages.py",
        "s = n_roundings * _U + n_steps * numbers.decay_error",
        "s = n_roundings * _U",
    ),
    Mutant(
        "a proof does not count the products of the steps",
        "agreement/proofs/voltages.py",
        "n_roundings=2 * n_steps + of.n_terms",
        "n_roundings=of.n_terms",
    ),
    Mutant(
        "a proof's bound counts one spike of each neuron",
        "agreement/proofs/voltages.py",
        "counts = raster.sum(axis=0).astype(np.float64)  # (run, pre)",
        "counts = raster.any(axis=0).astype(np.float64)  # (run, pre)",
    ),
    Mutant(
        "a proof's intervals are not rounded outwards",
        "agreement/proofs/intervals.py",
        "low, high = np.nextafter(low, -_INFINITY), np.nextafter(high, _INFINITY)",
        "low, high = np.asarray(low), np.asarray(high)",
    ),
    Mutant(
        "a proof believes what float64 leaves open",
        "agreement/proofs/proving.py",
        "self.proved = np.where(self.spikes, above, below)",
        "self.proved = np.where(self.spikes, ~below, ~above)",
    ),
    Mutant(
        "what comes after a refuted spike counts as proved",
        "agreement/proofs/proving.py",
        "end = step + 1  # the other neurons",
        "end = end + 0  # the other neurons",
    ),
    Mutant(
        "a layer is proved whatever the layer before did",
        "agreement/proofs/proving.py",
        "            known_before = step",
        "            known_before = n_steps",
    ),
    Mutant(
        "an exact tie is a spike",
        "agreement/proofs/proving.py",
        "if decision.sign is not None and (decision.sign > 0) == spike:",
        "if decision.sign is not None and (decision.sign >= 0) == spike:",
    ),
    Mutant(
        "equal exponentials of a tie are not put together",
        "agreement/proofs/ties.py",
        "found[q] = found.get(q, _ZERO) + c",
        "found[q] = c",
    ),
    Mutant(
        "a ball forgets the decays of the step in which a spike arrives",
        "agreement/proofs/paths.py",
        "(since[arrived] + self.aged).tolist()",
        "since[arrived].tolist()",
    ),
    Mutant(
        "a refuted spike train passes the certificate",
        "agreement/proofs/check.py",
        "passed = False if proof.refuted else None if proof.open else True",
        "passed = None if proof.open else True",
    ),
)
