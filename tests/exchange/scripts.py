"""Exported scripts, run in this process with names of their own."""

import ast
import contextlib
import io
import runpy
import sys
from unittest import mock

import brian2


def run_script(folder, *arguments):
    """What ``network.py`` prints, and its exit code. It asks for nothing but Brian2, NumPy and Python's own modules."""
    path = folder / "network.py"
    imports = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Import | ast.ImportFrom)]
    modules = {node.module if isinstance(node, ast.ImportFrom) else alias.name for node in imports for alias in node.names}
    assert modules == {"argparse", "sys", "pathlib", "numpy", "brian2"}
    chosen = {name: brian2.prefs[name] for name in ("codegen.target", "codegen.cpp.extra_compile_args_gcc")}
    printed, code = io.StringIO(), None
    try:
        with mock.patch.object(sys, "argv", [str(path), *arguments]), contextlib.redirect_stdout(printed):
            runpy.run_path(str(path), run_name="__main__")
    except SystemExit as end:
        code = end.code
    finally:
        for name, value in chosen.items():
            brian2.prefs[name] = value
    return printed.getvalue(), code
