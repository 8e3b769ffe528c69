"""Figures. Each function draws into ``ax`` (or into a new figure) and returns the axes; none of them shows or saves anything."""

from .certificate import plot_bounds, plot_margins, plot_refinement
from .conductance import plot_current_voltage, plot_graded_spikes, plot_phase_plane
from .confusion import plot_confusion
from .fitting import plot_fit, plot_residuals, plot_restarts
from .forecast import plot_error_over_activity, plot_error_over_horizon, plot_forecast
from .ladder import plot_ladder, plot_rung
from .learning_curve import plot_learning_curve
from .raster import plot_raster
from .studies import plot_curves, plot_disturbance, plot_pairs
from .sweep import plot_sweep
from .time_constants import plot_time_constants
from .trace import plot_difference, plot_trace

__all__ = [
    "plot_bounds",
    "plot_confusion",
    "plot_current_voltage",
    "plot_curves",
    "plot_difference",
    "plot_disturbance",
    "plot_error_over_activity",
    "plot_error_over_horizon",
    "plot_fit",
    "plot_forecast",
    "plot_graded_spikes",
    "plot_ladder",
    "plot_learning_curve",
    "plot_margins",
    "plot_pairs",
    "plot_phase_plane",
    "plot_raster",
    "plot_refinement",
    "plot_residuals",
    "plot_restarts",
    "plot_rung",
    "plot_sweep",
    "plot_time_constants",
    "plot_trace",
]
