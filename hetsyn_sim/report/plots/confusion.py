"""The confusion matrix: true against predicted classes."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from .style import axes_or_new, tidy


def plot_confusion(labels: ArrayLike, predictions: ArrayLike, who: str = "", ax: Axes | None = None) -> Axes:
    """Draw a confusion matrix with its counts; a row is a true class, a column a predicted one.

    Parameters
    ----------
    labels, predictions
        Classes, shape (recording,).
    who
        Who predicted, for the title.
    ax
        Where to draw; by default in a new figure.
    """
    ax = axes_or_new(ax, (5.5, 5.0))
    true, guessed = np.asarray(labels), np.asarray(predictions)
    n = int(max(true.max(initial=0), guessed.max(initial=0))) + 1
    counts = np.zeros((n, n), dtype=np.int64)
    np.add.at(counts, (true, guessed), 1)
    share = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    image = ax.imshow(share, cmap="Blues", vmin=0.0, vmax=1.0)
    for row, column in zip(*np.nonzero(counts), strict=True):
        colour = "white" if share[row, column] > 0.6 else "black"
        ax.text(column, row, str(counts[row, column]), ha="center", va="center", fontsize="small", color=colour)
    ax.set(xlabel="predicted class", ylabel="true class", xticks=range(n), yticks=range(n))
    ax.figure.colorbar(image, ax=ax, shrink=0.8, label="share of the true class")
    right = int(np.trace(counts))
    tidy(ax, f"{who + ': ' if who else ''}{right} of {true.size} right ({100 * right / max(1, true.size):.1f} %)")
    ax.spines[:].set_visible(False)
    return ax
