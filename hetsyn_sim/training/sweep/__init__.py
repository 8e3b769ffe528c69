"""Many trainings of one recipe with some of its settings changed: all combinations of lists (a grid), or a search by Optuna."""

from .grid import sweep_grid
from .plan import Range, SweepPlan
from .runs import Run, SweepResult
from .search import sweep_search

__all__ = ["Range", "Run", "SweepPlan", "SweepResult", "sweep_grid", "sweep_search"]
