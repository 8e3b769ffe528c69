"""The facts of the ledger that no measurement gives, read from ``ledger.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType


@dataclass(frozen=True)
class Facts:
    """``checks``: what was compared -> its test, ``file::function``. ``differences``: from the publication, a sentence each."""

    checks: Mapping[str, str]
    differences: tuple[str, ...]

    @property
    def checked(self) -> tuple[str, ...]:
        """The checks as the page has them."""
        return tuple(f"{what}: `{test}`" for what, test in self.checks.items())


def _read(path: Path) -> dict[str, Facts]:
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    return {name: Facts(dict(entry["checks"]), tuple(entry["differences"])) for name, entry in content.items()}


#: Model -> what is known of it.
FACTS: Mapping[str, Facts] = MappingProxyType(_read(Path(__file__).with_name("ledger.toml")))
