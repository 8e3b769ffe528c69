"""Imports between our own modules: no private name crosses a file, no circle, and the reference interpreter lends nothing."""

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ("hetsyn_sim", "analysis", "equivalence", "benchmarks")
FILES = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for package in PACKAGES for path in (ROOT / package).rglob("*.py")}
#: What the reference interpreter is compared with.
COMPARED = ("kernels", "training", "brian", "exchange", "ladder")


def is_private(name):
    return name.startswith("_") and not name.startswith("__")


def source_of(node, module):
    """The absolute name of the module that a ``from`` import takes names of."""
    if not node.level:
        return node.module
    package = module.removesuffix(".__init__").split(".") if module.endswith("__init__") else module.split(".")[:-1]
    return ".".join([*package[: len(package) - node.level + 1], *([node.module] if node.module else [])])


def imports_of(module, tree):
    """(module, name, node) of everything that a file imports from ours."""
    for node in tree:
        if isinstance(node, ast.ImportFrom):
            source = source_of(node, module)
            if source.split(".")[0] in PACKAGES:
                yield from ((source, alias.name, alias.asname or alias.name) for alias in node.names)


def without_type_checking(tree):
    """All nodes but those under ``if TYPE_CHECKING``, which never run."""
    for node in ast.iter_child_nodes(tree):
        if not (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)):
            yield node
            yield from without_type_checking(node)


def modules_in(names):
    for name in names:
        yield from (known for known in (name, f"{name}.__init__") if known in FILES)


def test_no_private_name_is_used_in_another_file():
    found = []
    for module, path in FILES.items():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imported = list(imports_of(module, ast.walk(tree)))
        found += [f"{module}: from {source} import {name}" for source, name, _ in imported if is_private(name)]
        ours = {alias for source, name, alias in imported if list(modules_in([f"{source}.{name}"]))}
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and is_private(node.attr) and isinstance(node.value, ast.Name) and node.value.id in ours:
                found.append(f"{module}: {node.value.id}.{node.attr}")
    assert not found, "\n".join(found)


def test_modules_do_not_import_each_other_in_circles():
    """Imports inside functions count, too: they hide a circle, and do not open it."""
    graph = {}
    for module, path in FILES.items():
        if module.startswith("hetsyn_sim.") and not module.endswith("__init__"):
            imported = imports_of(module, without_type_checking(ast.parse(path.read_text(encoding="utf-8"))))
            graph[module] = {m for source, name, _ in imported for m in modules_in([f"{source}.{name}", source]) if m[-8:] != "__init__"}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        raise AssertionError(" -> ".join(error.args[1])) from None


def test_nobody_takes_the_reference_interpreter_for_himself():
    found = []
    for module, path in FILES.items():
        if module.startswith("hetsyn_sim.") and module.split(".")[1] in COMPARED:
            imported = imports_of(module, ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
            found += [f"{module}: {name}" for source, name, _ in imported if name == "simulate_reference" or "reference" in source]
    assert not found, found
