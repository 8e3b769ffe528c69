"""The figures of a report as PNG, drawn without pyplot: nothing is shown, and no backend of matplotlib is chosen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure as MplFigure
from numpy.typing import NDArray

from ..agreement.bounds import thresholds
from ..agreement.certificate import Certificate, Check
from ..agreement.outcome import Verification
from ..data.checkpoint import Checkpoint
from ..spec.quantities import unit_of_dimensions
from ..spec.values import is_time_constant
from .document import Figure, png_of
from .inputs import Example, History
from .plots import (
    plot_bounds,
    plot_confusion,
    plot_difference,
    plot_learning_curve,
    plot_margins,
    plot_raster,
    plot_refinement,
    plot_time_constants,
    plot_trace,
)


def learning_curve(history: History, test_accuracy: float | None, kept: int | None) -> Figure:
    """Accuracy and loss over the epochs."""
    figure = _new(6.5, 3.8)
    plot_learning_curve(history, test_accuracy, figure.subplots(), kept=kept)
    caption = "Accuracy and loss in training."
    if test_accuracy is not None:
        caption += " The star is the accuracy on the test recordings, which played no part in it."
    return _done(figure, "learning_curve.png", caption)


def raster(example: Example) -> Figure:
    """One recording in both simulators."""
    figure = _new(9.0, 6.0)
    plot_raster(example.torch, example.brian2, 0, figure.subplots())
    return _done(figure, "raster.png", f"Recording {example.name}: PyTorch's spikes as circles, Brian2's as dots inside them.")


def traces(example: Example, checkpoint: Checkpoint) -> Figure:
    """v, the synaptic current where there is one, and the difference of v."""
    shown = example.traces
    figure = _new(9.0, 2.3 * len(shown) + 1.9)
    axes = figure.subplots(len(shown) + 1, 1, sharex=True, height_ratios=[2.0] * len(shown) + [1.3])
    for ax, trace in zip(axes, shown, strict=False):
        theta = _theta(checkpoint, example) if trace.endswith(".v") else None
        plot_trace(example.torch, example.brian2, trace, example.neuron, theta=theta, unit=_unit(checkpoint, trace), ax=ax)
        ax.label_outer()
    plot_difference(example.torch, example.brian2, f"{example.population}.v", example.neuron, ax=axes[-1])
    caption = f"Recording {example.name}: one neuron in PyTorch (broad line) and in Brian2 (thin line with points)."
    return _done(figure, "traces.png", caption)


def trained_time_constants(checkpoint: Checkpoint) -> list[str]:
    """The slot keys of the trained time constants."""
    return [key for key, slot in checkpoint.spec.slots.items() if slot.parameter.trainable and is_time_constant(slot)]


def time_constants(initial: Checkpoint, checkpoint: Checkpoint) -> Figure | None:
    """Every trained time constant before and after training; None if the network has none."""
    trained = trained_time_constants(checkpoint)
    if not trained:
        return None
    figure = _new(6.5, 2.5 * len(trained))
    axes = np.atleast_1d(figure.subplots(len(trained), 1, sharex=True))
    for ax, key in zip(axes, trained, strict=True):
        owner, name = key.rsplit(".", 1)
        plot_time_constants(initial.values[key], checkpoint.values[key], f"{name} of {owner.replace('_', ' ').replace('.', ', ')}", ax)
        ax.autoscale(axis="x")
        ax.label_outer()
    return _done(figure, "time_constants.png", "Learned time constants before and after training; the dotted lines are the medians.")


def confusion(outcome: Verification) -> Figure:
    """Confusion matrix of Brian2; that of torch beside it only if it differs."""
    sides: Sequence[tuple[str, np.ndarray]] = [("Brian2", outcome.predictions_brian2), ("PyTorch", outcome.predictions_torch)]
    shown = [("PyTorch and Brian2", outcome.predictions_brian2)] if outcome.predictions_equal else sides
    figure = _new(5.5 * len(shown), 4.8)
    for ax, (who, predicted) in zip(np.atleast_1d(figure.subplots(1, len(shown))), shown, strict=True):
        plot_confusion(outcome.labels, predicted, who, ax)
    return _done(figure, "confusion.png", f"Predicted against true classes of {outcome.n_recordings} recordings.")


def predictions(labels: NDArray[np.integer], predicted: NDArray[np.integer], who: str) -> Figure:
    """The confusion matrix of one simulator."""
    figure = _new(5.5, 4.8)
    plot_confusion(labels, predicted, who, figure.subplots())
    return _done(figure, "confusion.png", f"Predicted against true classes of {len(labels)} recordings.")


def bounds(check: Check) -> Figure:
    """Every finding's difference of v against what rounding may do."""
    figure = _new(8.0, 1.2 + 0.32 * len(check.findings))
    plot_bounds(check.findings, figure.subplots())
    return _done(figure, f"{check.name}.png", "Largest difference of v from Brian2's, as a share of the rounding bound of each precision.")


def margins(certificate: Certificate) -> Figure:
    """How close v came to the threshold in the recordings."""
    figure = _new(9.0, 3.2)
    measured = {precision: certificate.largest_dv(precision) for precision in certificate.bounds}
    plot_margins(certificate.margins, certificate.bounds, measured, figure.subplots())
    caption = "How close v came to the threshold. Left of a dotted line the simulators' difference may decide about a spike; the shaded"
    caption += " ranges end at the most that rounding can do."
    return _done(figure, "margins.png", caption)


def refinement(check: Check) -> Figure:
    """The whole network at finer time steps."""
    figure = _new(9.0, 3.6)
    plot_refinement(check.findings, figure.subplots())
    caption = "The network at finer dt: neurons look at their thresholds more often, and spikes arrive sooner."
    return _done(figure, "refinement.png", caption)


def _theta(checkpoint: Checkpoint, example: Example) -> float:
    """The threshold of the neuron shown; where it moves, as the recording begins."""
    return float(thresholds(checkpoint.spec, checkpoint.values, example.torch)[example.population][0, 0, example.neuron])


def _unit(checkpoint: Checkpoint, trace: str) -> str:
    """The SI unit of a trace, or nothing if it is a pure number."""
    population, variable = trace.split(".", 1)
    model = next(p.model for p in checkpoint.spec.populations if p.name == population)
    unit = unit_of_dimensions(model.neuron_equations.dimensions[variable]) if variable in model.neuron_equations.dimensions else "1"
    return "" if unit == "1" else unit


def _new(width: float, height: float) -> MplFigure:
    return MplFigure(figsize=(width, height), layout="constrained")


def _done(figure: MplFigure, file: str, caption: str) -> Figure:
    return Figure(file, caption, png_of(figure))
