"""The table on the page about reliability is the table of the cases. ``--write-page`` writes it anew."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from ..spec.grammar.hostile import CASES as EQUATIONS
from ..spec.grammar.hostile import RECIPES, YAML
from .killed import LEAST
from .test_cases import KINDS
from .test_fuzz import TARGETS
from .test_writers import WRITERS

PAGE = Path(__file__).parents[2] / "docs" / "_generated" / "reliability.md"


def page() -> str:
    """Ways in down, kinds across, and how many cases there are."""
    counts = {kind: Counter(case.entry for case in cases) for kind, cases in KINDS.items()}
    entries = sorted({entry for found in counts.values() for entry in found}, key=str.lower)
    total = sum(sum(found.values()) for found in counts.values())
    letters = [chr(ord("A") + k) for k in range(len(counts))]
    lines = [f"{total} malformed inputs in {len(entries)} ways into the package, of these kinds:", ""]
    lines += [f"- **{letter}**: {kind}" for letter, kind in zip(letters, counts, strict=True)]
    lines += ["", f"| way in | {' | '.join(letters)} | all |", "|---|" + "---|" * (len(letters) + 1)]
    for entry in entries:
        numbers = [found[entry] for found in counts.values()]
        lines.append(f"| `{entry}` | {' | '.join(str(n or '') for n in numbers)} | {sum(numbers)} |")
    sums = [sum(found.values()) for found in counts.values()]
    lines += [f"| all | {' | '.join(map(str, sums))} | {total} |", ""]
    lines += [
        f"Besides, {len(EQUATIONS)} hostile equation texts, {len(YAML)} hostile YAML files and {len(RECIPES)} hostile recipes in "
        f"`tests/spec/grammar/hostile.py`, each tried in several ways in; {len(WRITERS)} writers on a disk that is full; "
        f"{sum(sum(kinds.values()) for kinds in LEAST.values())} kills at least; and {len(TARGETS)} readers that are fuzzed.",
        "",
    ]
    return "\n".join(lines)


def test_the_page_is_up_to_date(request):
    if request.config.getoption("--write-page", default=False):
        PAGE.write_text(page(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page(), "pytest tests/reliability/test_page.py --write-page"
