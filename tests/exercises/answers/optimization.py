"""Right solutions of `optimization` in other words, and solutions that leave the work to a library."""

# right, by other ways: loops, other orders of summation, lists, in place
RIGHT = {
    "least_squares": [
        """
def least_squares(w, X, y):
    F, g = 0.0, np.zeros(len(w))
    for x, target in zip(X, y):
        r = x @ w - target
        F += r**2 / 2
        g += r * x
    return [F / len(y), g / len(y)]
""",
        """
def least_squares(w, X, y):
    n = X.shape[0]
    H, b = X.T @ X / n, X.T @ y / n
    return np.linalg.norm(y - X @ w) ** 2 / (2 * n), H @ w - b
""",
    ],
    "logistic": [
        """
def logistic(w, X, y):
    F, g = 0.0, np.zeros(len(w))
    for x, c in zip(X, y):
        m = float(c * (x @ w))
        if m > 0:
            e = np.exp(-m)
            F, s = F + np.log1p(e), e / (1 + e)
        else:
            e = np.exp(m)
            F, s = F - m + np.log1p(e), 1 / (1 + e)
        g = g - c * s * x
    return F / len(X), g / len(X)
""",
        """
def logistic(w, X, y):
    m = np.einsum("i,ij,j->i", y, X, w)
    E = np.log1p(np.exp(-abs(m))) + np.where(m < 0, -m, 0)
    return E.sum() / len(y), -(y * (1 - np.tanh(m / 2)) / 2) @ X / len(y)
""",
    ],
    "gradient_descent": [
        """
def gradient_descent(objective, w, X, y, alphas):
    path = np.empty((len(alphas) + 1, len(w)))
    path[0] = w
    for k in range(len(alphas)):
        path[k + 1] = path[k] - alphas[k] * objective(path[k], X, y)[1]
    return path
""",
        """
def gradient_descent(objective, w, X, y, alphas):
    w, path = w.copy(), [list(w)]
    for alpha in alphas:
        w -= alpha * objective(w, X, y)[1]
        path.append(list(w))
    return path
""",
    ],
    "stable_rate": [
        "def stable_rate(X):\n    return 2 * len(X) / np.linalg.norm(X, 2) ** 2",
        "def stable_rate(X):\n    return 2 * len(X) / np.linalg.svd(X)[1][0] ** 2",
        "def stable_rate(X):\n    return 2 / max(np.linalg.eigvals(X.T.dot(X) / X.shape[0]).real)",
    ],
    "sgd": [
        """
def sgd(objective, w, X, y, indices, alphas):
    rows = [np.array(w)]
    for k, j in enumerate(indices):
        here = rows[k]
        rows.append(here - alphas[k] * objective(here, X[j : j + 1], y[j : j + 1])[1])
    return np.vstack(rows)
""",
    ],
    "learning_rates": [
        """
def learning_rates(rule, values, T):
    if rule == "constant":
        return [values[0] for _ in range(T)]
    if rule == "harmonic":
        return [values[0] / (values[1] + k) for k in range(1, T + 1)]
    out, alpha = [], values[0]
    for k in range(1, T + 1):
        out.append(alpha)
        if k % values[2] == 0:
            alpha *= values[1]
    return out
""",
    ],
    "epoch_batches": [
        """
def epoch_batches(order, size):
    return np.split(order, range(size, len(order), size))
""",
        """
def epoch_batches(order, size):
    order, out = list(order), []
    while order:
        out.append(order[:size])
        order = order[size:]
    return out
""",
    ],
    "minibatch_sgd": [
        """
def minibatch_sgd(objective, w, X, y, batches, alphas):
    path = [1.0 * w]
    for J, alpha in zip(batches, alphas):
        total = sum(objective(path[-1], X[[j]], y[[j]])[1] for j in J)
        path = path + [path[-1] - alpha / len(J) * total]
    return np.stack(path)
""",
    ],
    "batch_variance": [
        """
def batch_variance(G, size, replacement):
    n = len(G)
    S2 = np.var(G, axis=0).sum()
    return S2 / size * (1 if replacement else 1 - (size - 1) / (n - 1))
""",
        """
def batch_variance(G, size, replacement):
    n, total = len(G), 0.0
    for i in range(n):
        for j in range(n):
            total += np.sum((G[i] - G[j]) ** 2) / (2 * n**2)
    return total / size if replacement else total * (n - size) / (size * (n - 1))
""",
    ],
}

# the library does it
BORROWED = {
    "least_squares": [
        """
def least_squares(w, X, y):
    import nnlib
    objective = nnlib.LeastSquares(X, y)
    return objective.F(w), objective.grad(w)
""",
    ],
    "logistic": [
        """
def logistic(w, X, y):
    from scipy.special import expit
    m = y * (X @ w)
    return np.logaddexp(0, -m).mean(), X.T @ (-y * expit(-m)) / len(X)
""",
    ],
    "stable_rate": [
        """
def stable_rate(X):
    import scipy.linalg
    return 2 * len(X) / scipy.linalg.svdvals(X)[0] ** 2
""",
    ],
    "epoch_batches": [
        """
def epoch_batches(order, size):
    from torch.utils.data import BatchSampler
    return [np.array(batch) for batch in BatchSampler(order, size, False)]
""",
    ],
}

# right values by another way than the task asks for: what is said of it, the source, and the points that are left
DETOURS = {
    "least_squares": [
        (
            "least_squares computes with complex numbers; the task asks for the derivative as a formula",
            """
def least_squares(w, X, y):
    def F(w):
        return np.mean((X @ w - y) ** 2) / 2
    return F(w), np.array([F(w + step).imag / 1e-30 for step in 1e-30j * np.eye(len(w))])
""",
        ),
        (  # F is quadratic, so that these quotients have no error but rounding
            "several observations: the gradient: entry .* is off",
            """
def least_squares(w, X, y):
    def F(w):
        return np.mean((X @ w - y) ** 2) / 2
    return F(w), np.array([(F(w + step) - F(w - step)) / 2 for step in np.eye(len(w))])
""",
            1,
        ),
    ],
    "logistic": [
        (
            "logistic computes with complex numbers; the task asks for the derivative as a formula",
            """
def logistic(w, X, y):
    def F(w):
        m = y * (X @ w)
        return np.mean(np.where(m.real > 0, np.log(1 + np.exp(-m)), np.log(1 + np.exp(m)) - m))
    return F(w), np.array([F(w + step).imag / 1e-30 for step in 1e-30j * np.eye(len(w))])
""",
        ),
    ],
    "minibatch_sgd": [
        (
            "the steps of the path do not follow the gradients: the task asks for a step for each batch",
            """
def minibatch_sgd(objective, w, X, y, batches, alphas):
    path = [w]
    for _ in batches:  # Newton's method
        m = y * (X @ path[-1])
        s = np.exp(-np.logaddexp(0, m) - np.logaddexp(0, -m))
        H = (X.T * s) @ X / len(X) + 1e-9 * np.eye(len(w))
        path.append(path[-1] - np.linalg.solve(H, objective(path[-1], X, y)[1]))
    return np.array(path)
""",
        ),
    ],
}

# mistakes that cannot run at all in the visible check: Python tells, in the student's own line

# items where each mistake costs all points, and why that is fair
ALL_OR_NOTHING = {}

# lines of solutions that say nothing, because they stand in given code too
PLAIN = set()
