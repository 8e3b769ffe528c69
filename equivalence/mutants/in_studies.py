"""Faults in the studies of papers: what is done to networks and recordings, and how numbers are compared."""

from __future__ import annotations

from .mutant import Mutant

MUTANTS = (
    Mutant(
        "the lesion's control takes the next smaller weight",
        "analysis/studies/hetsyn/lesions.py",
        "beside = [j for j in (k - 1, k) if 0 <= j < free.size]",
        "beside = [j for j in (k - 1,) if 0 <= j < free.size] or [0]",
    ),
    Mutant(
        "the control of a lesion is drawn regardless of weight",
        "analysis/studies/hetsyn/lesions.py",
        "nearest = min(beside, key=lambda j: abs(sorted_size[j] - size[synapse]))",
        "nearest = int(rng.integers(free.size))",
    ),
    Mutant(
        "the control may take one synapse twice",
        "analysis/studies/hetsyn/lesions.py",
        "        free, sorted_size = np.delete(free, nearest), np.delete(sorted_size, nearest)\n",
        "",
    ),
    Mutant(
        "a lesion sets back all but what was chosen",
        "analysis/studies/hetsyn/lesions.py",
        "np.where(mask, initial.values[key], values[key])",
        "np.where(mask, values[key], initial.values[key])",
    ),
    Mutant(
        "the window is not warped with time",
        "analysis/studies/hetsyn/robustness.py",
        "round(window * 2.0**log2)",
        "window",
    ),
    Mutant(
        "added spikes come at a rate that is no probability",
        "analysis/studies/hetsyn/robustness.py",
        "-np.expm1(-rate_hz * data.dt)",
        "np.minimum(1.0, rate_hz * data.dt)",
    ),
    Mutant(
        "added spikes stop where a recording does",
        "analysis/studies/hetsyn/robustness.py",
        "lengths = data.n_steps if n_steps is None else np.full(len(data), n_steps)",
        "lengths = data.n_steps",
    ),
    Mutant(
        "a warped spike lies at the beginning of its step",
        "analysis/studies/hetsyn/robustness.py",
        "np.floor((data.steps + 0.5) * factor)",
        "np.floor(data.steps * factor)",
    ),
    Mutant(
        "recordings lose all their spikes",
        "analysis/studies/hetsyn/robustness.py",
        "survives[data.offsets[:-1][emptied]] = True",
        "pass",
    ),
    Mutant(
        "spikes survive with the probability of being lost",
        "analysis/studies/hetsyn/robustness.py",
        "random(data.steps.size) >= probability",
        "random(data.steps.size) < probability",
    ),
    Mutant(
        "warps are drawn on a linear scale",
        "analysis/studies/hetsyn/robustness.py",
        "with_warped_time(data, 2.0**log2)",
        "with_warped_time(data, 1.0 + log2)",
    ),
    Mutant(
        "half an interval is a standard error",
        "analysis/studies/statistics.py",
        "float(stats.t.ppf(0.5 + level / 2, numbers.size - 1) * stats.sem(numbers))",
        "float(stats.sem(numbers))",
    ),
    Mutant(
        "an interval is normal however few the runs are",
        "analysis/studies/statistics.py",
        "stats.t.ppf(0.5 + level / 2, numbers.size - 1)",
        "stats.norm.ppf(0.5 + level / 2)",
    ),
    Mutant(
        "runs are paired in the order they stand in",
        "analysis/studies/statistics.py",
        '[float(row[key]) - there[row["seed"]] for row in rows if row["seed"] in there]',
        "[float(row[key]) - float(other[key]) for row, other in zip(rows, others)]",
    ),
    Mutant(
        "distortions are the same in every epoch",
        "analysis/studies/hetsyn/grey.py",
        '"distortions", trainer.current_epoch)',
        '"distortions", 0)',
    ),
    Mutant(
        "chosen images have the grey values of the first ones",
        "analysis/studies/hetsyn/grey.py",
        "images = np.atleast_2d(self.images[index if isinstance(index, slice) else np.asarray(index)])",
        "images = self.images[: len(chosen)]",
    ),
    Mutant(
        "thresholds that are set back stay as they were learned",
        "analysis/studies/stl/study.py",
        'of.set_values({"neuron.theta": thresholds[name][0]})',
        'of.set_values({"neuron.theta": thresholds[name][-1]})',
    ),
    Mutant(
        "a spike costs a multiplication",
        "analysis/studies/stl/measures.py",
        '0.9 * row["operations"]',
        '4.6 * row["operations"]',
    ),
)
