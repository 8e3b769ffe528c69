"""What Brian2's code generation is taught for the form ``fast``: templates by target, found beside Brian2's own."""

from __future__ import annotations

from brian2.codegen.runtime.cython_rt.cython_rt import CythonCodeObject
from brian2.codegen.runtime.numpy_rt.numpy_rt import NumpyCodeObject
from brian2.devices.cpp_standalone.codeobject import CPPStandaloneCodeObject
from jinja2 import ChoiceLoader, PackageLoader

__all__ = ["DECAY_AND_SUM", "WIPE"]

#: Names of templates.
DECAY_AND_SUM, WIPE = "hetsyn_decay_and_sum", "hetsyn_wipe"

# The names are ours, so that nothing of Brian2's own is replaced.
for _target, _folder in ((CPPStandaloneCodeObject, "cpp_standalone"), (CythonCodeObject, "cython"), (NumpyCodeObject, "numpy")):
    _environment = _target.templater.env
    _environment.loader = ChoiceLoader([_environment.loader, PackageLoader("hetsyn_sim.brian", f"templates/{_folder}")])
