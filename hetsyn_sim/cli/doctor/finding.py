"""One thing that was looked at, and all of them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

#: ``ok``: there, and it works where it was tried. ``absent``: not there, and something can do without it. ``broken``: there, but does not
#: work, or does not go with something else; or not there, although everything needs it.
State = Literal["ok", "absent", "broken"]


@dataclass(frozen=True)
class Finding:
    """What was met.

    Parameters
    ----------
    group, name
        What was looked at: ``"packages"``, ``"numpy"``.
    state
        See :data:`State`.
    value
        A version, a path, a size, a message: one line.
    remedy
        What to do if it is absent or broken; empty where nothing has to be done.
    essential
        Whether nothing works without it.
    """

    group: str
    name: str
    state: State
    value: str
    remedy: str = ""
    essential: bool = False


@dataclass(frozen=True)
class Diagnosis:
    """All findings, in the order in which they are shown."""

    findings: tuple[Finding, ...]

    @property
    def works(self) -> bool:
        """Whether everything works that nothing works without."""
        return not any(finding.essential and finding.state != "ok" for finding in self.findings)

    @property
    def advice(self) -> tuple[Finding, ...]:
        """What something can be done about, the essential first."""
        return tuple(sorted((f for f in self.findings if f.state != "ok" and f.remedy), key=lambda f: not f.essential))

    def groups(self) -> dict[str, list[Finding]]:
        """Findings by group."""
        grouped: dict[str, list[Finding]] = {}
        for finding in self.findings:
            grouped.setdefault(finding.group, []).append(finding)
        return grouped

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return {"works": self.works, "findings": [asdict(finding) for finding in self.findings]}
