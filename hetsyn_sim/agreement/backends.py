"""The checks that run every simulator: on the recordings, and on probes (silence, single volleys, noise at several rates)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..brian import DEVICES
from ..brian.devices import find_device
from ..data.recording import Raster, Recording
from ..discrete import simulate_reference
from ..errors import BackendError
from .bounds import voltage_bounds
from .certificate import Check, of_comparison
from .compare import compare_recordings
from .outcome import MAX_UNDECIDED, Verification
from .subject import Subject, evenly
from .verify import Side, brian2_side_of, outcome_of, run_side_by_side, torch_side_of

Progress = Callable[[float], None]
_CLAIM = "Every simulator gives the spikes of Brian2 in every cell, and its voltages within what rounding may do."
_PROBES_CLAIM = "The same holds on inputs that no recording need contain: silence, one volley first or last, and noise at several rates."
#: Spikes per channel and step of the noise.
RATES = (0.02, 0.2, 0.6)
#: How many recordings the slow reference is run on.
_FOR_THE_REFERENCE = 8


@dataclass(frozen=True)
class Agreement:
    """The check, and what the certificate shows of the same runs."""

    check: Check
    verification: Verification
    margins: NDArray[np.float64]
    bounds: dict[str, float]


def check_agreement(subject: Subject, progress: Progress) -> Agreement:
    """Brian2 against every other simulator, on all recordings; the slow reference on some of them."""
    checkpoint, data, n_steps = subject.checkpoint, subject.data, subject.n_steps
    brian2 = brian2_side_of(checkpoint, subject.device, subject.message)
    double = torch_side_of(checkpoint, "float64")
    others = [double, *_other_sides(subject)]
    compared = run_side_by_side(checkpoint, data, brian2, others, n_steps=n_steps, progress=progress)
    findings = [
        of_comparison(side.name, comparison, seconds=side.seconds) for side, comparison in zip(others, compared.comparisons, strict=True)
    ]
    few = evenly(data, _FOR_THE_REFERENCE)
    x = few.rasters(n_steps)
    reference = _by_reference(subject, x)
    theirs = double.run(x, lambda fraction: None)
    outcome = compare_recordings(checkpoint.spec, subject.values, reference, theirs)
    findings.append(of_comparison("reference (NumPy)", outcome, seconds=None))
    bounds: dict[str, float] = {}
    for precision in MAX_UNDECIDED:
        by_population = voltage_bounds(checkpoint.spec, subject.values, theirs, precision)
        bounds[precision] = 2 * max(by_population[p.name] for p in checkpoint.spec.populations if p.model.spiking)
    verification = outcome_of(compared.comparisons[0], checkpoint, data, subject.device, n_steps, double, brian2)
    return Agreement(Check("agreement", _CLAIM, tuple(findings)), verification, compared.margins, bounds)


def check_probes(subject: Subject, progress: Progress) -> Check:
    """Brian2, torch in both precisions and the reference on every probe."""
    spec, values = subject.checkpoint.spec, subject.values
    inputs = probes(subject.n_steps, spec.n_input)
    x = np.concatenate(list(inputs.values()), axis=1)
    brian2 = brian2_side_of(subject.checkpoint, subject.device, subject.message).run(x, progress)
    findings = []
    for precision in MAX_UNDECIDED:
        side = torch_side_of(subject.checkpoint, precision)
        comparison = compare_recordings(spec, values, brian2, side.run(x, progress), precision)
        findings.append(of_comparison(side.name, comparison, typical=False))
    findings.append(of_comparison("reference (NumPy)", compare_recordings(spec, values, brian2, _by_reference(subject, x))))
    return Check("probes", f"{_PROBES_CLAIM} ({', '.join(inputs)})", tuple(findings))


def probes(n_steps: int, n_input: int) -> dict[str, Raster]:
    """Inputs of shape (time, 1, channel) by their name. Noise comes from fixed seeds."""
    silence = np.zeros((n_steps, 1, n_input), dtype=bool)
    first, last = silence.copy(), silence.copy()
    first[0], last[-1] = True, True
    inputs = {"silence": silence, "a volley in the first step": first, "a volley in the last step": last}
    for seed, rate in enumerate(RATES):
        inputs[f"noise, {rate:g} spikes per step"] = np.random.default_rng(seed).random(silence.shape) < rate
    return inputs


def _by_reference(subject: Subject, raster: Raster) -> Recording:
    return simulate_reference(subject.checkpoint.spec, subject.values, raster)


def _other_sides(subject: Subject) -> Iterator[Side]:
    """The other precision; if thorough, also every kernel back end and every other device of Brian2 that is here."""
    from ..kernels import available_backends  # loads torch

    yield torch_side_of(subject.checkpoint, "float32")
    if not subject.thorough:
        return
    for backend in available_backends():
        for precision in MAX_UNDECIDED:
            side = torch_side_of(subject.checkpoint, precision, backend)
            # off by a hundredth of what float32 rounds: held to its rounding in either precision
            yield replace(side, precision="float32") if backend == "expansion" else side
    for device in DEVICES:
        if device != find_device(subject.device).name and _is_here(device):
            yield brian2_side_of(subject.checkpoint, device, subject.message)


def _is_here(device: str) -> bool:
    try:
        find_device(device)
    except BackendError:
        return False
    return True
