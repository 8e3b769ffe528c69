"""Learning-rate schedules: what the rate is multiplied with at a step. Plain functions of the step, so that resuming needs no state."""

from __future__ import annotations

import math
from collections.abc import Callable

#: Step (0, 1, ...) -> factor; what ``torch.optim.lr_scheduler.LambdaLR`` takes.
Schedule = Callable[[int], float]


def constant() -> Schedule:
    """The same rate all the time."""
    return lambda step: 1.0


def warmup_cosine(total_steps: int, warmup: float = 0.05, span: float = 1.0, hold: float = 1.0) -> Schedule:
    """Rising in a straight line over the first ``warmup`` of all steps, then half a cosine down to 0 (Deng et al. 2025, HetSyn, App. D).

    Step -1 and the step after the last have the rate 0, so that no step of the training is wasted on it. With ``span`` below 1, rise and
    fall take that share of the training only; with ``hold`` below 1, the rate stays from that share of the span on as it is then. The
    published code has 40 of 100 epochs and 0.95.
    """
    spanned = round(span * total_steps)
    rising, held = round(warmup * spanned), round(hold * spanned)

    def factor(step: int) -> float:
        step = min(step, held) if hold < 1.0 else step
        if step < rising:
            return (step + 1) / (rising + 1)
        progress = (step - rising) / max(1, spanned - rising)
        return 0.5 * (1.0 + math.cos(math.pi * min(1.0, progress)))

    return factor


def step_decay(every: int, factor: float) -> Schedule:
    """Multiplied with ``factor`` after each ``every`` steps (Deng et al. 2025, HetSyn, App. B and C: 0.8 after 100)."""
    return lambda step: factor ** (step // every)
