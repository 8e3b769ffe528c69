"""Augmentation of input spikes: shifts in time and over channels, and lost spikes. Each recording of a batch draws its own."""

from __future__ import annotations

import torch
from torch import Tensor


def augment(x: Tensor, *, time_shift: int, channel_shift: int, spike_dropout: float) -> Tensor:
    """Shift and thin out recordings, drawing from torch's global generator.

    Parameters
    ----------
    x
        Input spikes, bool, shape (time, batch, channel).
    time_shift, channel_shift
        Each recording moves by a whole number from ``-shift`` to ``shift``, all equally likely. What leaves the window is lost; silence
        comes in.
    spike_dropout
        Probability with which each spike is lost.

    Returns
    -------
    Tensor, bool, shape (time, batch, channel)
        ``x`` itself if there is nothing to do.
    """
    n_steps, n_runs, n_channels = x.shape
    if time_shift:
        source, inside = _shifted(n_steps, n_runs, time_shift, x.device)  # (time, batch)
        x = x[source, torch.arange(n_runs, device=x.device)] & inside[:, :, None]  # (time, batch, channel)
    if channel_shift:
        source, inside = _shifted(n_channels, n_runs, channel_shift, x.device)  # (channel, batch)
        x = x.gather(2, source.T.expand(n_steps, -1, -1)) & inside.T  # (time, batch, channel)
    if spike_dropout:
        x = x & (torch.rand(x.shape, device=x.device) >= spike_dropout)  # (time, batch, channel)
    return x


def _shifted(length: int, n_runs: int, shift: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Where each place takes its content from, and whether that place exists; both (length, batch)."""
    by = torch.randint(-shift, shift + 1, (n_runs,), device=device)  # (batch,)
    source = torch.arange(length, device=device)[:, None] - by  # (length, batch)
    return source.clamp(0, length - 1), (source >= 0) & (source < length)
