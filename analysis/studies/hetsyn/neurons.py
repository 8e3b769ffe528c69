"""The four neurons of Deng et al. 2025 (HetSyn) as networks of recipes: equal sizes and starts, what is learned of time differs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..statistics import of_case
from ..study import Row

#: From one time constant for each synapse to one for all.
NEURONS = ("HetSynLIF", "HetNeuLIF", "HomNeuALIF", "HomNeuLIF")
_READOUTS = {"HetSynLIF": "LeakyReadout", "HetNeuLIF": "HetNeuReadout", "HomNeuALIF": "HomNeuReadout", "HomNeuLIF": "HomNeuReadout"}


def of_neuron(rows: Sequence[Row], model: str, **facts: object) -> list[Row]:
    """The rows of one of the four neurons; of HetNeuLIF those with the published reset, if there are any."""
    published = of_case(rows, model=model, **facts, reset="fixed") if model == "HetNeuLIF" else []
    return published or of_case(rows, model=model, **facts)


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
    fixed_reset: bool = False,
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
    fixed_reset
        HetNeuLIF as the paper ran it: its reset current, too, decays with ``tau_reset``. That is HetSynLIF with one tau_syn for a neuron.
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
    hidden_model = "HetSynLIF" if fixed_reset else model
    if w is not None:
        parameters[hidden_model]["w"] = w
    used = (hidden_model, _READOUTS[model])
    facts: dict[str, Any] = {name: {p: {"initial": value} for p, value in parameters[name].items()} for name in used}
    if fixed_reset:
        facts[hidden_model]["tau_syn"]["axes"] = "post"
    return {
        "model": hidden_model,
        "hidden": list(hidden),
        "recurrent": recurrent,
        "readout": _READOUTS[model],
        "parameters": facts,
    }
