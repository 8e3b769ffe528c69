"""Forecasting an analogue series with one layer of independent neurons: the neurons, their training, and the study that compares them."""

from .neurons import NEURONS, Forecaster, network_of
from .study import FORECAST, TUNING, trained
from .train import Budget, forecast, train_forecaster

__all__ = ["FORECAST", "NEURONS", "TUNING", "Budget", "Forecaster", "forecast", "network_of", "train_forecaster", "trained"]
