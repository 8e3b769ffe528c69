"""Templates of the form ``fast`` for each target of Brian2's code generation, found beside Brian2's own."""

from __future__ import annotations

from typing import Any

from brian2.codegen.runtime.cython_rt.cython_rt import CythonCodeObject
from brian2.codegen.runtime.numpy_rt.numpy_rt import NumpyCodeObject
from brian2.devices.cpp_standalone.codeobject import CPPStandaloneCodeObject
from jinja2 import ChoiceLoader, PackageLoader

__all__ = ["DECAY_AND_SUM", "WIPE", "teach"]

#: Names of templates.
DECAY_AND_SUM, WIPE = "hetsyn_decay_and_sum", "hetsyn_wipe"

_taught: set[Any] = set()


def teach(target: Any, folder: str) -> None:
    """Add the templates of a folder to those of ``target``, a kind of code object, once.

    The names are ours: nothing of Brian2's own is replaced.
    """
    environment = target.templater.env
    if environment not in _taught:
        _taught.add(environment)
        environment.loader = ChoiceLoader([environment.loader, PackageLoader("hetsyn_sim.brian", f"templates/{folder}")])


for _target, _folder in ((CPPStandaloneCodeObject, "cpp_standalone"), (CythonCodeObject, "cython"), (NumpyCodeObject, "numpy")):
    teach(_target, _folder)
