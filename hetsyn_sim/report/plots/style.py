"""What all figures share: colours that colour-blind people can tell apart, and axes that are made where none are given."""

from __future__ import annotations

from typing import Final

from matplotlib.axes import Axes

# Okabe and Ito's palette. PyTorch and Brian2 also differ in shape (open and filled, broad and thin), for print and for coinciding points.
TORCH: Final = "#E69F00"
BRIAN2: Final = "#0072B2"
THETA: Final = "#CC79A7"
BEFORE: Final = "#999999"
AFTER: Final = "#009E73"
INPUT: Final = "#777777"
# The two that are too dark on a dark ground.
BRIAN2_ON_DARK: Final = "#56B4E9"
INPUT_ON_DARK: Final = "#9A9A9A"
GREY: Final = "#666666"


def axes_or_new(ax: Axes | None, size: tuple[float, float]) -> Axes:
    """``ax``, or the axes of a new pyplot figure of ``size`` inches, which notebooks show and ``plt.show`` finds."""
    if ax is not None:
        return ax
    from matplotlib import pyplot as plt

    made: Axes = plt.subplots(figsize=size, layout="constrained")[1]
    return made


def tidy(ax: Axes, title: str) -> Axes:
    """Title on the left, no box around the data."""
    ax.set_title(title, loc="left", fontsize="medium")
    ax.spines[["top", "right"]].set_visible(False)
    return ax
