"""nnlib: neural networks that read like the lecture's equations, derivatives by hand.

>>> import nnlib
>>> X, Y = nnlib.data.higham_points()
>>> network = nnlib.mlp([2, 2, 3, 2], hidden="sigmoid", error=nnlib.Unmatched("sigmoid"))
>>> network.predict(X).shape
(10, 2)
"""

from . import activations, checks, data, initializers, landscape, objectives, optimizers, pca
from .errors import BinaryCrossEntropy, CrossEntropy, Error, SumOfSquares, Unmatched
from .gradcheck import check_gradient
from .history import History
from .layers import Activation, AvgPool2D, Conv2D, Dense, Dropout, Flatten, Layer, MaxPool2D
from .network import Network, mlp
from .objectives import EmpiricalRisk, LeastSquares, LogisticRegression, SigmoidUnit, TanhNetwork
from .optimizers import (
    ISTA,
    SAGA,
    SGD,
    SVRG,
    AdaGrad,
    Adam,
    Clipped,
    CoordinateDescent,
    Diverged,
    GradientDescent,
    Momentum,
    Nesterov,
    Optimizer,
    PolyakAveraging,
    RMSProp,
)
from .penalties import L1, L2, Penalty
from .second_order import LBFGS, NewtonCG, hessian_vector
from .validation import translated

__version__ = "0.1.0"
__all__ = [
    "ISTA",
    "L1",
    "L2",
    "LBFGS",
    "SAGA",
    "SGD",
    "SVRG",
    "Activation",
    "AdaGrad",
    "Adam",
    "AvgPool2D",
    "BinaryCrossEntropy",
    "Clipped",
    "Conv2D",
    "CoordinateDescent",
    "CrossEntropy",
    "Dense",
    "Diverged",
    "Dropout",
    "EmpiricalRisk",
    "Error",
    "Flatten",
    "GradientDescent",
    "History",
    "Layer",
    "LeastSquares",
    "LogisticRegression",
    "MaxPool2D",
    "Momentum",
    "Nesterov",
    "Network",
    "NewtonCG",
    "Optimizer",
    "Penalty",
    "PolyakAveraging",
    "RMSProp",
    "SigmoidUnit",
    "SumOfSquares",
    "TanhNetwork",
    "Unmatched",
    "activations",
    "check_gradient",
    "checks",
    "data",
    "hessian_vector",
    "initializers",
    "landscape",
    "mlp",
    "objectives",
    "optimizers",
    "pca",
]


def __getattr__(name: str) -> object:
    """The answer to a class by another library's name, as nnlib.Linear."""
    ours = {known.lower(): known for known in __all__}.get(translated(name).lower())
    raise AttributeError(f"nnlib has no {name}" + (f"; it is nnlib.{ours} here" if ours else ""))
