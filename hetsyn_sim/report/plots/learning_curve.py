"""Loss and accuracy over the epochs of a training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from .style import AFTER, BRIAN2, GREY, TORCH, axes_or_new, tidy


def plot_learning_curve(
    history: Sequence[Mapping[str, float]], test_accuracy: float | None = None, ax: Axes | None = None, *, kept: int | None = None
) -> Axes:
    """Draw the accuracies of every epoch, and the training loss on an axis of its own at the right.

    Parameters
    ----------
    history
        One mapping per epoch with ``epoch``, ``train_loss``, ``train_accuracy`` and, if there was validation, ``validation_accuracy``:
        :attr:`FitResult.history <hetsyn_sim.training.fit.FitResult.history>`, or the rows of ``metrics.csv``.
    test_accuracy
        Accuracy on the test split after the training, drawn behind the last epoch.
    ax
        Where to draw; by default in a new figure.
    kept
        The epoch whose network was kept, to mark it.
    """
    ax = axes_or_new(ax, (6.5, 3.6))
    epochs = [row["epoch"] for row in history]
    right = ax.twinx()
    lines = right.plot(epochs, [row["train_loss"] for row in history], color=GREY, lw=1.2, ls="--", label="training loss (right)")
    right.set(ylabel="training loss", ylim=(0.0, None))
    right.spines[["top"]].set_visible(False)
    for name, label, colour, marker in (("train", "training", TORCH, "o"), ("validation", "validation", BRIAN2, "s")):
        column = f"{name}_accuracy"
        if all(column in row for row in history):
            lines += ax.plot(epochs, [100 * row[column] for row in history], marker=marker, ms=4, color=colour, label=label)
    if kept is not None:
        lines.append(ax.axvline(kept, color=GREY, lw=1.0, ls=":", label=f"kept: epoch {kept}"))
    if test_accuracy is not None:
        label = f"test: {100 * test_accuracy:.1f} %"
        lines += ax.plot(epochs[-1] + 0.35, 100 * test_accuracy, "*", ms=13, color=AFTER, mec="white", clip_on=False, label=label)
    ax.set(xlabel="epoch", ylabel="accuracy (%)", ylim=(0.0, 102.0), xlim=(epochs[0] - 0.5, epochs[-1] + 0.7))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_zorder(right.get_zorder() + 1)  # accuracies over the loss
    ax.patch.set_visible(False)
    ax.legend(handles=lines, frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.17), ncols=min(4, len(lines)), columnspacing=1.4)
    last = history[-1]
    measured = "validation_accuracy" if "validation_accuracy" in last else "train_accuracy"
    if measured not in last:  # traces are learned: nothing is right or wrong
        ax.set_yticks([])
        ax.set(ylabel="")
        return tidy(ax, f"Learning: loss {last['train_loss']:.3g} after {len(history)} epochs")
    which = measured.removesuffix("_accuracy").replace("train", "training")
    tidy(ax, f"Learning: {100 * last[measured]:.1f} % on the {which} recordings after {len(history)} epochs")
    return ax
