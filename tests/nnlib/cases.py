"""Networks with every layer, every error and every optimizer, for the tests that compare libraries and devices."""

import copy

import numpy as np

from nnlib import (
    SGD,
    Activation,
    AdaGrad,
    Adam,
    AvgPool2D,
    BinaryCrossEntropy,
    Clipped,
    Conv2D,
    CrossEntropy,
    Dense,
    Dropout,
    Flatten,
    MaxPool2D,
    Momentum,
    Nesterov,
    Network,
    RMSProp,
    SumOfSquares,
    Unmatched,
)
from nnlib.backend import to_numpy
from nnlib.optimizers import cosine

ERRORS = [SumOfSquares(), BinaryCrossEntropy(), CrossEntropy(), Unmatched("sigmoid"), Unmatched("softmax")]
OPTIMIZERS = [
    *(SGD(0.1), Momentum(0.05), Nesterov(0.05), AdaGrad(0.1), RMSProp(0.01), Adam(0.01)),
    SGD(cosine(0.1, 50)),
    Clipped(Momentum(0.05), 0.1),
]
ARCHITECTURES = {
    "dense": [Flatten(), Dense(6), Activation("sigmoid"), Dense(5), Activation("tanh")],
    "relu": [Flatten(), Dense(6), Activation("relu"), Dense(5), Activation("relu")],
    "convolution": [Conv2D(3, 3), Activation("tanh"), Conv2D(2, 2, stride=2, padding=1), Activation("relu"), Flatten()],
    "max pooling": [Conv2D(3, (3, 2), stride=(1, 2), padding=(0, 1)), MaxPool2D(2), Activation("tanh"), Flatten()],
    "max pooling, overlapping": [Conv2D(3, 2), MaxPool2D(3, stride=2), Flatten()],
    "average pooling": [Conv2D(3, 2), AvgPool2D((2, 3), stride=(1, 2)), Activation("sigmoid"), Flatten()],
    "dropout": [Flatten(), Dropout(0.2), Dense(8), Activation("tanh"), Dropout(0.5)],
}


def both(like, architecture="dense", error=None, penalty=None, n=12):
    """The same network on NumPy and where `like` is, and data."""
    rng = np.random.default_rng(0)
    X, Y = rng.standard_normal((n, 2, 6, 7)), np.eye(3)[rng.integers(3, size=n)]
    layers = [*ARCHITECTURES[architecture], Dense(3)]
    pair = [
        Network(copy.deepcopy(layers), error or CrossEntropy(), (2, 6, 7), seed=1, like=place, penalty=penalty)
        for place in (np.zeros(1), like)
    ]
    return *pair, X, Y


def assert_close(found, expected, tolerance):
    """Relative to the size of the whole array."""
    assert type(found) is not type(expected)
    assert np.linalg.norm(to_numpy(found) - expected) <= tolerance * np.linalg.norm(expected)
