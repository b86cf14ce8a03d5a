# ruff: noqa: E501, F401  # one call in each line; names that the calls use
"""A hundred wrong calls and more: each is answered by a sentence that names the argument and what to do."""

import numpy as np
import pytest

import nnlib
from nnlib import *  # noqa: F403  # the table is written as a user writes
from nnlib import theory
from nnlib.gradcheck import check_gradient
from nnlib.initializers import he_normal, normal
from nnlib.landscape import section, sharpness
from nnlib.optimizers import cosine, harmonic, step_decay
from nnlib.pca import principal_angles, principal_axes, project, reconstruction_error
from nnlib.sampling import batches, folds, growing
from nnlib.second_order import hessian_vector

rng = np.random.default_rng(0)
X, Y = rng.standard_normal((12, 3)), np.eye(2)[rng.integers(2, size=12)]
images = rng.standard_normal((12, 1, 6, 6))
labels = Y.argmax(axis=1)


def net():
    return nnlib.mlp([3, 4, 2])


def least():
    return nnlib.LeastSquares(X, X @ [1.0, 2.0, 3.0] + 0.1 * rng.standard_normal(12))


def risk():
    return nnlib.EmpiricalRisk(net(), X, Y)


# the call; what its message says, as a pattern: the argument, what was expected, what came, what to do
VALUES = """
mlp(5)                                              | sizes: expected at least two .*\\[784, 100, 10\\], got 5
mlp("abc")                                          | sizes: expected at least two .* got 'abc'
mlp([3])                                            | sizes: expected at least two .* got \\[3\\]
mlp([2, 3.5, 2])                                    | sizes: expected at least two positive whole numbers.* got 3.5
mlp([2, True, 2])                                   | sizes: .* got True
mlp([3, 2], hidden="Relu")                          | hidden: expected .*'relu'.* got 'Relu'; did you mean 'relu'
mlp([3, 2], hidden=np.tanh)                         | hidden: expected .*'tanh'.*Function.*, got
mlp([3, 2], hidden=["tanh"])                        | hidden: expected .* got \\['tanh'\\]
mlp([3, 2], error=SumOfSquares)                     | error: expected an Error, got the class SumOfSquares; write SumOfSquares\\(
mlp([3, 2], error="mse")                            | error: expected an Error, got 'mse'; write SumOfSquares\\(
mlp([3, 2], error="binary_crossentropy")            | error: .*; write BinaryCrossEntropy\\(
mlp([3, 2], error=0)                                | error: expected an Error, got 0; as CrossEntropy\\(\\)
mlp([3, 2], seed="a")                               | seed: expected a whole number of at least 0, got 'a'
mlp([3, 2], seed=-1)                                | seed: expected 0 or more, got -1
mlp([3, 2], dtype=int)                              | dtype: expected floating-point .*'float32'.*, got the class int
mlp([3, 2], dtype="float33")                        | dtype: expected floating-point .* got 'float33'
mlp([3, 2], dtype=complex)                          | dtype: expected floating-point .* got the class complex
mlp([3, 2], like=np.zeros(1, int))                  | like: expected an array of floating-point numbers, got dtype int64; .*dtype='float32'
mlp([3, 2], like="torch")                           | like: expected an array .*torch.empty.* got 'torch'
mlp([3, 2], like=[0.0])                             | like: expected an array .* got \\[0.0\\]
mlp([3, 2], penalty=0.01)                           | penalty: expected a Penalty, got 0.01; as L2\\(0.01\\)
mlp([3, 2], penalty="l2")                           | penalty: expected a Penalty, got 'l2'; write L2\\(
mlp([3, 2], penalty=L1)                             | penalty: expected a Penalty, got the class L1; write L1\\(
Network(Dense(2), CrossEntropy(), 3)                | layers: expected layers from input to output, as \\[Dense.* got Dense\\(2\\)
Network([], CrossEntropy(), 3)                      | layers: expected at least one layer
Network([Dense], CrossEntropy(), 3)                 | layer 1: expected a Layer, got the class Dense; write Dense\\(
Network([Dense(2), "relu"], CrossEntropy(), 3)      | layer 2: expected a Layer, got 'relu'; write Activation\\('relu'\\)
Network([activations.tanh], CrossEntropy(), 3)      | layer 1: expected a Layer, got tanh; write Activation\\('tanh'\\)
Network([Dense(2), np.tanh], CrossEntropy(), 3)     | layer 2: expected a Layer, got
Network([Dense(2)], CrossEntropy(), 3.5)            | input_shape: expected a whole number of at least 1, got 3.5
Network([Dense(2)], CrossEntropy(), 0)              | input_shape: expected 1 or more, got 0
Network([Dense(2)], CrossEntropy(), ())             | input_shape: expected the shape of one observation
Network([Dense(2)], CrossEntropy(), (4, 4))         | layer 1: Dense\\(2\\) expects a vector .*; put Flatten\\(\\) before it
Network([Conv2D(4, 3)], CrossEntropy(), (1, 6, 6))  | layers: CrossEntropy\\(\\) expects a vector .*got shape \\(4, 4, 4\\); put Flatten
Network([Conv2D(4, 3)], SumOfSquares(), (1, 6, 6)).error(images, images)    | Y: an error compares vectors, .*put Flatten\\(\\) last
Network([Conv2D(4, 3)], SumOfSquares(), (1, 6, 6)).accuracy(images, images) | Y: an error compares vectors, .*put Flatten\\(\\) last
Dense(2.0)                                          | Dense: outputs: expected a whole number of at least 1, got 2.0
Dense(0)                                            | Dense: outputs: expected 1 or more, got 0
Dense("10")                                         | Dense: outputs: .* got '10'
Dense(2, "relu")                                    | init: expected a function of nnlib.initializers.*Activation\\('relu'\\) after it.* got 'relu'
Dense(2, init=normal)                               | init: .* got normal, which must be called first: normal\\(\\.\\.\\.\\)
Network([Dense(2, lambda *_: np.zeros(1))], SumOfSquares(), 3) | Dense\\(2\\): init: expected shape \\(2, 3\\), got \\(1,\\)
Activation("swish")                                 | Activation: h: expected .*'sigmoid'.* got 'swish'
Activation(5)                                       | Activation: h: expected .* got 5
Unmatched("softplus")                               | Unmatched: output: expected .* got 'softplus'
Conv2D(4, 3.0)                                      | Conv2D: size: expected a whole number of at least 1, got 3.0
Conv2D(4, (3, 3, 3))                                | Conv2D: size: expected a whole number, or two for rows and columns, got \\(3, 3, 3\\)
Conv2D(4, 3, padding="same")                        | Conv2D: padding: expected a whole number of at least 0, got 'same'
Conv2D(4, 3, stride=0)                              | Conv2D: stride: expected 1 or more, got 0
Conv2D(0, 3)                                        | Conv2D: maps: expected 1 or more, got 0
MaxPool2D(-2)                                       | MaxPool2D: size: expected 1 or more, got -2
AvgPool2D(2, stride=0.5)                            | AvgPool2D: stride: expected a whole number .*got 0.5
Dropout(1)                                          | Dropout: p: expected the fraction that is dropped, in \\[0, 1\\), got 1
Dropout("half")                                     | Dropout: p: expected the fraction .* got 'half'
L2(-1)                                              | lam: expected a number of at least 0, got -1
L1("0.1")                                           | lam: expected a number of at least 0, got '0.1'
L1(np.inf)                                          | lam: expected a number of at least 0, got inf
normal("a")                                         | sd: expected a standard deviation of at least 0, got 'a'
net().predict(X[0])                                 | X: expected shape \\(n, 3\\), .* got \\(3,\\); X\\[None\\] is one observation
net().predict([[1, 2, 3], [4, 5]])                  | X: expected numbers of shape \\(n, 3\\), got rows of different lengths
net().predict("abc")                                | X: expected numbers of shape \\(n, 3\\), got dtype
net().predict(None)                                 | X: expected numbers of shape \\(n, 3\\), got dtype object
net().predict(X[:0])                                | X: expected at least one row, got none
net().predict(np.full((2, 3), np.nan))              | X: expected finite numbers, got NaN or infinity in row 0
net().error(X, labels)                              | Y: expected shape \\(n, 2\\).* got \\(12,\\); nnlib.data.one_hot makes rows from labels
net().error(X, Y[:5])                               | Y: expected a row for each of the 12 rows of X, got 5
net().error(X, Y / 2)                               | Y: CrossEntropy expects a unit vector
mlp([3, 1], error=SumOfSquares()).error(X, X[:, 0]) | Y: expected shape \\(n, 1\\).* got \\(12,\\); Y\\[:, None\\] has one column
Network([Conv2D(1, 3), Flatten()], SumOfSquares(), (1, 6, 6)).predict(images.reshape(12, 36)) | X: .*; X.reshape\\(-1, 1, 6, 6\\) has that shape
net().fit(X, Y, "adam")                             | optimizer: expected an Optimizer, got 'adam'; write Adam\\(
net().fit(X, Y, Adam)                               | optimizer: expected an Optimizer, got the class Adam; write Adam\\(
net().fit(X, Y, 0.1)                                | optimizer: expected an Optimizer, got 0.1; as SGD\\(0.1\\)
net().fit(X, Y, SVRG(0.1))                          | optimizer: expected one that steps with a gradient, .*SVRG.*minimize
net().fit(X, Y, epochs=2.5)                         | epochs: expected a whole number of at least 0, got 2.5
net().fit(X, Y, epochs=-1)                          | epochs: expected 0 or more, got -1
net().fit(X, Y, batch_size=None)                    | batch_size: expected a whole number of at least 1, got None
net().fit(X, Y, batch_size=0)                       | batch_size: expected 1 or more, got 0
net().fit(X, Y, validation=0.1)                     | validation: expected a pair \\(X, Y\\) of data kept aside, got 0.1
net().fit(X, Y, validation=X)                       | validation: expected a pair \\(X, Y\\).* got an array of shape \\(12, 3\\)
net().fit(X, Y, validation=(X, Y[:5]))              | validation: Y: expected a row for each
net().fit(X, Y, patience=3)                         | patience: expected validation data to watch, got none; give validation=
net().fit(X, Y, patience=0, validation=(X, Y))      | patience: expected 1 or more epochs, got 0
net().fit(X, Y, callbacks=print)                    | callbacks: expected a list of functions, as \\[callback\\], got the function print
net().fit(X, Y, callbacks=[5])                      | callbacks: expected functions of a network and a history, got 5
net().fit(X, Y, seed=1.5)                           | seed: expected a whole number of at least 0, got 1.5
SGD("0.1")                                          | alpha: expected a positive learning rate, or a function of k.* got '0.1'
SGD(np.array([0.1, 0.2]))                           | alpha: expected a positive learning rate.* got an array of shape \\(2,\\)
SGD(True)                                           | alpha: expected a positive learning rate.* got True
SGD(np.inf)                                         | alpha: expected a positive learning rate.* got inf
SGD(lambda k: -1.0).minimize(least(), np.zeros(3), 1)  | alpha\\(1\\): expected a learning rate of at least 0, got -1.0
SGD(lambda k: None).minimize(least(), np.zeros(3), 1)  | alpha\\(1\\): expected a learning rate of at least 0, got None
Momentum(0.1, 1)                                    | mu: expected a fraction in \\[0, 1\\), got 1
RMSProp(0.1, "0.9")                                 | b: expected a fraction in \\[0, 1\\), got '0.9'
Adam(0.1, b2=(0.9, 0.99))                           | b2: expected a fraction in \\[0, 1\\), got \\(0.9, 0.99\\)
Adam(0.1, eps=-1)                                   | eps: expected a number of at least 0, got -1
ISTA(0.1, 0.01)                                     | penalty: expected a Penalty, got 0.01; as L1\\(0.01\\)
PolyakAveraging(0.1)                                | optimizer: expected an Optimizer, got 0.1; as SGD\\(0.1\\)
PolyakAveraging(SGD(0.1), first=0.5)                | first: expected a whole number of at least 1, got 0.5
Clipped(SVRG(0.1), 1)                               | optimizer: expected an Optimizer, got SVRG
Clipped(SGD(0.1), "1")                              | limit: expected a positive length, got '1'
SVRG(0.1, m=1.5)                                    | m: expected 1 or more inner steps, got 1.5
SVRG(0.1, choice="mean")                            | choice: expected 'last', 'average' or 'random', got 'mean'
CoordinateDescent(L="abc")                          | L: expected positive Lipschitz constants, got abc
NewtonCG(cg_iterations=1.5)                         | cg_iterations: expected a whole number of at least 1, got 1.5
NewtonCG(rho="0.5")                                 | rho: expected a fraction between 0 and 1, got '0.5'
LBFGS(m=0)                                          | m: expected 1 or more pairs, got 0
cosine(0.1, 0)                                      | iterations: expected 1 or more, got 0
step_decay(0.1, 0.5, 0)                             | every: expected 1 or more, got 0
harmonic(1.0, -1)                                   | gamma: expected a number above -1, got -1
SGD(0.1).minimize(net(), net().w, 5)                | objective: expected something with n, F.*EmpiricalRisk\\(network, X, Y\\), got Network
SGD(0.1).minimize(least(), np.zeros(4), 5)          | w: expected one vector, shape \\(3,\\), got shape \\(4,\\)
SGD(0.1).minimize(least(), np.zeros((3, 1)), 5)     | w: expected one vector, shape \\(3,\\), got shape \\(3, 1\\)
SGD(0.1).minimize(risk(), np.zeros(4), 5)           | w: expected one vector, shape \\(26,\\), got shape \\(4,\\)
SGD(0.1).minimize(least(), "abc", 5)                | w: expected one vector
SGD(0.1).minimize(least(), [1, np.nan, 0], 5)       | w: expected finite numbers, got NaN
SGD(0.1).minimize(least(), np.zeros(3), 2.5)        | iterations: expected a whole number of at least 0, got 2.5
SGD(0.1).minimize(least(), np.zeros(3), 5, batch_size=13) | batch_size: expected None or 1 to n = 12, got 13
SGD(0.1).minimize(least(), np.zeros(3), 5, batch_size="all") | batch_size: expected None or 1 to n = 12, got 'all'
SGD(0.1).minimize(least(), np.zeros(3), 5, sampling="with")  | sampling: expected 'replacement', 'without' or 'permutation', got 'with'
SGD(0.1).minimize(least(), np.zeros(3), 5, callback=5)       | callback: expected a function of k and w, got 5
least().F(np.zeros((3, 1)))                         | w: expected a vector of shape \\(3,\\), got \\(3, 1\\)
least().grad(np.zeros(2))                           | w: expected a vector of shape \\(3,\\), got \\(2,\\)
risk().F(np.zeros(2))                               | w: expected all weights in one vector, shape \\(26,\\), got \\(2,\\)
EmpiricalRisk(X, Y, net())                          | network: expected a Network, got an array
LeastSquares(X, Y)                                  | y: expected shape \\(n,\\)
LeastSquares("abc", [1])                            | X: expected numbers of shape \\(n, p\\)
LogisticRegression(X, labels)                       | y: expected the classes -1 and 1; .* 2 \\* y - 1
LogisticRegression(X, 2.0 * labels - 1, lam="a")    | lam: expected a number of at least 0, got 'a'
TanhNetwork(X, X[:, 0], units=2.5)                  | units: expected a whole number of at least 1, got 2.5
TanhNetwork(X, X[:, 0], radius=0)                   | radius: expected a positive number, got 0
hessian_vector(least(), np.zeros(3), np.zeros(2))   | w: expected a vector of shape \\(3,\\), got \\(2,\\)
check_gradient(5, least().grad, np.zeros(3))        | F: expected a function of w, as risk.F, got 5
check_gradient(least().F, least().grad(np.zeros(3)), np.zeros(3)) | grad: expected a function of w, as risk.grad, got an array
check_gradient(least().F, least().grad, [0.0, 0, 0])| w: expected a vector of floating-point numbers, got \\[0.0
check_gradient(least().F, least().grad, np.zeros(3), eps=0)   | eps: expected a positive number, got 0
check_gradient(least().F, least().grad, np.zeros(3), coordinates=0) | coordinates: expected 1 or more, got 0
section(least(), np.zeros(3), np.zeros(2), [0, 1])  | v: expected one vector, shape \\(3,\\), got shape \\(2,\\)
section(least(), np.zeros(3), np.zeros(3), 0.5)     | alphas: expected numbers, as np.linspace.* got 0.5
sharpness(least(), np.zeros(3), eps="small")        | eps: expected a positive number, got 'small'
sharpness(least(), np.zeros(3), steps=0)            | steps: expected 1 or more, got 0
principal_axes(X, 2.0)                              | k: expected 0 to 3, the number of columns of X, got 2.0
principal_axes("abc", 1)                            | X: expected shape \\(n, p\\)
principal_axes([[1, 2], [3]], 1)                    | X: expected an array of numbers, got rows of different lengths
project(X, np.zeros(2), np.eye(3))                  | mean: expected one vector, shape \\(3,\\), got shape \\(2,\\)
reconstruction_error(X, X[:5])                      | Xhat: expected shape \\(12, 3\\), that of X
principal_angles(np.zeros((1, 3)), X[:1])           | A: expected linearly independent rows
batches(10, 2, "replacement", 0)                    | rng: expected a generator, as np.random.default_rng\\(0\\), got 0
batches(10, 2.5, "replacement", rng)                | batch_size: expected a whole number of at least 1, got 2.5
batches(0, 1, "without", rng)                       | n: expected at least one observation, got 0
batches(10, 1, "shuffle", rng)                      | sampling: expected 'replacement', 'without' or 'permutation', got 'shuffle'
folds(10, 2.5)                                      | k: expected 2 to n = 10 parts, got 2.5
growing(1)                                          | tau: expected a factor above 1, got 1
data.one_hot([0, 1], 2.5)                           | K: expected the number of classes, .* got 2.5
data.one_hot([0, 1], 0)                             | K: expected the number of classes, .* got 0
data.one_hot([0.0, 1.0], 2)                         | labels: expected integers of shape \\(n,\\), got dtype float64
data.one_hot([0, 3], 2)                             | labels: expected 0 to K - 1 = 1, got 0 to 3
data.mnist("full")                                  | full: expected True for all .* got 'full'
checks.close([1.0], [np.nan], "it")                 | expected: the worked numbers of it must be finite
theory.lemma1(risk(), np.zeros(26), 0.1)            | objective: expected one whose constants .* as LeastSquares\\(X, y\\)
theory.lemma1(least(), np.zeros(2), 0.1)            | w: expected one vector, shape \\(3,\\), got shape \\(2,\\)
theory.lemma2(least(), np.zeros(3), "0.1")          | alpha: expected a finite number, got '0.1'
theory.lemma1(least(), np.zeros(3), 0.1, 2, "permutation") | sampling: expected 'replacement' or 'without', got 'permutation'
theory.draws(5, 2.5)                                | batch_size: expected a whole number from 1 to 5, got 2.5
theory.variance_factor(5, 6)                        | batch_size: expected 1 to 5, got 6
theory.theorem1(least(), np.zeros(3), 1e-3, 2.5)    | T: expected at least 1 step.* got 2.5
theory.theorem1(least(), np.zeros(3), 1e-3, 5, runs=10) | runs: expected at least 1,000.* got 10
theory.assumption1(least(), starts=0)               | starts: expected 1 or more, got 0
theory.theorem2(least(), np.zeros(3), 0.1, 5)       | alpha: expected a function of k = 1, 2, .* got 0.1
theory.theorem46(SigmoidUnit(X, Y[:, 0]), np.zeros(3), 1e-3, 5)   | objective: the theorem needs a strongly convex one
theory.svrg_rate(least(), np.zeros(3), 1e-3, 10**6, 2, "last")    | choice: expected 'average' or 'random', got 'last'
"""

NAMES = """
SGD(lr=0.1)                                         | SGD: no argument lr; it is alpha here
Adam(learning_rate=0.1)                             | Adam: no argument learning_rate; it is alpha here
Adam(betas=(0.9, 0.999))                            | Adam: no argument betas; it is b1 and b2 here
Adam(beta_1=0.9)                                    | Adam: no argument beta_1; it is b1 here
Momentum(0.1, momentum=0.9)                         | Momentum: no argument momentum; it is mu here
SGD(0.1, momentum=0.9)                              | SGD: no argument momentum; momentum is an optimizer of its own
SGD(0.1, nesterov=True)                             | SGD: .* Nesterov is an optimizer of its own
SGD(0.1, weight_decay=1e-4)                         | SGD: .*penalty=L2\\(lam\\)
SGD(0.1, 0.9)                                       | SGD\\(alpha\\): too many positional arguments
RMSProp(rho=0.9)                                    | RMSProp: no argument rho; it is b here
Adam(epsilon=1e-7)                                  | Adam: no argument epsilon; it is eps here
Dense(units=10)                                     | Dense: no argument units; it is outputs here
Dense(out_features=10)                              | Dense: no argument out_features; it is outputs here
Dense(10, activation="relu")                        | Dense: .*; an activation is a layer of its own: Activation\\('relu'\\)
Dense(10, use_bias=False)                           | Dense: .*every unit has a bias
Dense()                                             | Dense\\(outputs, init\\): missing a required argument: 'outputs'
Conv2D(filters=4, size=3)                           | Conv2D: no argument filters; it is maps here
Conv2D(4, kernel_size=3)                            | Conv2D: no argument kernel_size; it is size here
Conv2D(4, 3, strides=2)                             | Conv2D: no argument strides; it is stride here
MaxPool2D(pool_size=2)                              | MaxPool2D: no argument pool_size; it is size here
Dropout(rate=0.5)                                   | Dropout: no argument rate; it is p here
Activation(activation="relu")                       | Activation: no argument activation; it is h here
L2(weight_decay=0.1)                                | L2: no argument weight_decay; it is lam here
Clipped(SGD(0.1), max_norm=1)                       | Clipped: no argument max_norm; it is limit here
mlp([3, 2], activation="relu")                      | mlp: no argument activation; it is hidden here
mlp(hidden_layer_sizes=[3, 2])                      | mlp: no argument hidden_layer_sizes; it is sizes here
mlp([3, 2], loss=SumOfSquares())                    | mlp: no argument loss; it is error here
mlp([3, 2], random_state=0)                         | mlp: no argument random_state; it is seed here
mlp([3, 2], device="cuda")                          | mlp: no argument device; it is like here
mlp([3, 2], seeed=0)                                | mlp: no argument seeed; did you mean seed
Network([Dense(2)], CrossEntropy(), input_dim=3)    | Network: no argument input_dim; it is input_shape here
net().fit(X, Y, n_epochs=5)                         | fit: no argument n_epochs; it is epochs here
net().fit(X, Y, max_iter=5)                         | fit: no argument max_iter; it is epochs here
net().fit(X, Y, lr=0.1)                             | fit: no argument lr; the rate belongs to the optimizer: .*SGD
net().fit(X, Y, validation_split=0.1)               | fit: .*validation=\\(X, Y\\)
net().fit(X, Y, validation_data=(X, Y))             | fit: no argument validation_data; it is validation here
net().fit(X, Y, verbose=0)                          | fit: no argument verbose; it is progress here
net().fit(X, Y, shuffle=True)                       | fit: .*every epoch draws a new order
net().fit(X, Y, callback=print)                     | fit: no argument callback; it is callbacks here
net().fit(X, Y, zzz=1)                              | fit: no argument zzz; there are X, Y, optimizer
SGD(0.1).minimize(least(), np.zeros(3), n_iter=5)   | minimize: no argument n_iter; it is iterations here
SGD(0.1).minimize(least(), np.zeros(3), 5, batch=3) | SGD.minimize: no argument batch; it is batch_size here
GradientDescent(0.1).minimize(least(), np.zeros(3), 5, batch_size=3) | GradientDescent.minimize: no argument batch_size
PolyakAveraging(SGD(0.1)).minimize(least(), np.zeros(3), 5, batch=3) | SGD.minimize: no argument batch; it is batch_size here
principal_axes(X, n_components=2)                   | principal_axes: no argument n_components; it is k here
folds(10, n_splits=5)                               | folds: no argument n_splits; it is k here
normal(std=0.1)                                     | normal: no argument std; it is sd here
cosine(0.1, T_max=10)                               | cosine: no argument T_max; it is iterations here
check_gradient(F=least().F, grad=least().grad, x0=np.zeros(3)) | check_gradient: no argument x0; it is w here
"""

ATTRIBUTES = """
nnlib.Linear                                        | nnlib has no Linear; it is nnlib.Dense here
nnlib.MSELoss                                       | nnlib has no MSELoss; it is nnlib.SumOfSquares here
nnlib.Conv2d                                        | nnlib has no Conv2d; it is nnlib.Conv2D here
nnlib.Sequential                                    | nnlib has no Sequential; it is nnlib.Network here
nnlib.Zzz                                           | nnlib has no Zzz$
net().compile("adam", "mse")                        | Network: no attribute compile; the error is given to Network
net().parameters()                                  | Network: no attribute parameters; all weights are the vector w
net().zero_grad()                                   | Network: no attribute zero_grad; gradient\\(X, Y\\) overwrites g
net().backward()                                    | Network: no attribute backward; gradient\\(X, Y\\)
net().train()                                       | Network: no attribute train; fit trains
net().zzz                                           | no attribute 'zzz'
setattr(net(), "training", False)                   | Network: no attribute training; fit trains
setattr(net().layers[0], "trainable", False)        | Dense: no attribute trainable; fit trains all weights
Dense(3).forward(X)                                 | Dense: no attribute inputs; it comes with the network
Dense(3).beta                                       | Dense: no attribute beta; it comes with the network
setattr(SGD(0.1), "lr", 0.2)                        | SGD: no attribute lr; it is alpha here
setattr(Momentum(0.1), "momentum", 0.5)             | Momentum: no attribute momentum; it is mu here
setattr(net(), "layers", [])                        | Network: layers is fixed, .*make a new Network
setattr(net(), "error", SumOfSquares())             | Network: error is a method and cannot be set; output_error is its error
setattr(net().layers[0], "outputs", 5)              | Dense: outputs is fixed
setattr(Conv2D(1, 3), "size", (5, 5))               | Conv2D: size is fixed
setattr(least(), "X", X)                            | LeastSquares: X is fixed
"""

SET = """
setattr(SGD(0.1), "alpha", -1)                      | alpha: expected a positive learning rate.* got -1
setattr(Momentum(0.1), "mu", 2)                     | mu: expected a fraction in \\[0, 1\\), got 2
setattr(L2(0.1), "lam", -1)                         | lam: expected a number of at least 0, got -1
setattr(Dropout(0.1), "p", 2)                       | Dropout: p: expected the fraction .* got 2
setattr(net(), "penalty", 0.1)                      | penalty: expected a Penalty, got 0.1
setattr(net(), "output_error", "mse")               | error: expected an Error, got 'mse'
setattr(net(), "w", np.zeros(3))                    | w: expected shape \\(26,\\), got \\(3,\\)
setattr(net(), "w", 0.0)                            | w: expected shape \\(26,\\), got \\(\\)
setattr(net().layers[0], "beta", np.zeros((4, 3)))  | beta: expected shape \\(4, 4\\), got \\(4, 3\\)
"""


def rows(table):
    return [tuple(part.strip() for part in row.split("|", 1)) for row in table.splitlines() if row]


def refused(call, kind, pattern):
    with pytest.raises(kind, match=pattern) as caught:
        eval(call, globals())
    message = str(caught.value)
    assert message.count("\n") <= 2
    assert "object at 0x" not in message
    assert len(message) < 400


@pytest.mark.parametrize(("call", "pattern"), rows(VALUES + SET))
def test_a_wrong_value_is_answered(call, pattern):
    refused(call, ValueError, "^" + pattern if ":" in pattern else pattern)


@pytest.mark.parametrize(("call", "pattern"), rows(NAMES))
def test_a_wrong_name_is_answered_with_the_right_one(call, pattern):
    refused(call, TypeError, pattern)


@pytest.mark.parametrize(("call", "pattern"), rows(ATTRIBUTES))
def test_a_wrong_attribute_is_answered(call, pattern):
    refused(call, AttributeError, pattern)


def test_a_text_file_is_no_network_and_nobody_advises_to_unpickle(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("weights")
    with pytest.raises(ValueError, match=r"notes\.txt: expected a network that nnlib saved") as caught:
        nnlib.Network.load(path)
    assert "pickle" not in str(caught.value)
    with pytest.raises(FileNotFoundError, match=r"there is no folder .*nowhere; make it first"):
        net().save(tmp_path / "nowhere" / "network.npz")


def test_what_is_right_is_taken():
    """Integers and floats of NumPy, lists of numbers, and names that stand for themselves."""
    assert nnlib.Conv2D(np.int64(4), np.int64(3), stride=[1, np.int32(2)]).stride == (1, 2)
    assert nnlib.mlp(np.array([3, 4, 2])).input_shape == nnlib.mlp((3, 4, 2), seed=np.int64(1)).input_shape == (3,)
    assert nnlib.Network([nnlib.Dense(2)], nnlib.SumOfSquares(), np.int64(3)).input_shape == (3,)
    assert nnlib.SGD(np.float32(0.5)).alpha(1) == 0.5
    np.testing.assert_array_equal(nnlib.SGD(0.1).minimize(least(), [0, 0, 0], 0), np.zeros(3))
    assert nnlib.mlp([3, 2], dtype="float32", like=np.zeros(1, int)).w.dtype == np.float32
    assert he_normal(np.random.default_rng(0), (2, 3), 3, 2).shape == (2, 3)
