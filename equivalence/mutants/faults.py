"""All planted faults, from the model's text to the verdict."""

from __future__ import annotations

from . import (
    in_analysis,
    in_brian,
    in_comparison,
    in_compiled_kernels,
    in_delays,
    in_discrete,
    in_epochs,
    in_files,
    in_fitting,
    in_kernels,
    in_ladder,
    in_nir,
    in_nn,
    in_noise,
    in_report,
    in_scripts,
    in_spec,
    in_studies,
    in_synapses,
    in_training,
)
from .mutant import Mutant

#: Part of the package -> the faults planted there.
AREAS: dict[str, tuple[Mutant, ...]] = {
    "spec": in_spec.MUTANTS,
    "discretisation": in_discrete.MUTANTS,
    "kernels": in_kernels.MUTANTS,
    "compiled kernels": in_compiled_kernels.MUTANTS,
    "delays": in_delays.MUTANTS,
    "training": in_training.MUTANTS,
    "training/nn": in_nn.MUTANTS,
    "epochs": in_epochs.MUTANTS,
    "fitting": in_fitting.MUTANTS,
    "files and transfer": in_files.MUTANTS,
    "scripts": in_scripts.MUTANTS,
    "noise": in_noise.MUTANTS,
    "synapses": in_synapses.MUTANTS,
    "brian": in_brian.MUTANTS,
    "comparison": in_comparison.MUTANTS,
    "ladder": in_ladder.MUTANTS,
    "NIR": in_nir.MUTANTS,
    "reports": in_report.MUTANTS,
    "analysis": in_analysis.MUTANTS,
    "studies": in_studies.MUTANTS,
}

#: All of them, in this order.
MUTANTS: tuple[Mutant, ...] = tuple(mutant for mutants in AREAS.values() for mutant in mutants)
