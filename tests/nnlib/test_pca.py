"""Principal components and autoencoders: closed forms, invariances, and what both sides of a claim must share."""

import numpy as np
import pytest

import nnlib
from nnlib.pca import principal_angles, principal_axes, project, reconstruction_error

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 6)) @ np.diag([3, 2, 1.5, 1, 0.5, 0.2]) @ np.linalg.qr(RNG.normal(size=(6, 6)))[0] + 4


@pytest.mark.equation("principal-axes")
def test_axes_of_four_points_by_hand():
    points = np.array([[3.0, 1.0], [-1.0, 1.0], [1.0, 2.0], [1.0, 0.0]])  # around (1, 1): variances 2 and 1/2
    mean, axes, eigenvalues = principal_axes(points, 1)
    np.testing.assert_allclose(mean, [1, 1])
    np.testing.assert_allclose(abs(axes), [[1, 0]], atol=1e-15)
    np.testing.assert_allclose(eigenvalues, [2, 0.5])


@pytest.mark.equation("principal-axes")
def test_axes_are_orthonormal_eigenvectors_in_descending_order():
    _, axes, eigenvalues = principal_axes(X, 6)
    C = np.cov(X.T, bias=True)
    np.testing.assert_allclose(axes @ axes.T, np.eye(6), atol=1e-12)
    np.testing.assert_allclose(C @ axes.T, axes.T * eigenvalues, atol=1e-12)
    assert (np.diff(eigenvalues) < 0).all()
    assert eigenvalues.sum() == pytest.approx(np.trace(C))


def test_eigenvalues_are_never_negative():
    flat = np.column_stack([X[:, :2], X[:, :2] @ RNG.normal(size=(2, 5))])
    assert principal_axes(flat, 1).eigenvalues.min() >= 0


@pytest.mark.equation("pca-error")
@pytest.mark.parametrize("k", range(7))
def test_error_is_the_sum_of_the_eigenvalues_left_out(k):
    mean, axes, eigenvalues = principal_axes(X, k)
    error = reconstruction_error(X, project(X, mean, axes)).mean()
    assert error == pytest.approx(eigenvalues[k:].sum(), abs=1e-12)


@pytest.mark.equation("pca-error")
def test_no_other_plane_does_better():
    mean, axes, eigenvalues = principal_axes(X, 2)
    for _ in range(50):
        other = np.linalg.qr(RNG.normal(size=(6, 2)))[0].T
        assert reconstruction_error(X, project(X, mean, other)).mean() > eigenvalues[2:].sum()
        moved = mean + 0.1 * RNG.normal(size=6)
        assert reconstruction_error(X, project(X, moved, axes)).mean() > eigenvalues[2:].sum()


@pytest.mark.equation("pca-reconstruction")
def test_projection_is_the_nearest_point_and_stays_where_it_is():
    mean, axes, _ = principal_axes(X, 3)
    Xhat = project(X, mean, axes)
    np.testing.assert_allclose(project(Xhat, mean, axes), Xhat)
    np.testing.assert_allclose((X - Xhat) @ axes.T, 0, atol=1e-12)
    np.testing.assert_allclose(Xhat, mean + sum(np.outer((X - mean) @ v, v) for v in axes))


@pytest.mark.equation("reconstruction-error")
def test_reconstruction_error_sums_over_the_columns_and_is_twice_SumOfSquares():
    Xhat = X + np.array([1, -2, 0, 0, 0, 3])
    np.testing.assert_allclose(reconstruction_error(X, Xhat), 14)
    np.testing.assert_allclose(reconstruction_error(X, Xhat), 2 * nnlib.SumOfSquares().value(Xhat, X))


@pytest.mark.equation("principal-angles")
def test_angles_in_closed_form():
    for angle in 1e-12, 1e-9, 1e-3, 1.0, np.pi / 2:
        line = np.array([[1.0, 0, 0]])
        turned = 5 * np.array([[np.cos(angle), np.sin(angle), 0]])
        np.testing.assert_allclose(principal_angles(line, turned), [angle], rtol=1e-6)
        plane = np.array([[0.0, 0, 2], [np.cos(angle), np.sin(angle), 0]])
        both = principal_angles(np.array([[1.0, 0, 1], [0, 0, 1]]), plane)
        np.testing.assert_allclose(both, [0, angle], rtol=1e-6, atol=1e-15)


@pytest.mark.equation("principal-angles")
def test_angles_belong_to_the_subspaces_and_not_to_their_bases():
    A, B = RNG.normal(size=(3, 7)), RNG.normal(size=(2, 7))
    angles = principal_angles(A, B)
    Q = np.linalg.qr(RNG.normal(size=(7, 7)))[0]
    np.testing.assert_allclose(
        principal_angles(RNG.normal(size=(3, 3)) @ A @ Q, RNG.normal(size=(2, 2)) @ B @ Q), angles
    )
    np.testing.assert_allclose(principal_angles(B, A), angles)
    np.testing.assert_allclose(principal_angles(A, A[:2]), 0, atol=1e-12)
    assert len(angles) == 2
    assert (np.diff(angles) >= 0).all()


@pytest.mark.equation("linear-autoencoder")
def test_a_linear_autoencoder_finds_the_plane_and_the_error_of_pca():
    centred = X - X.mean(axis=0)  # without this, the way down is long and narrow
    for k in 1, 3:
        _, axes, eigenvalues = principal_axes(centred, k)
        network = nnlib.mlp([6, k, 6], "identity", nnlib.SumOfSquares(), seed=1)
        network.w[:] = nnlib.LBFGS().minimize(nnlib.EmpiricalRisk(network, centred, centred), network.w, 400)
        error = reconstruction_error(centred, network.predict(centred)).mean()
        assert error == pytest.approx(eigenvalues[k:].sum(), rel=1e-6)
        decoder = network.layers[-1].beta[:, 1:]
        assert principal_angles(decoder.T, axes).max() < 1e-3


@pytest.mark.equation("autoencoder")
def test_predict_is_the_decoder_after_the_encoder():
    network = nnlib.mlp([6, 4, 2, 4, 6], "tanh", nnlib.SumOfSquares(), seed=3)
    z = X
    for layer in network.layers[:3]:
        z, _ = layer.forward(z)
    assert z.shape == (200, 2)
    for layer in network.layers[3:]:
        z, _ = layer.forward(z)
    np.testing.assert_allclose(network.predict(X), z)


class Halve(nnlib.Layer):
    """A corruption without chance: training sees x / 2."""

    def forward(self, z):
        return z, None

    def forward_train(self, z, rng):
        return z / 2, None

    def backward(self, delta, cache):
        return delta


@pytest.mark.equation("denoising")
def test_a_layer_that_corrupts_while_training_leaves_the_target_clean():
    dense = [nnlib.Dense(2), nnlib.Dense(6)]
    corrupted = nnlib.Network([Halve(), *dense], nnlib.SumOfSquares(), 6, seed=5)
    plain = nnlib.mlp([6, 2, 6], "identity", nnlib.SumOfSquares(), seed=5)
    plain.w[:] = corrupted.w
    for network, inputs in (corrupted, X), (plain, X / 2):
        network.fit(inputs, X, nnlib.SGD(1e-3), epochs=2, batch_size=20, progress=False)
    np.testing.assert_allclose(corrupted.w, plain.w)
    np.testing.assert_allclose(corrupted.predict(X), plain.predict(X))  # nothing is corrupted afterwards


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda: principal_axes(X[0], 1), "X"),
        (lambda: principal_axes(X[:0], 1), "X"),
        (lambda: principal_axes(X, -1), "k"),
        (lambda: principal_axes(X, 7), "k"),
        (lambda: project(X, X[0, :5], np.eye(6)[:2]), "mean"),
        (lambda: project(X, X[0], np.eye(5)[:2]), "axes"),
        (lambda: project(X[0], X[0], np.eye(6)[:2]), "X"),
        (lambda: reconstruction_error(X, X[:10]), "Xhat"),
        (lambda: reconstruction_error(X[0], X[0]), "X"),
        (lambda: principal_angles(X[0], X[:2]), "A"),
        (lambda: principal_angles(X[:2], X[:2, :5]), "B"),
        (lambda: principal_angles(np.ones((2, 6)), X[:1]), "A"),
        (lambda: principal_angles(X[:1], np.ones((2, 6))), "B"),
        (lambda: principal_angles(np.zeros((1, 6)), X[:1]), "A"),
        (lambda: principal_angles(X[:7], X[:1]), "A"),
    ],
)
def test_wrong_arguments_are_named(call, argument):
    with pytest.raises(ValueError, match=f"^{argument}: expected"):
        call()


def test_torch_gives_the_same():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install torch")
    T = torch.as_tensor(X)
    for here, there in zip(principal_axes(X, 3), principal_axes(T, 3), strict=True):
        np.testing.assert_allclose(abs(here), abs(there.numpy()), atol=1e-10)
    mean, axes, _ = principal_axes(X, 3)
    np.testing.assert_allclose(project(T, torch.as_tensor(mean), torch.as_tensor(axes)).numpy(), project(X, mean, axes))
    angles = principal_angles(torch.as_tensor(X[:2]), torch.as_tensor(X[5:8]))
    np.testing.assert_allclose(angles.numpy(), principal_angles(X[:2], X[5:8]))
