"""Packages: which versions are there, whether they are the ones that this package asks for, and whether they go together."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable, Iterator
from importlib import metadata

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from .finding import Finding

#: Of both packages, versions that must not be there together; why; what helps. A pair of a package with itself is a bad version.
BAD_PAIRS: tuple[tuple[tuple[str, str], tuple[str, str], str, str], ...] = (
    (("brian2", "<2.10"), ("numpy", ">=2.4"), "Brian2 before 2.10 can't be imported on NumPy 2.4", 'pip install "numpy<2.4"'),
    *(
        (
            (name, ">=2.6.2,<2.6.4"),
            (name, ">=2.6.2,<2.6.4"),
            "2.6.2 and 2.6.3 were malicious uploads",
            f'pip install "{name}>=2.6.4", and change the passwords and tokens that this user had here',
        )
        for name in ("pytorch-lightning", "lightning")
    ),
)
#: Extras that are for developing this package and not for using it.
_DEVELOPERS = {"dev", "docs"}


def find_packages(
    version: Callable[[str], str] = metadata.version, requires: Callable[[str], Iterable[str] | None] = metadata.requires
) -> Iterator[Finding]:
    """Python, this package, what it needs, and what its extras would add."""
    yield Finding("packages", "Python", "ok", f"{platform.python_version()} ({platform.python_implementation()})", essential=True)
    own = _version_of("hetsyn-sim", version)
    if own is None:
        yield Finding(
            "packages", "hetsyn-sim", "broken", "not installed", "pip install hetsyn-sim, or in its folder: pip install -e .", True
        )
    else:
        yield Finding("packages", "hetsyn-sim", "ok", own, essential=True)
    needed, extra = _requirements(requires)
    for requirement in needed:
        yield _finding(requirement, version)
    yield from _bad_pairs({requirement.name for requirement in needed}, version)
    for name, requirement in extra:
        found = _version_of(requirement.name, version)
        remedy = f'only for what needs it: pip install "hetsyn-sim[{name}]"'
        yield Finding(f"extra [{name}]", requirement.name, "ok" if found else "absent", found or "not installed", "" if found else remedy)


def _finding(requirement: Requirement, version: Callable[[str], str]) -> Finding:
    found, wanted = _version_of(requirement.name, version), f"{requirement.name}{requirement.specifier}"
    if found is None:
        return Finding("packages", requirement.name, "broken", "not installed", f'pip install "{wanted}"', essential=True)
    if not requirement.specifier.contains(found, prereleases=True):
        return Finding("packages", requirement.name, "broken", f"{found}, not {requirement.specifier}", f'pip install "{wanted}"', True)
    return Finding("packages", requirement.name, "ok", found, essential=True)


def _bad_pairs(names: set[str], version: Callable[[str], str]) -> Iterator[Finding]:
    for first, second, why, remedy in BAD_PAIRS:
        found = [(name, _version_of(name, version), SpecifierSet(bad)) for name, bad in dict.fromkeys((first, second)) if name in names]
        if found and all(v is not None and bad.contains(v, prereleases=True) for _, v, bad in found):
            together = " with ".join(f"{name} {v}" for name, v, _ in found)
            yield Finding("packages", together, "broken", why, remedy, essential=True)


def _requirements(requires: Callable[[str], Iterable[str] | None]) -> tuple[list[Requirement], list[tuple[str, Requirement]]]:
    """What is needed here, and what an extra asks for, as the installed metadata say."""
    try:
        stated = [Requirement(line) for line in requires("hetsyn-sim") or ()]
    except metadata.PackageNotFoundError:
        return [], []
    needed = [r for r in stated if r.marker is None or r.marker.evaluate({"extra": ""})]
    extras: dict[str, tuple[str, Requirement]] = {}
    for requirement in stated:
        name = str(requirement.marker).rpartition('extra == "')[2].strip('"') if "extra ==" in str(requirement.marker) else ""
        if name and name not in _DEVELOPERS and requirement.name not in {r.name for r in needed} | {"hetsyn-sim"}:
            extras.setdefault(requirement.name, (name, requirement))
    return sorted(needed, key=lambda r: r.name), sorted(extras.values(), key=lambda pair: (pair[0], pair[1].name))


def _version_of(name: str, version: Callable[[str], str]) -> str | None:
    try:
        return version(name)
    except metadata.PackageNotFoundError:
        return None
