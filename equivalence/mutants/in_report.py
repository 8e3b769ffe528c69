"""Faults in what a reader is shown: reports of a training, the page of a view, histograms of time constants, what works here."""

from __future__ import annotations

from .mutant import Mutant

MUTANTS = (
    Mutant(
        "recordings that were held out count among those that were learned from",
        "report/measured.py",
        "learned, held_out = parts_of(data, settings)",
        "held_out = parts_of(data, settings)[1]",
    ),
    Mutant(
        "an accuracy's interval is that of Clopper and Pearson",
        "report/measured.py",
        'proportion_ci(0.95, method="wilson")',
        'proportion_ci(0.95, method="exact")',
    ),
    Mutant(
        "a report cites the certificate of another network",
        "report/inputs.py",
        "for name in _OF_CERTIFICATE} if same else None",
        "for name in _OF_CERTIFICATE}",
    ),
    Mutant(
        "a view shows the second simulator's spikes as the first's",
        "report/view/contents.py",
        '(("counts", first), ("differing", first != second))',
        '(("counts", second), ("differing", first != second))',
    ),
    Mutant(
        "a view's difference has the other sign",
        "report/view/contents.py",
        "difference = two - one",
        "difference = one - two",
    ),
    Mutant(
        "differences in a view are cut off instead of rounded",
        "report/view/packing.py",
        "np.where(np.isfinite(numbers), bits + 0x8000, bits)",
        "bits",
    ),
    Mutant(
        "of a large network a view keeps the neurons that spike least",
        "report/view/contents.py",
        "for _, _, name, neuron in sorted(order):",
        "for _, _, name, neuron in sorted(order, reverse=True):",
    ),
    Mutant(
        "a name in a view can end its script",
        "report/view/page.py",
        '.replace("<", "\\\\u003c")',
        "",
    ),
    Mutant(
        "histograms of time constants begin with the first epoch",
        "training/module.py",
        "            self.time_constants.add(0, self.network)",
        "            pass",
    ),
    Mutant(
        "a training that goes on forgets the time constants of before",
        "training/module.py",
        'Histograms.from_state(value) if name == "time_constants" else value',
        'Histograms() if name == "time_constants" else value',
    ),
    Mutant(
        "kernels whose numbers are no numbers agree with plain torch",
        "cli/doctor_trials.py",
        "if difference <= _SAME:",
        "if not difference > _SAME:",
    ),
    Mutant(
        "Brian2 works if it runs, whatever its spikes",
        "cli/doctor_trials.py",
        'not np.array_equal(recording.rasters["layer_1"], expected)',
        "recording is None",
    ),
    Mutant(
        "a package is right in whatever version",
        "cli/doctor_checks.py",
        'return installed(r.name) != "" and r.specifier.contains(installed(r.name), prereleases=True)',
        'return installed(r.name) != ""',
    ),
)
