"""Faults in what is saved and loaded, and on the way from a checkpoint to Brian2."""

from __future__ import annotations

from .mutant import Mutant

MUTANTS = (
    Mutant(
        "a tensor's other name is not held against it",
        "exchange/official_names.py",
        "if not np.array_equal(tensors[alias_name], tensor):",
        "if tensors[alias_name].shape != tensor.shape:",
    ),
    Mutant(
        "a decay of each neuron is taken for one of each source",
        "exchange/official.py",
        "rho[:, None] if rho.ndim == 1 else rho",
        "rho",
    ),
    Mutant(
        "the Heidelberg digits are binned as published in double precision",
        "tasks/shd.py",
        ".astype(part.kind).astype(np.float64)",
        "",
    ),
    Mutant(
        "checkpoints are stored in single precision",
        "data/checkpoint.py",
        'np.array(self.values[key], order="C")',
        'np.array(self.values[key], order="C", dtype=np.float32)',
    ),
    Mutant(
        "arrays are stored in the order of memory",
        "data/checkpoint.py",
        'np.array(self.values[key], order="C")',
        'np.array(self.values[key]).ravel(order="K").reshape(self.values[key].shape)',
    ),
    Mutant(
        "seeds are not read back",
        "data/checkpoint.py",
        "**{name: about.get(name, {}) for name in PARTS}",
        '**{name: about.get(name, {}) for name in PARTS if name != "seeds"}',
    ),
    Mutant(
        "infinities in the metadata become texts of their own",
        "data/checkpoint.py",
        "        return str(value)\n    if value is None",
        '        return "infinite"\n    if value is None',
    ),
    Mutant(
        "a file's dt is not held against its spec",
        "data/checkpoint_file.py",
        'meant = {"dt": spec.dt_s, **{key:',
        "meant = {**{key:",
    ),
    Mutant(
        "recordings keep their traces in single precision",
        "data/recording_file.py",
        "np.asarray(trace) for name, trace",
        "np.asarray(trace, dtype=np.float32) for name, trace",
    ),
    Mutant(
        "a network goes to Brian2 with its initial values",
        "brian/transfer.py",
        "super().__init__(checkpoint.spec, checkpoint.values,",
        "super().__init__(checkpoint.spec, checkpoint.spec.initial_values(0),",
    ),
    Mutant(
        "a network goes to Brian2 in half precision",
        "brian/transfer.py",
        "super().__init__(checkpoint.spec, checkpoint.values,",
        'super().__init__(checkpoint.spec, {k: v.astype("float16") for k, v in checkpoint.values.items()},',
    ),
)
