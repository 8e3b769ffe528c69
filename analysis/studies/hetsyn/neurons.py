"""The four neurons of Deng et al. 2025 (HetSyn) as networks of recipes: equal sizes and starts, what is learned of time differs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

#: From one time constant for each synapse to one for all.
NEURONS = ("HetSynLIF", "HetNeuLIF", "HomNeuALIF", "HomNeuLIF")
_READOUTS = {"HetSynLIF": "LeakyReadout", "HetNeuLIF": "HetNeuReadout", "HomNeuALIF": "HomNeuReadout", "HomNeuLIF": "HomNeuReadout"}


def network_of(
    model: str,
    *,
    hidden: Sequence[int],
    recurrent: bool,
    learned: str,
    fixed: str,
    tau_reset: str,
    tau_adapt: str,
    a: float,
    w: str | None = None,
    readout: tuple[str, str] | None = None,
) -> dict[str, Any]:
    """The ``network`` section of a recipe.

    Parameters
    ----------
    model
        One of :data:`NEURONS`.
    learned, fixed
        What time constants start from where they are learned, and what they are where they are not.
    tau_reset
        Of HetSynLIF's reset current. HetNeuLIF's reset decays with its own membrane, as Proposition 3 has it.
    tau_adapt, a
        Of HomNeuALIF.
    w
        What the weights of the spiking layers start from, if not from the model's own distribution.
    readout
        ``learned`` and ``fixed`` of the readout, if they differ.
    """
    parameters: dict[str, dict[str, Any]] = {
        "HetSynLIF": {"tau_syn": learned, "tau_reset": tau_reset},
        "HetNeuLIF": {"tau_mem": learned},
        "HomNeuALIF": {"tau_mem": fixed, "tau_adapt": tau_adapt, "a": a},
        "HomNeuLIF": {"tau_mem": fixed},
    }
    learned_there, fixed_there = (learned, fixed) if readout is None else readout
    parameters |= {
        "LeakyReadout": {"tau_syn": learned_there},
        "HetNeuReadout": {"tau_mem": learned_there},
        "HomNeuReadout": {"tau_mem": fixed_there},
    }
    if w is not None:
        parameters[model]["w"] = w
    used = (model, _READOUTS[model])
    return {
        "model": model,
        "hidden": list(hidden),
        "recurrent": recurrent,
        "readout": _READOUTS[model],
        "parameters": {name: {p: {"initial": value} for p, value in parameters[name].items()} for name in used},
    }
