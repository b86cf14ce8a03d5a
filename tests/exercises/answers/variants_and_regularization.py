"""Right solutions of `variants-and-regularization` in other words, and solutions that leave the work to a library."""

# right, by other ways: loops, in place, other orders of summation
RIGHT = {
    "momentum_step": [
        """
def momentum_step(w, v, g, alpha, mu):
    v *= mu
    v -= alpha * g
    w += v
    return w, v
""",
    ],
    "adam_step": [
        """
def adam_step(w, m, r, g, k, alpha, b1=0.9, b2=0.999, eps=1e-8):
    m = m + (1 - b1) * (g - m)
    r = r + (1 - b2) * (g * g - r)
    s = np.sqrt(1 - b2**k)
    return w - alpha * s / (1 - b1**k) * m / (np.sqrt(r) + s * eps), m, r
""",
        """
def adam_step(w, m, r, g, k, alpha, b1=0.9, b2=0.999, eps=1e-8):
    new = [np.empty_like(w) for _ in range(3)]
    for j in np.ndindex(*w.shape):
        new[1][j] = b1 * m[j] + (1 - b1) * g[j]
        new[2][j] = b2 * r[j] + (1 - b2) * g[j] ** 2
        new[0][j] = w[j] - alpha * (new[1][j] / (1 - b1**k)) / (np.sqrt(new[2][j] / (1 - b2**k)) + eps)
    return new
""",
    ],
    "svrg": [
        """
def svrg(w, X, y, alpha, draws):
    grad = np.mean((X @ w - y)[:, None] * X, axis=0)
    moving = w.copy()
    for i in draws:
        moving -= alpha * (X[i] * np.dot(X[i], moving - w) + grad)
    return moving
""",
        """
def svrg(w, X, y, alpha, draws):
    single = [(x @ w - t) * x for x, t in zip(X, y)]
    grad = sum(single) / len(single)
    moving = np.array(w)
    for i in draws:
        moving = moving - alpha * ((X[i] @ moving - y[i]) * X[i] - single[i] + grad)
    return list(moving)
""",
    ],
    "dropout": [
        """
def dropout(z, p, u):
    m = np.where(u < p, 0.0, 1 / (1 - p))
    return np.where(u < p, 0, z / (1 - p)), m
""",
    ],
    "dropout_gradient": [
        """
def dropout_gradient(betas, X, Y, p, u):
    g = [np.zeros(beta.shape) for beta in betas]
    for x, y, row in zip(X, Y, u):
        z = np.tanh(betas[0] @ np.r_[1, x])
        m = (row >= p) / (1 - p)
        delta = betas[1] @ np.r_[1, z * m] - y
        g[1] += np.outer(delta, np.r_[1, z * m])
        g[0] += np.outer((delta @ betas[1])[1:] * m / np.cosh(betas[0] @ np.r_[1, x]) ** 2, np.r_[1, x])
    return tuple(each / len(X) for each in g)
""",
    ],
    "l2_gradient": [
        """
def l2_gradient(betas, g, lam):
    return [d + 2 * lam * beta * (np.arange(beta.shape[1]) > 0) for beta, d in zip(betas, g)]
""",
        """
def l2_gradient(betas, g, lam):
    for beta, d in zip(betas, g):
        d[:, 1:] += lam * (beta + beta)[:, 1:]
    return g
""",
    ],
    "soft_threshold": [
        "def soft_threshold(u, tau):\n    return u - np.clip(u, -tau, tau)",
        "def soft_threshold(u, tau):\n    return np.maximum(u - tau, 0) - np.maximum(-u - tau, 0)",
    ],
    "ista": [
        """
def ista(beta, X, y, alpha, lam, k):
    bias, weights = beta[0], beta[1:]
    for _ in range(k):
        wrong = bias + X @ weights - y
        bias, weights = bias - alpha * wrong.mean(), weights - alpha * X.T @ wrong / len(X)
        weights = np.sign(weights) * np.maximum(np.abs(weights) - lam * alpha, 0)
    return np.r_[bias, weights]
""",
    ],
    "folds": [
        """
def folds(order, k):
    order, n = list(order), len(order)
    sizes = [n // k + (r < n % k) for r in range(k)]
    starts = [sum(sizes[:r]) for r in range(k)]
    cut = [order[a : a + size] for a, size in zip(starts, sizes)]
    return [([i for i in order if i not in held], held) for held in cut]
""",
        "def folds(order, k):\n    return [(np.setdiff1d(order, J), J) for J in np.array_split(order, k)]",
    ],
    "cross_validate": [
        """
def cross_validate(X, y, lams, pairs):
    table = np.zeros((len(pairs), len(lams)))
    for r, (train, held) in enumerate(pairs):
        for j, lam in enumerate(lams):
            middle, spread = X[train].mean(axis=0), y[train].mean()
            A = X[train] - middle
            slope = np.linalg.solve(A.T @ A + 2 * lam * len(A) * np.eye(A.shape[1]), A.T @ (y[train] - spread))
            wrong = spread + (X[held] - middle) @ slope - y[held]
            table[r, j] = 0.5 * wrong @ wrong / len(held)
    cv = table.mean(axis=0)
    return list(cv), sorted(zip(cv, lams))[0][1]
""",
    ],
}

# the library does it
BORROWED = {
    "momentum_step": [
        """
def momentum_step(w, v, g, alpha, mu):
    from nnlib import Momentum
    optimizer = Momentum(alpha, mu)
    optimizer.start(w)
    optimizer.state[0][:] = v
    optimizer.step(w, g)
    return w, optimizer.state[0]
""",
    ],
    "adam_step": [
        """
def adam_step(w, m, r, g, k, alpha, b1=0.9, b2=0.999, eps=1e-8):
    import torch
    weights = torch.tensor(w, requires_grad=True)
    weights.grad = torch.tensor(g)
    optimizer = torch.optim.Adam([weights], alpha, (b1, b2), eps)
    optimizer.step()
    state = optimizer.state[weights]
    return weights.detach().numpy(), state["exp_avg"].numpy(), state["exp_avg_sq"].numpy()
""",
    ],
    "soft_threshold": ["import nnlib\n\ndef soft_threshold(u, tau):\n    return nnlib.L1(1.0).prox(u, tau)"],
    "folds": [
        """
def folds(order, k):
    from sklearn.model_selection import KFold
    return [(order[train], order[held]) for train, held in KFold(k).split(order)]
""",
    ],
}

# right values by another way than the task asks for: what is said of it, the source, and the points that are left
_DROPPED = """
def dropout_gradient(betas, X, Y, p, u):
    g = [np.zeros(beta.shape) for beta in betas]
    for l, beta in enumerate(betas):
        for index in np.ndindex(*beta.shape):
            F = []
            for step in STEPS:
                new = [each + 0 * step for each in betas]
                new[l][index] += step
                z = np.tanh(X @ new[0][:, 1:].T + new[0][:, 0])
                sent = SENT
                F.append(np.sum((sent @ new[1][:, 1:].T + new[1][:, 0] - Y) ** 2) / 2 / len(X))
            g[l][index] = TAKE
    return g
"""
DETOURS = {
    "dropout_gradient": [
        (
            "computes with complex numbers; the task asks for the derivative as a formula",
            _DROPPED.replace("STEPS", "[1e-30j]")
            .replace("TAKE", "F[0].imag / 1e-30")
            .replace("SENT", "z * (u >= p) / (1 - p)"),
        ),
        (
            r"dropout_gradient called dropout \d+ times; the task asks for the derivative as a formula",
            _DROPPED.replace("STEPS", "(1.0, -1.0)")
            .replace("TAKE", "(F[0] - F[1]) / 2")
            .replace("SENT", "dropout(z, p, u)[0]"),
        ),
        (  # F is quadratic in the second layer's weights, so that these quotients have no error but rounding
            "the output layer: entry .* is off",
            _DROPPED.replace("STEPS", "(1.0, -1.0)")
            .replace("TAKE", "(F[0] - F[1]) / 2")
            .replace("SENT", "z * (u >= p) / (1 - p)"),
        ),
    ],
}

# mistakes that cannot run at all in the visible check: Python tells, in the student's own line
SHAPES_CLASH = set()

# items where each mistake costs all points, and why that is fair
ALL_OR_NOTHING = {}

# lines of solutions that say nothing, because they stand in given code too
PLAIN = set()
