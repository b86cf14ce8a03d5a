"""nnlib: neural networks that read like the lecture's equations, derivatives by hand.

>>> import nnlib
>>> X, Y = nnlib.data.higham_points()
>>> network = nnlib.mlp([2, 2, 3, 2], hidden="sigmoid", error=nnlib.Unmatched("sigmoid"))
>>> network.predict(X).shape
(10, 2)
"""

from . import activations, checks, data, optimizers
from .errors import BinaryCrossEntropy, CrossEntropy, Error, SumOfSquares, Unmatched
from .gradcheck import check_gradient
from .history import History
from .layers import Activation, Dense, Layer
from .network import Diverged, Network, mlp
from .objectives import EmpiricalRisk
from .optimizers import SGD, AdaGrad, Adam, Momentum, Nesterov, Optimizer, RMSProp

__version__ = "0.1.0"
__all__ = [
    "SGD",
    "Activation",
    "AdaGrad",
    "Adam",
    "BinaryCrossEntropy",
    "CrossEntropy",
    "Dense",
    "Diverged",
    "EmpiricalRisk",
    "Error",
    "History",
    "Layer",
    "Momentum",
    "Nesterov",
    "Network",
    "Optimizer",
    "RMSProp",
    "SumOfSquares",
    "Unmatched",
    "activations",
    "check_gradient",
    "checks",
    "data",
    "mlp",
    "optimizers",
]
