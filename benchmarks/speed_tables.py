"""Markdown tables of single steps of training: for every shape and number of threads, over the batch, and on two kinds of processor."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from hetsyn_sim.report.document import Grid

from .implementations import HOMOGENEOUS, IMPLEMENTATIONS, OURS
from .jax_process import JAX
from .ratios import Ratio, fastest, in_group, ours, ratio, roof_shares
from .shapes import BATCHES, SHAPES

Row = Mapping[str, Any]
IN_TORCH = tuple(name for name in HOMOGENEOUS if name not in JAX)


def page(rows: Sequence[Row], elsewhere: Mapping[str, Any]) -> str:
    """Everything about single steps. ``elsewhere`` is what another processor took: see :func:`processor_lines`."""
    parts: list[tuple[str, Iterable[str]]] = [("", [machine_line(rows), ""])]
    parts += [("On two kinds of processor, one thread, CPU time in ms:", processor_lines(rows, elsewhere))]
    groups = [(shape, threads) for threads in sorted({row["threads"] for row in rows}) for shape in SHAPES]
    parts += [("", shape_lines(rows, shape, threads)) for shape, threads in groups if in_group(rows, shape, threads)]
    parts += [("Over the batch, one thread, CPU time in ms:", batch_lines(rows))]
    parts += [("Wall time on one thread over that on two:", thread_lines(rows))]
    lines = []
    for title, more in parts:
        if table := list(more):
            lines += [title, "", *table] if title else table
    return "\n".join(lines)


def machine_line(rows: Sequence[Row]) -> str:
    """What it was measured on, once for all rows."""
    facts = {key: sorted({str(row[key]) for row in rows}) for key in ("cpu_model", "torch", "python")}
    versions = sorted({f"{row['implementation']} {row['version']}" for row in rows if row["implementation"] in HOMOGENEOUS[1:]})
    words = [", ".join(facts["cpu_model"]), f"torch {', '.join(facts['torch'])}", f"Python {', '.join(facts['python'])}", *versions]
    return f"Measured on: {'; '.join(words)}; float32."


def shape_lines(rows: Sequence[Row], shape: str, threads: int) -> Iterator[str]:
    """Times, memory, ratios and shares of the roofs of everything that was measured together."""
    group = in_group(rows, shape, threads)
    any_row, opponent = next(iter(group.values())), fastest(group, HOMOGENEOUS)
    size = f"{any_row['network']}, T = {any_row['n_steps']}, B = {any_row['n_batch']}, input rate {100 * any_row['rate']:g} %"
    yield from (f"**`{shape}`**, {'one thread' if threads == 1 else f'{threads} threads'}: {size}. {_about_roofs(any_row)}", "")
    times = [f"{clock} time (s): least, median" for clock in ("CPU", "wall")]
    against = "× best homogeneous" if opponent is None else f"× `{opponent['implementation']}`, best homogeneous"
    ratios = ("× `materialised`", against)
    heads = ("implementation", *times, "memory (MiB)", *ratios, "of the roofs: multiply-adds, L2", "hidden rate (%)", "steps")
    cells = []
    for name in IMPLEMENTATIONS:
        if name in group:
            row = group[name]
            ratios = [_ratio(other, row) for other in (group.get("materialised"), opponent)]
            rates = " / ".join(f"{100 * rate:.1f}" for rate in row["hidden_rates"])
            times = [f"{_digits(row[key])}, {_digits(row[f'median_{key}'])}" for key in ("cpu_s", "wall_s")]
            shown = f"**`{name}`**" if name in OURS else f"`{name}`"
            cells.append([shown, *times, f"{row['memory_mib']:.0f}", *ratios, _shares(row), rates, str(row["repeats"])])
    yield from Grid(heads, cells).lines()
    yield ""


def batch_lines(rows: Sequence[Row]) -> Iterator[str]:
    """Two shapes with other batches: least times, and what we take by default against the fastest homogeneous network."""
    everything = SHAPES | BATCHES
    found = [(name, in_group(rows, name, 1)) for base in ("shd", "wide") for name in _over_batches(base)]
    found = [(name, group) for name, group in found if group]
    if not any(name in BATCHES for name, _ in found):
        return
    names = [name for name in IMPLEMENTATIONS if any(shape in BATCHES and name in group for shape, group in found)]
    table = []
    for shape, group in found:
        times = [_ms(1e3 * group[name]["cpu_s"]) if name in group else "–" for name in names]
        mine, opponent = ours(group), fastest(group, HOMOGENEOUS)
        against = "–" if opponent is None else f"{_ratio(opponent, mine)}, `{opponent['implementation']}`"
        roofs = "–" if mine["roofs"] is None else " and ".join(f"{roof / 1e9:.0f}" for roof in mine["roofs"].values())
        table.append([f"`{shape.split('-')[0]}`", str(everything[shape].n_batch), *times, against, _shares(mine), roofs])
    last = (f"{_name_of_ours(found)} × best homogeneous", "its share of the roofs: multiply-adds, L2", "roofs (G multiply-adds/s, L2 GB/s)")
    yield from Grid(("shape", "batch", *(f"`{name}`" for name in names), *last), table).lines()
    yield ""


def thread_lines(rows: Sequence[Row]) -> Iterator[str]:
    """How much less wall time a step takes with two threads. The two were measured one after the other, so there is no spread to give."""
    pairs = [(shape, in_group(rows, shape, 1), in_group(rows, shape, 2)) for shape in SHAPES]
    pairs = [(shape, one, two) for shape, one, two in pairs if one and two]
    if not pairs:
        return
    names = [name for name in IMPLEMENTATIONS if any(name in one and name in two for _, one, two in pairs)]
    table = []
    for shape, one, two in pairs:
        cells = [f"{one[name]['wall_s'] / two[name]['wall_s']:.2f}" if name in one and name in two else "–" for name in names]
        table.append([f"`{shape}`", *cells])
    yield from Grid(["shape", *(f"`{name}`" for name in names)], table).lines()
    yield ""


def processor_lines(rows: Sequence[Row], elsewhere: Mapping[str, Any]) -> Iterator[str]:
    """Ours on this processor and on another, apart against HetSynLIF as usually written and against homogeneous networks.

    ``elsewhere`` has the least CPU times (lowest and highest of several runs) by shape and implementation, those with JAX from other runs.
    """
    opponents = (("materialised",), IN_TORCH, tuple(JAX))
    heads = ("HetSynLIF as usually written", "homogeneous, fastest in torch", "homogeneous, fastest in JAX")
    table = []
    for shape in SHAPES:
        if group := in_group(rows, shape, 1):
            mine = ours(group)
            found = [fastest(group, names) for names in opponents]
            cells = ["–" if row is None else f"{_ms(1e3 * row['cpu_s'])} `{row['implementation']}`: {_ratio(row, mine)} ×" for row in found]
            table.append([f"`{shape}`", mine["cpu_model"], f"{_ms(1e3 * mine['cpu_s'])} `{mine['implementation']}`", *cells])
        quiet, busy = elsewhere["cpu_ms"][shape], elsewhere["with_jax"]["cpu_ms"][shape]
        cells = [_against(quiet if k < 2 else busy, names) for k, names in enumerate(opponents)]
        table.append([f"`{shape}`", "the other", f"{_range(quiet['fused'])} `fused`", *cells])
    yield from Grid(("shape", "processor", "ours", *heads), table).lines()
    fma, l2 = (_range([value / 1e9 for value in elsewhere["roofs"][key]]) for key in ("fma_per_s", "l2_bytes_per_s"))
    yield from (
        "",
        f"The other: {elsewhere['processor']}, in {elsewhere['measured']}, version {elsewhere['hetsyn_sim']}; roofs of a core: {fma} G "
        f"multiply-adds/s, L2 {l2} GB/s. {elsewhere['with_jax']['versions']}: in other runs, on a busy machine; their ratios are to "
        "`fused` in these runs.",
        "",
    )


def _against(found: Mapping[str, Sequence[float]], names: Sequence[str]) -> str:
    name = min((name for name in names if name in found), key=lambda name: found[name][0])
    (low, high), (least, most) = found[name], found["fused"]
    return f"{_range(found[name])} `{name}`: {_range([low / most, high / least])} ×"


def _over_batches(base: str) -> list[str]:
    shapes = [shape for name, shape in (SHAPES | BATCHES).items() if name.split("-")[0] == base]
    return [shape.name for shape in sorted(shapes, key=lambda shape: shape.n_batch)]


def _name_of_ours(found: Sequence[tuple[str, Mapping[str, Row]]]) -> str:
    return " or ".join(sorted({f"`{ours(group)['implementation']}`" for _, group in found}))


def _about_roofs(row: Row) -> str:
    work = f"{row['synapse_steps'] / 1e9:.3g} G synapse-steps forward"
    if row["roofs"] is None:
        return f"{work}."
    fma, l2 = (row["roofs"][key] / 1e9 for key in ("fma_per_s", "l2_bytes_per_s"))
    return f"{work}; roofs of a core: {fma:.0f} G multiply-adds/s, L2 {l2:.0f} GB/s."


def _shares(row: Row) -> str:
    """Shares of a core's roofs. A product of matrices has no state per synapse, and so nothing that L2 has to bring."""
    shares = roof_shares(row)
    if shares is None:
        return "–"
    fma, l2 = (f"{100 * share:.1f} %" for share in shares)
    return fma if row["implementation"] in HOMOGENEOUS else f"{fma}, {l2}"


def _digits(seconds: float) -> str:
    """Three significant digits."""
    return f"{seconds:.{max(0, 2 - math.floor(math.log10(seconds)))}f}"


def _ms(value: float) -> str:
    return f"{value:.3g}" if value < 1000 else f"{value:,.0f}"


def _range(values: Sequence[float]) -> str:
    low, high = (_ms(value) for value in values)
    return low if low == high else f"{low} to {high}"


def _ratio(slow: Row | None, fast: Row) -> str:
    if slow is None:
        return "–"
    if slow is fast:
        return "1"
    found: Ratio = ratio(slow, fast)
    return f"{found.value:.3g} ({found.low:.3g} to {found.high:.3g})"
