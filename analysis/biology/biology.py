"""Measured time constants: what ships with the package, with provenance, licence and citation, and loaders for what may not."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from importlib.resources import files
from os import PathLike
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from hetsyn_sim.errors import DataError, UnknownNameError

from .table import TauTable


@dataclass(frozen=True)
class Provenance:
    """Where data come from.

    Attributes
    ----------
    source, licence, citation
        As told in reports.
    caveat
        What they do not show.
    """

    source: str
    licence: str
    citation: str
    caveat: str


#: Every shipped data set.
SHIPPED = MappingProxyType(
    {
        "hippocampome": Provenance(
            "k1moradi/MachineLearningSynapsePhysiology on GitHub, commit 3edfc5a, one-hot columns as labels; 2,478 records with tau_d",
            "GPL-3.0",
            "Moradi et al. 2022, Communications Biology 5:418, doi:10.1038/s42003-022-03329-5",
            "rodent hippocampus and entorhinal cortex, from some 1,200 papers; records carry no paper, and 220 repeat a (tau, g) pair: "
            "they are not independent",
        ),
        "receptor_kinetics": Provenance(
            "compiled from the cited papers; only values that were seen in their source",
            "facts",
            "each row has its own",
            "values of models and of single preparations, at different temperatures",
        ),
        "allen_medians": Provenance(
            "medians of PSC decay by class of cell, mouse, n = 1,034 connections",
            "facts; the Allen Institute's terms: non-commercial use, with citation",
            "Campagnola et al. 2022, Science 375:eabj5861, doi:10.1126/science.abj5861",
            "medians only; vip to pyr rests on 3 and vip to pvalb on 6 connections",
        ),
        "reference_summary": Provenance(
            "computed from the Hippocampome records: quantiles, log-mean, log-SD and differences of AIC by group",
            "GPL-3.0",
            "Moradi et al. 2022, Communications Biology 5:418, doi:10.1038/s42003-022-03329-5",
            "as the records",
        ),
    }
)


def hippocampome() -> TauTable:
    """Decay time constants of synaptic currents and potentials in the rodent hippocampus, 2,478 records (Moradi et al. 2022).

    Columns: ``pre``, ``post`` (``E``, ``I``, ``mixed``), ``clamp`` (``voltage``, ``current``), ``temperature_C``, ``species``,
    ``age_days``, ``slow_component``, ``g_nS``; numbers that are missing are NaN.
    """
    rows = _shipped("hippocampome_tau_d_small.csv")
    texts = {"pre": "pre_class", "post": "post_class", "clamp": "clamp", "species": "species", "slow_component": "slow_component"}
    numbers = ("temperature_C", "age_days", "g_nS")
    columns: dict[str, Any] = {name: np.array([row[column] for row in rows]) for name, column in texts.items()}
    columns |= {name: np.array([float(row[name] or "nan") for row in rows]) for name in numbers}
    tau = 1e-3 * np.array([float(row["tau_d_ms"]) for row in rows])
    return TauTable(tau, SHIPPED["hippocampome"].citation, columns=columns, note=SHIPPED["hippocampome"].caveat)


def receptor_kinetics() -> list[dict[str, str]]:
    """Decay of receptors in ms, one mapping each: only rows whose value has been seen in its source."""
    return [row for row in _shipped("receptor_kinetics.csv") if row["seen_in_source"].startswith("yes")]


def allen_medians() -> dict[tuple[str, str], tuple[float, int]]:
    """(pre, post) class -> median PSC decay in seconds, and the number of connections (Campagnola et al. 2022)."""
    medians, counts = (_shipped(f"allen_psc_decay_tau_medians{ending}.csv") for ending in ("", "_n"))
    key = next(iter(counts[0]))
    n = {row[key]: row for row in counts}
    posts = [name for name in medians[0] if name != "pre_class"]
    return {(row["pre_class"], post): (float(row[post]), int(n[row["pre_class"]][post])) for row in medians for post in posts}


def reference_summary() -> dict[str, dict[str, float]]:
    """Group of the Hippocampome records -> its statistics (ms), as computed when the data were put together."""
    return {
        row["group"]: {name: float(value) for name, value in row.items() if name not in ("dataset", "group", "note")}
        for row in _shipped("tau_reference_summary.csv")
    }


#: Table and column names of release 2.1 of the Allen Synaptic Physiology data.
_SYNPHYS = """
    SELECT sl.species, pre.cell_class, pre.cre_type, post.cell_class, post.cre_type, s.synapse_type,
           s.psc_rise_time, s.psc_decay_tau, s.psp_rise_time, s.psp_decay_tau, s.psp_amplitude
    FROM synapse s JOIN pair p ON s.pair_id = p.id JOIN cell pre ON p.pre_cell_id = pre.id
    JOIN cell post ON p.post_cell_id = post.id JOIN experiment e ON p.experiment_id = e.id JOIN slice sl ON e.slice_id = sl.id
    """
_SYNPHYS_COLUMNS = ("species", "pre", "pre_cre", "post", "post_cre", "type", "psc_rise", "psc_decay", "psp_rise", "psp_decay", "amplitude")


def allen_synphys(path: str | PathLike[str], quantity: str = "psc_decay") -> TauTable:
    """Time constants from the sqlite file of the Allen Synaptic Physiology data, which may not be shipped (Campagnola et al. 2022).

    Parameters
    ----------
    path
        ``synphys_r2.1_small.sqlite``, fetched from the Allen Institute.
    quantity
        ``psc_decay`` (voltage clamp), or ``psp_decay`` (current clamp), which the membrane filters and whose fit was bounded to 5 to
        500 ms: those limits censor it here.

    Returns
    -------
    TauTable
        Columns ``species``, ``pre``, ``post``, ``pre_cre``, ``post_cre``, ``type``.

    Raises
    ------
    UnknownNameError
        If there is no such quantity.
    DataError
        If the file is missing or damaged, has other tables, or holds no such time constant.
    """
    limits = {"psc_decay": (0.4e-3, 40e-3), "psp_decay": (5e-3, 500e-3)}
    if quantity not in limits:
        raise UnknownNameError(
            "unknown quantity", where="allen_synphys", got=repr(quantity), expected=", ".join(limits), remedy="use one of these"
        )
    if not Path(path).is_file():
        raise _not_synphys(path, "no such file")
    try:
        with closing(sqlite3.connect(f"{Path(path).absolute().as_uri()}?mode=ro", uri=True)) as database:
            rows = database.execute(_SYNPHYS).fetchall()
    except sqlite3.Error as error:
        raise _not_synphys(path, f"{type(error).__name__}: {error}") from error
    place = _SYNPHYS_COLUMNS.index(quantity)
    usable = [row for row in rows if isinstance(row[place], int | float) and row[place] > 0]
    if not usable:
        raise _not_synphys(path, f"{len(rows)} synapses, none with {quantity}")
    columns = {
        name: np.array([str(row[_SYNPHYS_COLUMNS.index(name)] or "") for row in usable])
        for name in ("species", "pre", "pre_cre", "post", "post_cre", "type")
    }
    tau = np.array([float(row[place]) for row in usable])
    return TauTable(tau, f"Campagnola et al. 2022 ({quantity})", *limits[quantity], columns=columns, note="fit bounds are limits")


def _not_synphys(path: str | PathLike[str], got: str) -> DataError:
    return DataError(
        "this is not the Allen Synaptic Physiology database",
        where=str(path),
        got=got,
        expected="an sqlite file with the tables synapse, pair, cell, experiment and slice, such as synphys_r2.1_small.sqlite",
        remedy="fetch the file again from the Allen Institute; see the page on biology",
    )


def _shipped(name: str) -> Sequence[dict[str, str]]:
    return list(csv.DictReader((files("analysis.biology") / "data" / name).read_text(encoding="utf-8").splitlines()))
