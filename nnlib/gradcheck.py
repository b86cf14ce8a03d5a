"""Compare a hand-written gradient with difference quotients."""

from collections.abc import Callable

import numpy as np

from .backend import Array, to_numpy
from .validation import function, keywords, positive, seeded, shown, whole

__all__ = ["check_gradient"]


@keywords
def check_gradient(
    F: Callable[[Array], float],
    grad: Callable[[Array], Array],
    w: Array,
    eps: float | None = None,
    coordinates: int | None = None,
    seed: int = 0,
) -> float:
    """Relative error ‖g - d‖ / max(‖g‖, ‖d‖) between g = ∇F(w) and the central differences d.

    d_i = (F(w + ε e_i) - F(w - ε e_i)) / (2 ε), equation central-difference. Its error is about ε² F''' / 6 from
    the cut Taylor series plus u |F| / ε from rounding (u: the dtype's unit roundoff); the sum is least near
    ε = u^(1/3), the default.
    In float64, 1e-7 or less means that the gradient is right at this w; 1e-3 or more, that it is wrong or that w is
    special: at a minimum g and d are rounding noise, and at the kink of a ReLU there is no derivative. A mistake can be
    invisible at a special w too, as h' forgotten where all ReLUs are active: try several that are drawn at random.

    Parameters
    ----------
    F, grad : callable
        F(w) -> float and grad(w) -> array (p,).
    w : array (p,)
        Where to compare; it is not changed.
    eps : float, optional
        The difference step ε.
    coordinates : int, optional
        Compare only so many coordinates, drawn with `seed`; all of them by default. A draw can miss every bias.

    Returns
    -------
    float
        The relative error; 0 where both are zero, NaN, which is below no bound, where one of them is not finite.

    Raises
    ------
    ValueError
        The gradient has another shape than `w`, or `w` is not floating point.
    """
    function("F", F, "a function of w, as risk.F")
    function("grad", grad, "a function of w, as risk.grad")
    base = to_numpy(w)
    if base.ndim != 1 or base.size == 0 or not hasattr(w, "shape"):
        raise ValueError(f"w: expected a vector of floating-point numbers, got {shown(w)}")
    if base.dtype.kind != "f":
        raise ValueError(f"w: expected floating-point numbers, got dtype {base.dtype}")
    eps = float(np.finfo(base.dtype).eps) ** (1 / 3) if eps is None else positive("eps", eps)
    if coordinates is not None:
        coordinates = whole("coordinates", coordinates)  # none of them would agree with anything
    g = to_numpy(grad(w))
    if g.shape != base.shape:
        raise ValueError(f"grad(w): expected the shape of w, {base.shape}, got {g.shape}")
    p = base.size
    chosen = range(p) if coordinates is None or coordinates >= p else seeded(seed).choice(p, coordinates, replace=False)

    v = w + 0  # a copy, in either library
    d = np.empty(len(chosen))
    for row, i in enumerate(chosen):
        here = float(v[i])
        v[i] = here + eps
        up, high = float(v[i]), float(F(v))
        v[i] = here - eps
        down, low = float(v[i]), float(F(v))
        v[i] = here
        d[row] = (high - low) / (up - down)  # the step that was really taken, after rounding
    g = g[list(chosen)].astype(np.float64)
    scale = max(np.linalg.norm(g), np.linalg.norm(d))
    return 0.0 if scale == 0 else float(np.linalg.norm(g - d) / scale)
