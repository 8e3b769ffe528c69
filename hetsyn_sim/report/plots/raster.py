"""The spikes of one recording in two simulators, drawn over each other."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from ...data.recording import Recording
from .style import BRIAN2, GREY, INPUT, THETA, TORCH, axes_or_new, tidy


def plot_raster(torch: Recording, brian2: Recording, run: int = 0, ax: Axes | None = None) -> Axes:
    """Draw the input and every population of one run: PyTorch as open circles, Brian2 as dots inside them.

    Spikes that only one side has are ringed. Populations are stacked, the input at the bottom, as a spike travels upwards.

    Parameters
    ----------
    torch, brian2
        Recordings of the same network over the same inputs.
    run
        Which of their runs.
    ax
        Where to draw; by default in a new figure.
    """
    ax = axes_or_new(ax, (9.0, 6.0))
    n_steps, to_ms = torch.n_steps, 1e3 * torch.dt
    hidden = [name for name in torch.rasters if name != "input"]
    stacked = ["input", *hidden]
    sizes = [torch.rasters[name].shape[2] for name in stacked]
    gap = max(2, sum(sizes) // 40)
    bottoms = np.cumsum([0, *(size + gap for size in sizes)])
    height = ax.get_window_extent().height * 72 / ax.figure.dpi  # points
    size = float(np.clip(0.9 * height / bottoms[-1], 2.6, 4.0))
    differing = n_spikes = 0
    for name, bottom in zip(stacked, bottoms, strict=False):
        steps, units = np.nonzero(torch.rasters[name][:, run])
        if name == "input":
            ax.plot(steps * to_ms, units + bottom, "|", color=INPUT, ms=size + 0.8, mew=0.8, label="input")
            continue
        n_spikes += len(steps)
        first = name == hidden[0]  # one legend entry is enough
        ax.plot(steps * to_ms, units + bottom, "o", mfc="none", mec=TORCH, ms=1.4 * size + 2.0, mew=1.1, label="PyTorch" if first else None)
        steps, units = np.nonzero(brian2.rasters[name][:, run])
        ax.plot(steps * to_ms, units + bottom, "o", color=BRIAN2, ms=size, mew=0, label="Brian2" if first else None)
        steps, units = np.nonzero(torch.rasters[name][:, run] != brian2.rasters[name][:, run])
        differing += len(steps)
        ax.plot(steps * to_ms, units + bottom, "o", mfc="none", mec=THETA, ms=14, mew=1.8)
    for bottom in bottoms[1:-1]:
        ax.axhline(bottom - (gap + 1) / 2, color=GREY, lw=0.5)
    centres = [bottom + n / 2 for bottom, n in zip(bottoms, sizes, strict=False)]
    labels = [f"{name.replace('_', ' ')}\n({n})" for name, n in zip(stacked, sizes, strict=True)]
    ax.set_yticks(centres, labels)
    ax.tick_params(axis="y", length=0)
    ax.set(xlabel="time (ms)", ylabel="population (neurons)", xlim=(-to_ms, n_steps * to_ms), ylim=(-gap, bottoms[-1] - gap / 2))
    verdict = f"{differing} differ{'s' if differing == 1 else ''} (ringed)" if differing else "not one differs"
    ax.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=3, frameon=False, borderaxespad=0.0)
    return tidy(ax, f"{n_spikes:,} spikes of {sum(sizes[1:]):,} neurons: {verdict}")
