"""Faults in the analyses of learned time constants: fits, laws, intervals, nulls, lesions."""

from __future__ import annotations

from .mutant import Mutant

MUTANTS = (
    Mutant(
        "a lesion is of time constants longer than the shortest at the start",
        "analysis/biology/activity.py",
        "max(float(run.initial.values[slot.key].max()) for slot in slots)",
        "min(float(run.initial.values[slot.key].min()) for slot in slots)",
    ),
    Mutant(
        "the control of a lesion has the long ones' accuracy",
        "analysis/biology/activity.py",
        "set_back(run.trained, run.initial, control)]",
        "set_back(run.trained, run.initial, long)]",
    ),
    Mutant(
        "rates are per step",
        "analysis/biology/activity.py",
        "raster.mean(axis=(0, 1)) / run.trained.spec.dt_s",
        "raster.mean(axis=(0, 1))",
    ),
    Mutant(
        "samples of the bootstrap are not censored",
        "analysis/biology/fits.py",
        '"bootstrap", table.low, table.high)',
        '"bootstrap")',
    ),
    Mutant(
        "samples of the bootstrap keep the fit of the data",
        "analysis/biology/fits.py",
        "ks_distance(sample, fit_family(sample, fit.family, start=fit))",
        "ks_distance(sample, fit)",
    ),
    Mutant(
        "a p-value counts samples that are nearer",
        "analysis/biology/fits.py",
        "start=fit)) >= distance",
        "start=fit)) <= distance",
    ),
    Mutant(
        "a p-value can be 0",
        "analysis/biology/fits.py",
        "return (further + 1) / (n_samples + 1)",
        "return further / n_samples",
    ),
    Mutant(
        "the Kolmogorov-Smirnov distance forgets values below the limit",
        "analysis/biology/fits.py",
        "below = int(table.is_low.sum())",
        "below = 0",
    ),
    Mutant(
        "the Kolmogorov-Smirnov distance is of the observed alone",
        "analysis/biology/fits.py",
        "np.arange(1, observed.size + 1)) / len(table), (below + np.arange(observed.size)) / len(table)",
        "np.arange(1, observed.size + 1)) / observed.size, (below + np.arange(observed.size)) / observed.size",
    ),
    Mutant(
        "the Kolmogorov-Smirnov distance looks at one side of each step",
        "analysis/biology/fits.py",
        "float(max(np.max(np.abs(upper - model)), np.max(np.abs(model - lower))))",
        "float(np.max(np.abs(upper - model)))",
    ),
    Mutant(
        "Akaike's criterion counts parameters once",
        "analysis/biology/fits.py",
        "2.0 * len(self.parameters) - 2.0",
        "len(self.parameters) - 2.0",
    ),
    Mutant(
        "Schwarz's criterion is Akaike's",
        "analysis/biology/fits.py",
        "len(self.parameters) * float(np.log(self.n))",
        "len(self.parameters) * 2.0",
    ),
    Mutant(
        "a heavy tail is fitted without its censored values",
        "analysis/biology/tails.py",
        "n_high = int(table.is_high.sum())",
        "n_high = 0",
    ),
    Mutant(
        "a censored value lies on the limit",
        "analysis/biology/tails.py",
        "_log_z(a + c * end, c) - log_z)",
        "_log_z(a + c * end, c) - 2.0 * log_z)",
    ),
    Mutant(
        "the log-normal of a tail is not cut at the threshold",
        "analysis/biology/tails.py",
        "0.5 * np.log(0.5 * np.pi / c)",
        "0.5 * np.log(2.0 * np.pi / c)",
    ),
    Mutant(
        "a ratio at the end of its range is tested as if inside it",
        "analysis/biology/tails.py",
        "0.5 * float(stats.chi2.sf(ratio, 1))",
        "float(stats.chi2.sf(ratio, 1))",
    ),
    Mutant(
        "the exponent is that of the distribution function",
        "analysis/biology/tails.py",
        "1.0 + rate, ratio, p",
        "rate, ratio, p",
    ),
    Mutant(
        "Q10 is applied the wrong way round",
        "analysis/biology/temperature.py",
        "(there.column(_COLUMN) - celsius) / 10.0",
        "(celsius - there.column(_COLUMN)) / 10.0",
    ),
    Mutant(
        "values below the limit count as if above it",
        "analysis/biology/likelihood.py",
        "family.log_tails(low, *parameters)[0]",
        "family.log_tails(low, *parameters)[1]",
    ),
    Mutant(
        "values above the limit are left out",
        "analysis/biology/likelihood.py",
        "        if n_high:\n                total",
        "        if n_high < 0:\n                total",
    ),
    Mutant(
        "censored values have the density at their limit",
        "analysis/biology/likelihood.py",
        "float(family.log_tails(high, *parameters)[1])",
        "float(family.log_density(high, *parameters))",
    ),
    Mutant(
        "a mixture of log-normals adds logarithms",
        "analysis/biology/laws.py",
        "np.logaddexp(np.log(share) + one, np.log1p(-share) + other)",
        "share * one + (1.0 - share) * other",
    ),
    Mutant(
        "clusters are not drawn again, but their members are",
        "analysis/biology/uncertainty.py",
        "for k in rng.integers(len(neurons), size=len(neurons)):",
        "for k in range(len(neurons)):",
    ),
    Mutant(
        "networks are not drawn again",
        "analysis/biology/uncertainty.py",
        "for chosen in rng.integers(len(nested), size=len(nested)):",
        "for chosen in range(len(nested)):",
    ),
    Mutant(
        "the design effect counts a member with itself",
        "analysis/biology/uncertainty.py",
        "1.0 + (n / k - 1.0) * correlation",
        "1.0 + (n / k) * correlation",
    ),
    Mutant(
        "an interval is one-sided",
        "analysis/biology/uncertainty.py",
        "[0.5 - level / 2, 0.5 + level / 2]",
        "[1.0 - level, level]",
    ),
    Mutant(
        "changes are flipped in tau where rho was asked for",
        "analysis/biology/nulls.py",
        'if of == "log_tau":',
        'if of != "log_tau":',
    ),
    Mutant(
        "weight decay drifts by its last rate",
        "analysis/biology/nulls.py",
        "np.sum(np.log1p(-rates * settings.weight_decay_time_constants))",
        "rates.size * np.log1p(-rates[-1] * settings.weight_decay_time_constants)",
    ),
    Mutant(
        "a synapse has the rate of the neuron behind it",
        "analysis/biology/extraction.py",
        "rates[source][pre] if of_synapses",
        "rates[source][post % len(rates[source])] if of_synapses",
    ),
    Mutant(
        "weights of synapses are read transposed",
        "analysis/biology/extraction.py",
        'run.trained.values[f"{slot.owner}.w"], dtype=np.float64)[here]',
        'run.trained.values[f"{slot.owner}.w"], dtype=np.float64).T.reshape(here.shape)[here]',
    ),
    Mutant(
        "a neuron's own synapse counts where there is none",
        "analysis/biology/extraction.py",
        "    if slot.without_diagonal:",
        "    if False:",
    ),
    Mutant(
        "what lies on a limit is observed",
        "analysis/biology/table.py",
        "np.asarray(self.tau >= self.high)",
        "np.asarray(self.tau > self.high)",
    ),
)
