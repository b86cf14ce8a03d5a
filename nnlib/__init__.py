"""nnlib: neural networks that read like the lecture's equations, derivatives by hand.

>>> import nnlib
>>> X, Y = nnlib.data.higham_points()
>>> network = nnlib.mlp([2, 2, 3, 2], hidden="sigmoid", error=nnlib.Unmatched("sigmoid"))
>>> network.predict(X).shape
(10, 2)
"""

from . import activations, checks, data, initializers, optimizers
from .errors import BinaryCrossEntropy, CrossEntropy, Error, SumOfSquares, Unmatched
from .gradcheck import check_gradient
from .history import History
from .layers import Activation, AvgPool2D, Conv2D, Dense, Dropout, Flatten, Layer, MaxPool2D
from .network import Diverged, Network, mlp
from .objectives import EmpiricalRisk
from .optimizers import SGD, AdaGrad, Adam, Momentum, Nesterov, Optimizer, RMSProp
from .penalties import L1, L2, Penalty

__version__ = "0.1.0"
__all__ = [
    "L1",
    "L2",
    "SGD",
    "Activation",
    "AdaGrad",
    "Adam",
    "AvgPool2D",
    "BinaryCrossEntropy",
    "Conv2D",
    "CrossEntropy",
    "Dense",
    "Diverged",
    "Dropout",
    "EmpiricalRisk",
    "Error",
    "Flatten",
    "History",
    "Layer",
    "MaxPool2D",
    "Momentum",
    "Nesterov",
    "Network",
    "Optimizer",
    "Penalty",
    "RMSProp",
    "SumOfSquares",
    "Unmatched",
    "activations",
    "check_gradient",
    "checks",
    "data",
    "initializers",
    "mlp",
    "optimizers",
]
