"""A whole model, looked at before any of its text is parsed: the first of its rules."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ...errors import SpecError
from .guard import at, check_name, refuse, shown, without_comments
from .lines import split_lines
from .words import Refusal
from .written_out import Size, size_of, sizes_of

if TYPE_CHECKING:
    from ..model import NeuronModel

#: Parameters of a model, and characters of its name.
MAX_PARAMETERS, MAX_MODEL_NAME = 500, 100
_TOO_LARGE: Final = Refusal("a model with an enormous number of parameters", "divide it into models")


def text_is_harmless(model: NeuronModel) -> None:
    """All of its text is text, its names are names, and its expressions stay small with the subexpressions of both blocks put in."""
    with at("NeuronModel.name"):
        _check_model_name(model.name)
    with at(model.name):
        for text in ("reference", "scheme", "output"):
            without_comments(getattr(model, text), where=text)
        if len(model.parameters) > MAX_PARAMETERS:
            raise refuse(_TOO_LARGE, len(model.parameters), f"{MAX_PARAMETERS} at most")
        for name in (*model.parameters, *model.initial, *(drive.target for drive in model.poisson)):
            check_name(name)
        sizes: dict[str, Size] = {}
        for block in ("synapse", "neuron"):
            with at(block):
                lines = split_lines(without_comments(getattr(model, block), where=""))
                sizes |= sizes_of({line.name: line.expression for line in lines if line.kind == "subexpression"})
        sizes |= {f"{name}_post": size for name, size in sizes.items()}
        texts = {"threshold": model.threshold, "refractory": model.refractory}
        texts |= {f"poisson {name}": drive.weight for name, drive in model.random_events.items()}
        texts |= {f"initial {name}": text for name, text in model.initial.items()}
        for where in ("on_pre", "reset"):
            statements = without_comments(getattr(model, where), where=where).replace(";", "\n").splitlines()
            texts |= {f"{where}: {shown(s.strip(), 40)}": s.partition("=")[2].lstrip() for s in statements}
        for where, text in texts.items():
            plain = without_comments(text, where=where)
            with at(where):
                if plain.strip():
                    size_of(plain, sizes)


def _check_model_name(name: object) -> None:
    # Names become part of exported scripts, of paths and of messages.
    if not isinstance(name, str) or not re.fullmatch(rf"(?!.*__)[A-Za-z_][A-Za-z0-9_]{{0,{MAX_MODEL_NAME - 1}}}", name):
        like = re.sub(r"[^A-Za-z0-9]+", "_", str(name)[:MAX_MODEL_NAME]).strip("_")
        raise SpecError(
            "this is no name for a model",
            where="name",
            got=shown(name),
            expected=f"1 to {MAX_MODEL_NAME} letters, digits and single _, no digit first",
            remedy=f"call it {like if like[:1].isalpha() else f'Model_{like}'.strip('_')}; in a checkpoint that hetsyn-sim 0.1.0 wrote, "
            "rename the model there with dataclasses.replace(model, name=...) and save it again",
        )
