"""Sections through a surface, and sharpness: closed forms."""

import numpy as np
import pytest

from nnlib import LogisticRegression, landscape


class Bowl:
    """F(w) = ½ Σ λ_i (w_i - c_i)²."""

    n = 1

    def __init__(self, curvatures, c):
        self.curvatures, self.c = np.asarray(curvatures, float), np.asarray(c, float)

    def F(self, w):
        return 0.5 * float(self.curvatures @ (w - self.c) ** 2)

    def grad(self, w):
        return self.curvatures * (w - self.c)

    def g(self, w, xi):
        return self.grad(w)


@pytest.mark.equation("section")
def test_a_section_of_a_bowl_is_a_parabola():
    bowl, alphas = Bowl([1, 4], [1, -1]), np.linspace(-1, 2, 7)
    w, v = bowl.c, np.array([3.0, 0.0])
    np.testing.assert_allclose(landscape.section(bowl, w, v, alphas), bowl.F(v) * alphas**2, atol=1e-15)
    np.testing.assert_allclose(landscape.section(bowl, v, w, [0, 1]), [bowl.F(v), 0])


@pytest.mark.equation("sharpness-box")
@pytest.mark.equation("sharpness")
@pytest.mark.parametrize("eps", [1e-3, 0.1, 2.0])
def test_a_minimizer_of_a_bowl_has_its_sharpness_in_closed_form(eps):
    rng = np.random.default_rng(0)
    bowl = Bowl(rng.uniform(0.1, 50, size=7), rng.standard_normal(7) * 3)
    exact = 100 * 0.5 * eps**2 * bowl.curvatures @ (abs(bowl.c) + 1) ** 2
    assert landscape.sharpness(bowl, bowl.c.copy(), eps, steps=2) == pytest.approx(exact)


def test_beside_the_minimizer_the_better_corner_counts_and_is_relative_to_F():
    bowl = Bowl([2.0], [0.0])
    w = np.array([1.0])  # F(w) = 1, box of half width 0.5 * 2
    assert landscape.sharpness(bowl, w, 0.5) == pytest.approx(100 * (4 - 1) / 2)


def test_no_step_goes_down_on_a_convex_function():
    rng = np.random.default_rng(1)
    X = rng.standard_normal((30, 5))
    risk = LogisticRegression(X, np.sign(X @ np.ones(5) + rng.standard_normal(30)), 0.01)
    w = rng.standard_normal(5)
    found = [landscape.sharpness(risk, w, 1.0, steps) for steps in range(1, 8)]
    assert found == sorted(found)
    corners = w + 1.0 * (abs(w) + 1) * (2.0 * np.array(np.meshgrid(*[[0, 1]] * 5)).reshape(5, -1).T - 1)
    best = max(risk.F(corner) for corner in corners)
    exact = 100 * (best - risk.F(w)) / (1 + risk.F(w))
    several = [landscape.sharpness(risk, w, 1.0, 7, seed) for seed in range(10)]
    assert max(several) == pytest.approx(exact)  # a search can stop in a lesser corner, and none is above the best
    assert min(several) > 0


def test_the_search_leaves_the_weights_alone_and_a_maximizer_is_flat():
    hill = Bowl([-1.0, -2.0], [0.5, 0.5])
    w = hill.c.copy()
    assert landscape.sharpness(hill, w, 0.1) == 0
    np.testing.assert_array_equal(w, hill.c)


def test_torch_arrays_stay_torch_arrays():
    torch = pytest.importorskip("torch")
    from toys import Quadratic

    at = Quadratic.c + 0.1
    here = landscape.sharpness(Quadratic(), at, 0.1)
    assert landscape.sharpness(Quadratic(), torch.tensor(at), 0.1) == pytest.approx(here)


@pytest.mark.parametrize(("eps", "steps"), [(0, 10), (-1, 10), (float("nan"), 10), (0.1, 0)])
def test_impossible_boxes_are_refused(eps, steps):
    with pytest.raises(ValueError, match=r"(eps|steps): expected"):
        landscape.sharpness(Bowl([1], [0]), np.zeros(1), eps, steps)
