"""From CUDA to C++ with the stand-in's headers: only kernel launches and shared memory are another syntax."""

from __future__ import annotations

import re

_LAUNCH = re.compile(r"(?P<kernel>[A-Za-z_][\w:]*(?:<[^<>;]*>)?)\s*<<<(?P<grid>.*?)>>>\s*\(", re.DOTALL)
_SHARED = re.compile(r"extern\s+__shared__\s+(\w+)\s+(\w+)\[\]\s*;")


def translated(source: str) -> str:
    """The same program, with ``kernel<<<grid>>>(arguments)`` as a call of ``shim::launch``.

    Raises
    ------
    ValueError
        If a launch has no end.
    """
    parts, position = [], 0
    for match in _LAUNCH.finditer(source):
        end = _closing(source, match.end() - 1)
        arguments = source[match.end() : end].strip()
        call = f"shim::launch(shim::Grid({match['grid']}), [](auto... _a) {{ {match['kernel']}(_a...); }}"
        parts += [source[position : match.start()], call, f", {arguments})" if arguments else ")"]
        position = end + 1
    return _SHARED.sub(r"\1* \2 = static_cast<\1*>(shim::shared());", "".join([*parts, source[position:]]))


def _closing(source: str, opening: int) -> int:
    depth = 0
    for k in range(opening, len(source)):
        depth += {"(": 1, ")": -1}.get(source[k], 0)
        if depth == 0:
            return k
    raise ValueError(f"the launch at character {opening} has no end")
