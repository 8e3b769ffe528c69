"""Training in PyTorch: networks from specs, losses, recipes, and :func:`fit`. Importing it imports torch, but not Lightning."""

from .evaluate import Evaluation, evaluate
from .fit import build_network, fit
from .layer import LayerState, SpikingLayer
from .losses import LOSSES, LastStep, MeanSquaredError, RateRegulariser, SpikeCount, SumOfSoftmax, get_loss
from .modules import OnlyOutput
from .network import Network
from .recipe import Recipe, load_recipe, shipped_recipes
from .result import FitResult
from .settings import Training
from .surrogates import SURROGATES, ArcTan, FastSigmoid, MultiGaussian, Slayer, Triangular, get_surrogate

__all__ = [
    "LOSSES",
    "SURROGATES",
    "ArcTan",
    "Evaluation",
    "FastSigmoid",
    "FitResult",
    "LastStep",
    "LayerState",
    "MeanSquaredError",
    "MultiGaussian",
    "Network",
    "OnlyOutput",
    "RateRegulariser",
    "Recipe",
    "Slayer",
    "SpikeCount",
    "SpikingLayer",
    "SumOfSoftmax",
    "Training",
    "Triangular",
    "build_network",
    "evaluate",
    "fit",
    "get_loss",
    "get_surrogate",
    "load_recipe",
    "shipped_recipes",
]
