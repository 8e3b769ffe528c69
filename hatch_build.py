"""Builds the C++ kernels with CMake when the package is built or installed, editable or not.

No compiler is no error: the package then works in plain torch and says so at first use (``hetsyn_sim/kernels/library.py``).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

KERNELS = Path("hetsyn_sim") / "kernels"


class BuildKernels(BuildHookInterface):
    """Puts one library per instruction set into ``hetsyn_sim/kernels``."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before it packs a wheel."""
        if self.target_name != "wheel":
            return
        target = Path(self.root) / KERNELS
        try:
            built = self._build(target / "csrc", target)
        except (OSError, subprocess.CalledProcessError) as error:
            for stale in target.glob("_*.so"):
                stale.unlink()
            detail = getattr(error, "stdout", None) or str(error)
            self.app.display_warning(f"the C++ kernels were not built; training will work in plain torch, more slowly.\n{detail}")
            return
        build_data["artifacts"] += [str(KERNELS / name) for name in built]
        build_data["pure_python"] = False
        # any Python 3 on this platform: the libraries know nothing of Python
        build_data["tag"] = f"py3-none-{sysconfig.get_platform().replace('-', '_').replace('.', '_')}"

    def _build(self, source: Path, target: Path) -> list[str]:
        cmake = shutil.which("cmake", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
        if cmake is None:
            raise OSError("there is no cmake")
        with tempfile.TemporaryDirectory(dir=target) as folder:
            build, out = Path(folder) / "build", Path(folder) / "out"
            for arguments in (
                ["-S", str(source), "-B", str(build), "-DCMAKE_BUILD_TYPE=Release"],
                ["--build", str(build), "--parallel", "2"],
                ["--install", str(build), "--prefix", str(out)],
            ):
                subprocess.run([cmake, *arguments], check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            built = sorted(file.name for file in out.glob("_*.so"))
            for name in built:  # replaced, not overwritten: a process that runs the old one goes on with it
                os.replace(out / name, target / name)
        return built
