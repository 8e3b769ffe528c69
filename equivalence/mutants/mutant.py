"""One planted fault: a piece of the package's text, and what stands there instead."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hetsyn_sim.errors import ConfigError

#: The folder that holds the packages ``hetsyn_sim`` and ``equivalence``.
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Mutant:
    """A fault that somebody might make.

    Attributes
    ----------
    fault
        What is wrong, in words.
    file
        Where, below ``hetsyn_sim``; or ``analysis/...``.
    find, replace
        The right text, which stands in the file once, and the wrong one.
    """

    fault: str
    file: str
    find: str
    replace: str

    @property
    def path(self) -> str:
        """The file below the folder that holds the packages."""
        return self.file if self.file.startswith("analysis/") else f"hetsyn_sim/{self.file}"

    @property
    def is_compiled(self) -> bool:
        """Whether the kernels have to be built again."""
        return "/csrc/" in self.path

    def applied(self, root: Path = ROOT) -> str:
        """The text of the file with the fault in it.

        Raises
        ------
        ConfigError
            If the text to replace does not stand in the file exactly once.
        """
        return self._text(root).replace(self.find, self.replace)

    def where(self, root: Path = ROOT) -> str:
        """File and line of the text that is replaced."""
        before = self._text(root).partition(self.find)[0]
        return f"{self.path}:{before.count(chr(10)) + 1}"

    def plant(self, root: Path) -> None:
        """Write the fault into a copy of the packages."""
        (root / self.path).write_text(self.applied(root), encoding="utf-8")

    def _text(self, root: Path) -> str:
        text = (root / self.path).read_text(encoding="utf-8")
        n = text.count(self.find)
        if n != 1:
            raise ConfigError(
                "a fault has no place to be planted in",
                where=f"{self.path}: {self.fault}",
                got=f"{n} times {self.find!r}",
                expected="the text once",
                remedy="the code has changed: bring the fault up to date",
            )
        return text
