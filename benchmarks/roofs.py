"""The measured roofs of a core: a small C++ program, compiled when it is needed."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

COMPILERS = ("c++", "g++", "clang++")


def measure_roofs() -> tuple[dict[str, float] | None, str]:
    """Multiply-adds per second and L2 bytes per second of one core, or None, and a sentence that says what was found or why nothing was."""
    compiler = next((found for name in COMPILERS if (found := shutil.which(name))), None)
    if compiler is None:
        return None, f"no roofs: there is no C++ compiler ({', '.join(COMPILERS)})"
    with tempfile.TemporaryDirectory() as folder:
        program = str(Path(folder) / "roofs")
        flags = ["-std=c++17", "-O3", "-march=native", "-ffp-contract=fast"]
        try:
            _output(compiler, *flags, "-o", program, str(Path(__file__).with_suffix(".cpp")))
            fma, l2 = (float(word) for word in _output(program).split())
        except (subprocess.SubprocessError, OSError, ValueError) as error:
            return None, f"no roofs: {Path(compiler).name} or its program failed ({type(error).__name__})"
    return {"fma_per_s": fma, "l2_bytes_per_s": l2}, f"roofs of a core: {fma / 1e9:.1f} G multiply-adds/s, L2 {l2 / 1e9:.0f} GB/s"


def _output(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout
