"""Right solutions of `variants-and-regularization` in other words, and solutions that leave the work to a library."""

# right, by other ways: loops, in place, other orders of summation
RIGHT = {
    "momentum_step": [
        """
def momentum_step(w, v, g, alpha, mu):
    w, v = w.copy(), np.array(v)
    v *= mu
    v -= alpha * g
    w += v
    return [w, v]
""",
        """
def momentum_step(w, v, g, alpha, mu):
    new = np.empty(w.shape), np.empty(w.shape)
    for j in np.ndindex(w.shape):
        new[1][j] = -(alpha * g[j] - mu * v[j])
        new[0][j] = w[j] + new[1][j]
    return new
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
        """
def dropout(z, p, u):
    factors = [[0.0 if chance < p else 1 / (1 - p) for chance in row] for row in u]
    return [[number * factor for number, factor in zip(*rows)] for rows in zip(z, factors)], factors
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
        """
def dropout_gradient(betas, X, Y, p, u):
    n = len(X)
    A = np.c_[np.ones(n), X]
    z = np.tanh(np.einsum("ns,ts->nt", A, betas[0]))
    sent, m = dropout(z, p, u)
    S = np.c_[np.ones(n), sent]
    delta = (S @ betas[1].T - Y) / n
    back = np.delete(delta @ betas[1], 0, axis=1) * m
    return [(back - back * z * z).T @ A, delta.T @ S]
""",
    ],
    "l2_gradient": [
        """
def l2_gradient(betas, g, lam):
    return [d + 2 * lam * beta * (np.arange(beta.shape[1]) > 0) for beta, d in zip(betas, g)]
""",
        """
def l2_gradient(betas, g, lam):
    g = [d.copy() for d in g]
    for beta, d in zip(betas, g):
        d[:, 1:] += lam * (beta + beta)[:, 1:]
    return g
""",
        """
def l2_gradient(betas, g, lam):
    return [np.hstack([d[:, :1], d[:, 1:] + 2 * lam * beta[:, 1:]]) for beta, d in zip(betas, g)]
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
        """
def ista(beta, X, y, alpha, lam, k):
    n, p = X.shape
    while k > 0:
        wrong = [beta[0] + sum(beta[1 + s] * X[i, s] for s in range(p)) - y[i] for i in range(n)]
        new = [beta[0] - alpha * sum(wrong) / n]
        for s in range(p):
            u = beta[1 + s] - alpha * sum(wrong[i] * X[i, s] for i in range(n)) / n
            new.append(max(u - alpha * lam, 0) + min(u + alpha * lam, 0))
        beta, k = new, k - 1
    return beta
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
        """
def cross_validate(X, y, lams, pairs):
    def error(lam, train, held):
        beta = ridge(X[train], y[train], lam)
        return sum((y[i] - beta[0] - np.dot(X[i], beta[1:])) ** 2 for i in held) / (2 * len(held))
    cv = {lam: sum(error(lam, *pair) for pair in pairs) / len(pairs) for lam in lams}
    return [cv[lam] for lam in lams], min(cv, key=cv.get)
""",
    ],
}

# plausible, wrong, and no declared mistake: each violates something that the task states
WRONG = {
    "momentum_step": [
        "def momentum_step(w, v, g, alpha, mu):\n    v = mu * (v - alpha * g)\n    return w + v, v",
        "def momentum_step(w, v, g, alpha, mu):\n    v = mu * v - alpha * g\n    return w + v - alpha * g, v",
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
    m = b1 * m + (1 - b1) * g
    r = b2 * r + (1 - b2) * np.mean(g**2)
    return w - alpha * m / (1 - b1**k) / (np.sqrt(r / (1 - b2**k)) + eps), m, r
""",
        """
def adam_step(w, m, r, g, k, alpha, b1=0.9, b2=0.999, eps=1e-8):
    m = b1 * m + g
    r = b2 * r + g**2
    return w - alpha * m / (1 - b1**k) / (np.sqrt(r / (1 - b2**k)) + eps), m, r
""",
        """
def adam_step(w, m, r, g, k, alpha, b1=0.9, b2=0.999, eps=1e-8):
    m *= b1
    m += (1 - b1) * g
    r *= b2
    r += (1 - b2) * g**2
    return w - alpha * m / (1 - b1**k) / (np.sqrt(r / (1 - b2**k)) + eps), m, r
""",
        """
def adam_step(w, m, r, g, k, alpha, b1=0.9, b2=0.999, eps=1e-8):
    m = 0.9 * m + 0.1 * g
    r = 0.999 * r + 0.001 * g**2
    return w - alpha * m / (1 - 0.9**k) / (np.sqrt(r / (1 - 0.999**k)) + eps), m, r
""",
    ],
    "svrg": [
        """
def svrg(w, X, y, alpha, draws):
    grad = X.T @ (X @ w - y) / len(X)
    moving = w
    for i in draws:
        here = (X[i] @ moving - y[i]) * X[i]
        there = (X[i] @ w - y[i]) * X[i]
        moving = moving - alpha * (here - there)
    return moving - alpha * grad
""",
        """
def svrg(w, X, y, alpha, draws):
    grad = X.T @ (X @ w - y) / len(X)
    moving, path = w, []
    for i in draws:
        moving = moving - alpha * ((X[i] @ (moving - w)) * X[i] + grad)
        path.append(moving)
    return np.mean(path, axis=0)
""",
        """
def svrg(w, X, y, alpha, draws):
    grad = sum((X[i] @ w - y[i]) * X[i] for i in draws) / len(draws)
    moving = w
    for i in draws:
        moving = moving - alpha * ((X[i] @ (moving - w)) * X[i] + grad)
    return moving
""",
    ],
    "dropout": [
        """
def dropout(z, p, u):
    factors = (u >= p) / np.mean(u >= p)
    return z * factors, factors
""",
        """
def dropout(z, p, u):
    factors = (u >= p) / (1 - p)
    z *= factors
    return z, factors
""",
    ],
    "dropout_gradient": [
        """
def dropout_gradient(betas, X, Y, p, u):
    z = np.tanh(betas[0][:, 0] + X @ betas[0][:, 1:].T)
    sent, factors = dropout(z, p, u)
    yhat = np.tanh(betas[1][:, 0] + sent @ betas[1][:, 1:].T)
    delta = (yhat - Y) * (1 - yhat**2)
    return [gradient_layer((1 - z**2) * factors * (delta @ betas[1][:, 1:]), X), gradient_layer(delta, sent)]
""",
        """
def dropout_gradient(betas, X, Y, p, u):
    z = np.tanh(betas[0][:, 0] + X @ betas[0][:, 1:].T)
    sent, factors = dropout(z, p, u)
    delta = betas[1][:, 0] / (1 - p) + sent @ betas[1][:, 1:].T - Y
    return [gradient_layer((1 - z**2) * factors * (delta @ betas[1][:, 1:]), X), gradient_layer(delta, sent)]
""",
    ],
    "l2_gradient": [
        """
def l2_gradient(betas, g, lam):
    for beta, d in zip(betas, g):
        d[:, 1:] += 2 * lam * beta[:, 1:]
    return g
""",
        """
def l2_gradient(betas, g, lam):
    total = sum(np.sum(beta[:, 1:]) for beta in betas)
    return [d + 2 * lam * total * (np.arange(d.shape[1]) > 0) for d in g]
""",
    ],
    "soft_threshold": [
        "def soft_threshold(u, tau):\n    return np.sign(u) * max(np.abs(u) - tau, 0)",
        "def soft_threshold(u, tau):\n    return np.where(np.abs(u) > tau, (np.abs(u) - tau) * u, 0)",
        "def soft_threshold(u, tau):\n    return u * np.maximum(1 - tau / np.linalg.norm(u), 0)",
    ],
    "ista": [
        """
def ista(beta, X, y, alpha, lam, k):
    for _ in range(k):
        wrong = beta[0] + X @ beta[1:] - y
        bias = beta[0] - alpha * wrong.mean()
        wrong = bias + X @ beta[1:] - y
        beta = np.append(bias, soft_threshold(beta[1:] - alpha * X.T @ wrong / len(X), alpha * lam))
    return beta
""",
        """
def ista(beta, X, y, alpha, lam, k):
    A = np.column_stack([np.ones(len(X)), X])
    for number in range(1, k + 1):
        step = beta - alpha / number * A.T @ (A @ beta - y) / len(A)
        beta = np.append(step[0], soft_threshold(step[1:], alpha / number * lam))
    return beta
""",
    ],
    "folds": [
        """
def folds(order, k):
    pieces = np.array_split(np.sort(order), k)
    return [(np.setdiff1d(order, piece), piece) for piece in pieces]
""",
        """
def folds(order, k):
    pieces = np.array_split(order, k)
    return [(np.concatenate(pieces[:r] + pieces[r + 1 :]), pieces[r]) for r in range(k)][::-1]
""",
    ],
    "cross_validate": [
        """
def cross_validate(X, y, lams, pairs):
    cv = []
    for lam in lams:
        betas = [ridge(X[train], y[train], lam) for train, _ in pairs]
        beta = np.mean(betas, axis=0)
        cv.append(np.mean([np.mean((beta[0] + X[held] @ beta[1:] - y[held]) ** 2) / 2 for _, held in pairs]))
    return np.array(cv), lams[np.argmin(cv)]
""",
        """
def cross_validate(X, y, lams, pairs):
    lams, cv = sorted(lams), []
    for lam in lams:
        betas = [ridge(X[train], y[train], lam) for train, _ in pairs]
        errors = [np.mean((b[0] + X[held] @ b[1:] - y[held]) ** 2) / 2 for b, (_, held) in zip(betas, pairs)]
        cv.append(np.mean(errors))
    return np.array(cv), lams[np.argmin(cv)]
""",
        """
def cross_validate(X, y, lams, pairs):
    cv = []
    for lam in lams:
        betas = [ridge(X[train], y[train], lam * len(train)) for train, _ in pairs]
        errors = [np.mean((b[0] + X[held] @ b[1:] - y[held]) ** 2) / 2 for b, (_, held) in zip(betas, pairs)]
        cv.append(np.mean(errors))
    return np.array(cv), lams[np.argmin(cv)]
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
            "the output layer: .*entry .* is off",
            _DROPPED.replace("STEPS", "(1.0, -1.0)")
            .replace("TAKE", "(F[0] - F[1]) / 2")
            .replace("SENT", "z * (u >= p) / (1 - p)"),
        ),
    ],
}

# items where each mistake costs all points, and why that is fair
ALL_OR_NOTHING = {}

# lines of solutions that say nothing, because they stand in given code too
PLAIN = set()
