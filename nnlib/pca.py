"""Principal components: the best linear codes, against which an autoencoder is measured."""

from typing import NamedTuple

from .backend import Array, namespace
from .validation import keywords, matrix, vector, whole

__all__ = ["Principal", "principal_angles", "principal_axes", "project", "reconstruction_error"]


class Principal(NamedTuple):
    """What `principal_axes` found; it unpacks as ``mean, axes, eigenvalues``."""

    mean: Array
    """x̄, shape (p,)."""
    axes: Array
    """v_1, ..., v_k as rows, shape (k, p): orthonormal, each with an arbitrary sign."""
    eigenvalues: Array
    """λ_1 ≥ ... ≥ λ_p ≥ 0, all of them, shape (p,): the variance of the data along each axis."""


@keywords
def principal_axes(X: Array, k: int) -> Principal:
    """The eigenvectors v_j of C = (1/n) Σ_i (x_i - x̄)(x_i - x̄)ᵀ with the k largest eigenvalues λ_j.

    This is equation principal-axes. On the same X, the mean squared error of `project` is λ_{k+1} + ... + λ_p
    (equation pca-error).

    Parameters
    ----------
    X : array (n, p)
        An observation in each row.
    k : int
        Axes that are kept, 0 to p; with none, every reconstruction is the mean.

    Returns
    -------
    Principal
        mean (p,), axes (k, p), eigenvalues (p,).

    Raises
    ------
    ValueError
        X is no matrix of at least one row, or k is out of its range.
    """
    X = matrix("X", X)
    n, p = X.shape
    k = whole("k", k, 0, p, f"0 to {p}, the number of columns of X")
    xp = namespace(X)
    mean = X.mean(axis=0)
    centred = X - mean
    eigenvalues, vectors = xp.linalg.eigh(centred.T @ centred / n)  # ascending, vectors in columns
    order = xp.arange(p - 1, -1, -1)
    return Principal(mean, vectors.T[order[:k]], eigenvalues[order].clip(min=0))


def project(X: Array, mean: Array, axes: Array) -> Array:
    """x̂ = x̄ + Σ_j v_j v_jᵀ (x - x̄) for each row of X, the nearest point on the plane (equation pca-reconstruction).

    Parameters
    ----------
    X : array (n, p)
    mean : array (p,)
    axes : array (k, p)
        Orthonormal rows.

    Raises
    ------
    ValueError
        The shapes do not fit together.
    """
    X = matrix("X", X)
    mean, axes = vector("mean", mean, X.shape[1]), matrix("axes", axes, X.shape[1], least=0)
    return mean + (X - mean) @ axes.T @ axes


def reconstruction_error(X: Array, Xhat: Array) -> Array:
    """‖x̂_i - x_i‖² for each row, summed over the p columns: shape (n,) (equation reconstruction-error).

    The unit of Hinton & Salakhutdinov (2006): for images, squared grey values per image. It is twice the error of
    `SumOfSquares`, and p times the mean squared error per pixel.

    Raises
    ------
    ValueError
        The shapes differ, or are not (n, p).
    """
    X, Xhat = matrix("X", X), matrix("Xhat", Xhat)
    if tuple(Xhat.shape) != tuple(X.shape):
        raise ValueError(f"Xhat: expected shape {tuple(X.shape)}, that of X, got {tuple(Xhat.shape)}")
    return ((Xhat - X) ** 2).sum(axis=1)


def principal_angles(A: Array, B: Array) -> Array:
    """The angles 0 ≤ θ_1 ≤ ... ≤ π/2 between the subspaces that the rows of A and of B span, in radians.

    With orthonormal bases in the rows of Q_A and Q_B, the cos θ_j are the singular values of Q_A Q_Bᵀ. This is
    equation principal-angles. A cosine near 1 says little about a small angle. So the sines are taken as well, the
    singular values of Q_B - Q_B Q_Aᵀ Q_A, and θ_j = atan2(sin θ_j, cos θ_j) (Björck & Golub 1973).

    Parameters
    ----------
    A, B : array (k, p), array (m, p)
        The rows of each must be linearly independent, so k, m ≤ p. They need not be orthonormal.

    Returns
    -------
    array (min(k, m),)

    Raises
    ------
    ValueError
        Not two matrices with the same number of columns, or rows that are dependent.
    """
    A = matrix("A", A)
    B = matrix("B", B, A.shape[1])
    if len(A) < len(B):
        A, B = B, A
        Q_B, Q_A = _orthonormal("A", B), _orthonormal("B", A)
    else:
        Q_A, Q_B = _orthonormal("A", A), _orthonormal("B", B)
    xp = namespace(A)
    cosines = xp.linalg.svdvals(Q_B @ Q_A.T)  # descending
    sines = xp.flip(xp.linalg.svdvals(Q_B - Q_B @ Q_A.T @ Q_A), (0,))  # ascending
    return xp.arctan2(sines, cosines)


def _orthonormal(name: str, A: Array) -> Array:
    """An orthonormal basis of the space that the rows span, as rows."""
    xp = namespace(A)
    if A.shape[0] <= A.shape[1]:
        _, s, rows = xp.linalg.svd(A, full_matrices=False)
        if s[-1] > float(xp.finfo(A.dtype).eps) * A.shape[1] * s[0]:
            return rows
    raise ValueError(f"{name}: expected linearly independent rows, got {A.shape[0]} rows of smaller rank")
