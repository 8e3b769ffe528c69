"""State dicts of other programs, and states that trainings resume from, in which something is of another kind."""

from __future__ import annotations

import io

import numpy as np
import torch
from safetensors.numpy import save as to_safetensors

from hetsyn_sim.errors import CheckpointError

from . import material as m
from .case import Case
from .damage import saved


def state_dicts():
    def case(how, content, message="holds no state dict"):
        def bytes_of():
            place = io.BytesIO()
            torch.save(content(), place)
            return place.getvalue()

        return Case("import_network", how, saved("model.pth", bytes_of), CheckpointError, message)

    def without(name):
        return lambda: {k: v for k, v in m.tensors().items() if k != name}

    other = "not a network in the layout"
    yield case("nothing in it", dict)
    yield case("a list", lambda: [torch.ones(3)])
    yield case("numbers without tensors", lambda: {"layer_out.w": 1.0})
    yield case("NaN as a weight", lambda: m.tensors() | {"layer_out.w": torch.full((2, 3), torch.nan)})
    yield case("weights of text", lambda: m.tensors() | {"layer_out.w": "w"})
    yield case("complex weights", lambda: m.tensors() | {"layer_out.w": torch.ones(2, 3, dtype=torch.complex64)})
    yield case("sparse weights", lambda: m.tensors() | {"layer_out.w": torch.ones(2, 3).to_sparse()})
    yield case("quantised weights", lambda: m.tensors() | {"layer_out.w": torch.quantize_per_tensor(torch.ones(2, 3), 0.1, 0, torch.qint8)})
    yield case("weights without values", lambda: m.tensors() | {"layer_out.w": torch.ones(2, 3, device="meta")})
    yield case(
        "10^12 weights without values", lambda: m.tensors() | {"layer_out.w": torch.empty(1).expand(10**6, 10**6)}, "no state dict|layout"
    )
    yield case("a decay above 1", lambda: m.tensors() | {"layer_out.rho": torch.full((2, 3), 1.5)}, other)
    yield case("layers that do not fit", lambda: m.tensors() | {"layer_out.w": torch.ones(2, 9)}, other)
    yield case("weights of one axis", lambda: m.tensors() | {"layer_out.w": torch.ones(3)}, other)
    yield case("no output", without("layer_out.w"), other)
    yield case("a tensor of another network", lambda: m.tensors() | {"conv1.weight": torch.ones(3)}, other)
    yield case("a hidden layer of no neurons", lambda: m.tensors() | {"layer_hidden1.layer_in.w": torch.ones(0, 4)}, other)


def states():
    def case(how, text):
        content = lambda: to_safetensors({"x": np.zeros(1)}, metadata={"hetsyn_sim_resume": text})  # noqa: E731
        return Case("read_state", how, saved("resume.safetensors", content), CheckpointError, "state to resume from can't be read")

    yield case("of a newer version", '{"version": 2, "state": {"dict": []}}')
    yield case("a tensor that is not there", '{"version": 1, "state": {"tensor": "000001"}}')
    yield case("a state that is a list", '{"version": 1, "state": {"list": []}}')
    yield case("a mark with two meanings", '{"version": 1, "state": {"list": [], "dict": []}}')
    yield case("a dictionary with a list as key", '{"version": 1, "state": {"dict": [[{"list": []}, 1]]}}')
    yield case("levels without end", '{"version": 1, "state": ' + '{"list": [' * 5000 + "]}" * 5000 + "}")
    yield case("no object", "[1]")
