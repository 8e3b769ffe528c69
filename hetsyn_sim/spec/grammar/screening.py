"""A whole model, looked at before any of its text is parsed: the first of its rules."""

from __future__ import annotations

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
        for name in (*model.parameters, *model.initial):
            check_name(name)
        sizes: dict[str, Size] = {}
        for block in ("synapse", "neuron"):
            with at(block):
                lines = split_lines(without_comments(getattr(model, block), where=""))
                sizes |= sizes_of({line.name: line.expression for line in lines if line.kind == "subexpression"})
        sizes |= {f"{name}_post": size for name, size in sizes.items()}
        texts = {"threshold": model.threshold, "refractory": model.refractory}
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
    if not isinstance(name, str) or not 0 < len(name) <= MAX_MODEL_NAME or not name.isprintable() or "__" in name:
        raise SpecError(
            "this is no name for a model",
            where="name",
            got=shown(name),
            expected=f"1 to {MAX_MODEL_NAME} characters that can be printed, without __",
            remedy="choose a name that a message can hold",
        )
