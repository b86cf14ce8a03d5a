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
        """
def least_squares(w, X, y):
    n = len(y)
    F = sum((X[i] @ w - y[i])**2 for i in range(n)) / (2*n)
    g = np.einsum('ij,i->j', X, X @ w - y) / n
    return F, g
""",
        """
def least_squares(w, X, y):
    E = np.array([np.dot(x, w) - t for x, t in zip(X, y)])
    grads = E[:, None] * X
    return np.mean(E**2 / 2), np.mean(grads, axis=0)
""",
        """
def least_squares(w, X, y):
    y, w = y[:, None], w[:, None]
    r = X @ w - y
    return (r.T @ r).item() / 2 / len(X), (X.T @ r / len(X)).ravel()
""",
        """
def least_squares(w, X, y):
    n = len(X)
    r = np.matrix(X) * np.matrix(w).T - np.matrix(y).T
    return (r.T * r).item() / (2 * n), np.asarray(np.matrix(X).T * r).ravel() / n
""",
        """
def least_squares(w, X, y):
    n = len(y)
    H, b, c = X.T @ X / n, X.T @ y / n, y @ y / n
    return w @ H @ w / 2 - b @ w + c / 2, H @ w - b
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
        """
def logistic(w, X, y):
    m = y * (X @ w)
    return np.mean(np.logaddexp(0, -m)), np.mean([-c * x / (1 + np.exp(k)) for c, x, k in zip(y, X, m)], axis=0)
""",
        """
def logistic(w, X, y):
    m = y * (X @ w)
    F = np.mean(np.maximum(0, -m) + np.log1p(np.exp(-np.abs(m))))
    s = np.where(m >= 0, np.exp(-np.abs(m)), 1) / (1 + np.exp(-np.abs(m)))
    return F, -(s * y) @ X / len(y)
""",
        """
def logistic(w, X, y):
    m = y * X.dot(w)
    F = np.logaddexp(0, -m).mean()
    s = 1 - 1 / (1 + np.exp(-m))
    return F, (-(y * s)[:, None] * X).mean(0)
""",
        """
def logistic(w, X, y):
    a, t = X @ w, (y + 1) / 2
    F = np.mean(np.logaddexp(0, a) - t * a)
    p = np.exp(a - np.logaddexp(0, a))
    return F, X.T @ (p - t) / len(t)
""",
        """
def logistic(w, X, y):
    m = y * (X @ w)
    return np.mean(np.logaddexp(0, -m)), np.mean((-y / (1 + np.exp(m)))[:, None] * X, axis=0)
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
        """
def gradient_descent(objective, w, X, y, alphas):
    if len(alphas) == 0:
        return np.array([w])
    head = gradient_descent(objective, w, X, y, alphas[:-1])
    return np.vstack([head, head[-1] - alphas[-1] * objective(head[-1], X, y)[1]])
""",
        """
def gradient_descent(objective, w, X, y, alphas):
    out = [np.array(w)]
    k = 0
    while k < len(alphas):
        F, g = objective(out[k], X, y)
        out.append(np.subtract(out[k], np.multiply(alphas[k], g)))
        k += 1
    return out
""",
        """
def gradient_descent(objective, w, X, y, alphas):
    return list(itertools.accumulate(alphas, lambda v, a: v - a * objective(v, X, y)[1], initial=w))
""",
    ],
    "stable_rate": [
        "def stable_rate(X):\n    return 2 * len(X) / np.linalg.norm(X, 2) ** 2",
        "def stable_rate(X):\n    return 2 * len(X) / np.linalg.svd(X)[1][0] ** 2",
        "def stable_rate(X):\n    return 2 / max(np.linalg.eigvals(X.T.dot(X) / X.shape[0]).real)",
        """
def stable_rate(X):
    n = len(X)
    return 2 / np.linalg.norm(X.T @ X / n, ord=2)
""",
        """
def stable_rate(X):
    lam, V = np.linalg.eigh(np.einsum('ki,kj->ij', X, X) / len(X))
    return 2 / lam[-1]
""",
        """
def stable_rate(X):
    K = X @ X.T / X.shape[0]
    return float(2 / np.linalg.eigvalsh(K)[-1])
""",
        """
def stable_rate(X):
    H = X.T @ X / len(X)
    v = np.ones(len(H))
    M = H.copy()
    for _ in range(40):
        M = M @ M
        M /= np.abs(M).max()
    v = M @ (v + 0.1 * np.arange(len(v)))
    v /= np.linalg.norm(v)
    return 2 / (v @ H @ v)
""",
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
        """
def sgd(objective, w, X, y, indices, alphas):
    path = np.tile(w, (len(indices) + 1, 1))
    for k, (j, a) in enumerate(zip(indices, alphas)):
        path[k + 1] = path[k] - a * objective(path[k], X[j][None, :], np.array([y[j]]))[1]
    return path
""",
        """
def sgd(objective, w, X, y, indices, alphas):
    path = [w]
    for k in range(len(alphas)):
        j = indices[k]
        F, g = objective(path[k], X[j].reshape(1, -1), y[j].reshape(1))
        path += [path[k] - alphas[k] * g]
    return path
""",
        """
def sgd(objective, w, X, y, indices, alphas):
    path = [list(w)]
    for j, a in zip(list(indices), list(alphas)):
        j = int(j)
        _, g = objective(np.array(path[-1]), X[j:j + 1], y[j:j + 1])
        path.append([u - a * d for u, d in zip(path[-1], g)])
    return path
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
        """
def learning_rates(rule, values, T):
    rates = {
        "constant": lambda k, alpha: alpha,
        "harmonic": lambda k, beta, gamma: beta / (gamma + k),
        "step": lambda k, alpha, q, m: alpha * q ** ((k - 1) // m),
    }
    return np.array([rates[rule](k, *values) for k in range(1, T + 1)])
""",
        """
def learning_rates(rule, values, T):
    k = 1.0 + np.arange(T)
    if rule == 'constant':
        return values[0] * np.ones(T)
    if rule == 'harmonic':
        return values[0] * (values[1] + k) ** -1
    return values[0] * np.power(values[1], np.floor((k - 1) / values[2]))
""",
        """
def learning_rates(rule, values, T):
    if rule == 'step':
        a, q, m = values
        blocks = -(-T // m)
        return np.repeat([a * q**b for b in range(blocks)], m)[:T]
    if rule == 'harmonic':
        return np.divide(values[0], np.linspace(values[1] + 1, values[1] + T, T))
    return np.array(values * T)
""",
        """
def learning_rates(rule, values, T):
    if rule == "constant":
        return [values[0] for _ in range(T)]
    if rule == "harmonic":
        return [values[0] / (values[1] + k) for k in range(1, T + 1)]
    a, q, m = values
    out = []
    for k in range(T):
        if k and k % m == 0:
            a *= q
        out.append(a)
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
        """
def epoch_batches(order, size):
    out = []
    for i, j in enumerate(order):
        if i % size == 0:
            out.append([])
        out[-1].append(j)
    return [np.array(b) for b in out]
""",
        """
def epoch_batches(order, size):
    n = len(order)
    full = n // size
    out = [order[k*size:(k+1)*size] for k in range(full)]
    if n % size:
        out.append(order[full*size:])
    return out
""",
        """
def epoch_batches(order, size):
    o = [int(i) for i in order]
    return [o[i:i + size] for i in range(0, len(o), size)]
""",
        """
def epoch_batches(order, size):
    return tuple(np.split(order, range(size, len(order), size)))
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
        """
def minibatch_sgd(objective, w, X, y, batches, alphas):
    path = np.zeros((len(batches) + 1, len(w)), dtype=w.dtype)
    path[0] = w
    for k, J in enumerate(batches):
        J = np.asarray(J)
        path[k+1] = path[k] - alphas[k] * objective(path[k], X.take(J, axis=0), y.take(J))[1]
    return path
""",
        """
def minibatch_sgd(objective, w, X, y, batches, alphas):
    path, w = [w], w.copy()
    for J, a in zip(batches, alphas):
        w -= a * np.mean([objective(w, X[j:j+1], y[j:j+1])[1] for j in J], axis=0)
        path.append(w.copy())
    return path
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
        """
def batch_variance(G, size, replacement):
    n, p = G.shape
    C = np.cov(G.T, bias=True).reshape(p, p)
    V = np.trace(C) / size
    return V if replacement else V * (n - size) / (n - 1)
""",
        """
def batch_variance(G, size, replacement):
    m = sum(G) / len(G)
    S2 = sum(float((g - m) @ (g - m)) for g in G) / len(G)
    f = 1 if replacement else (len(G) - size) / (len(G) - 1)
    return f * S2 / size
""",
        """
def batch_variance(G, size, replacement):
    n = len(G)
    m = G.sum(axis=0) / n
    S2 = (G * G).sum() / n - m @ m
    return S2 / size * (1 if replacement else (n - size) / (n - 1))
""",
    ],
}

# wrong, and no declared mistake: each does what a sentence of its task excludes
WRONG = {
    "least_squares": [
        """
def least_squares(w, X, y):
    y -= X @ w  # the caller's targets
    return np.mean(y**2) / 2, -X.T @ y / len(X)
""",
        """
def least_squares(w, X, y):
    r = X @ w - y
    return np.mean(r**2) / 2, np.round(X.T @ r / len(X), 2)
""",
    ],
    "logistic": [
        """
def logistic(w, X, y):
    X *= y[:, None]  # the caller's inputs
    m = X @ w
    return np.mean(np.logaddexp(0, -m)), -X.T @ np.exp(-np.logaddexp(0, m)) / len(X)
""",
        """
def logistic(w, X, y):
    m = y * (X @ w)
    F = np.mean(np.where(m > -100, np.logaddexp(0, -m), 100))
    return F, -X.T @ (y * np.exp(-np.logaddexp(0, m))) / len(X)
""",
    ],
    "gradient_descent": [
        """
def gradient_descent(objective, w, X, y, alphas):
    path = [w.copy()]
    for alpha in alphas:
        w -= alpha * objective(w, X, y)[1]  # the caller's start
        path.append(w.copy())
    return np.array(path)
""",
        """
def gradient_descent(objective, w, X, y, alphas):
    path = [w]
    for alpha in alphas:
        path.append(path[-1] - alpha * objective(path[-1], X[:-1], y[:-1])[1])
    return np.array(path)
""",
    ],
    "stable_rate": [
        """
def stable_rate(X):
    X /= np.sqrt(len(X))  # the caller's inputs
    return 2 / np.linalg.norm(X, 2) ** 2
""",
        """
def stable_rate(X):
    return 2 / np.linalg.eigvals(X.T @ X / len(X)).real[0]
""",
    ],
    "sgd": [
        """
def sgd(objective, w, X, y, indices, alphas):
    path = [w.copy()]
    for j, alpha in zip(indices, alphas):
        w -= alpha * objective(w, X[[j]], y[[j]])[1]  # the caller's start
        path.append(w.copy())
    return np.array(path)
""",
        """
def sgd(objective, w, X, y, indices, alphas):
    rng, path = np.random.default_rng(0), [w]
    for alpha in alphas:
        j = rng.integers(len(X))  # draws by itself
        path.append(path[-1] - alpha * objective(path[-1], X[[j]], y[[j]])[1])
    return np.array(path)
""",
    ],
    "learning_rates": [
        """
def learning_rates(rule, values, T):
    k = np.arange(1, T + 1)
    if rule == "constant":
        return np.full(T, values[0])
    if rule == "harmonic":
        return values[0] / (values[1] + k)
    return values[0] * values[1] ** np.round((k - 1) / values[2])
""",
        """
def learning_rates(rule, values, T):
    k = np.arange(1, T + 1)
    if rule == "constant":
        return np.full(T, values[0])
    if rule == "harmonic":
        return values[0] / np.sqrt(values[1] + k)
    return values[0] * values[1] ** ((k - 1) // values[2])
""",
    ],
    "epoch_batches": [
        """
def epoch_batches(order, size):
    return np.split(order, len(order) // size)
""",
        """
def epoch_batches(order, size):
    order = np.random.default_rng(0).permutation(order)  # shuffled again
    return [order[i : i + size] for i in range(0, len(order), size)]
""",
        """
def epoch_batches(order, size):
    n = len(order)
    order.sort()  # the caller's permutation
    return [order[i : i + size] for i in range(0, n, size)]
""",
    ],
    "minibatch_sgd": [
        """
def minibatch_sgd(objective, w, X, y, batches, alphas):
    path = [w.copy()]
    for J, alpha in zip(batches, alphas):
        w -= alpha * objective(w, X[J], y[J])[1]  # the caller's start
        path.append(w.copy())
    return np.array(path)
""",
        """
def minibatch_sgd(objective, w, X, y, batches, alphas):
    path = [w]
    for J, alpha in zip(batches, alphas):
        J = np.unique(J)[: max(1, len(J) - 1)]  # loses an observation
        path.append(path[-1] - alpha * objective(path[-1], X[J], y[J])[1])
    return np.array(path)
""",
    ],
    "batch_variance": [
        """
def batch_variance(G, size, replacement):
    G -= G.mean(axis=0)  # the caller's gradients
    S2, n = np.sum(G**2) / len(G), len(G)
    return S2 / size if replacement else S2 / size * (n - size) / (n - 1)
""",
        """
def batch_variance(G, size, replacement):
    rng, mean = np.random.default_rng(0), G.mean(axis=0)
    draws = (rng.choice(len(G), size, replace=replacement) for _ in range(500))  # tried out, not computed
    return np.mean([np.sum((G[J].mean(axis=0) - mean) ** 2) for J in draws])
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
            "the gradient for several: .*",
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

# items where each mistake costs all points, and why that is fair
ALL_OR_NOTHING = {}

# lines of solutions that say nothing, because they stand in given code too
PLAIN = set()
