"""Right solutions of `error-functions` in other words, and solutions that leave the work to a library."""

# right, by other ways: loops, einsum, other forms of the same formula
RIGHT = {
    "sum_of_squares": [
        """
def sum_of_squares(a, Y):
    return [sum((u - y) ** 2 for u, y in zip(*row)) / 2 for row in zip(a, Y)]
""",
        """
def sum_of_squares(a, Y):
    e = np.subtract(a, Y)
    return np.einsum("nk,nk->n", e, e) / 2
""",
    ],
    "binary_cross_entropy": [
        """
def binary_cross_entropy(a, Y):
    return np.logaddexp(0, a).sum(1) - (Y * a).sum(1)
""",
        """
def binary_cross_entropy(a, Y):
    E = np.zeros(len(a))
    for i in range(a.shape[0]):
        for k in range(a.shape[1]):
            against = -a[i, k] if Y[i, k] == 1 else a[i, k]  # ln(1 + e^against)
            E[i] += max(against, 0) + np.log(1 + np.exp(-abs(against)))
    return E
""",
        """
def binary_cross_entropy(a, Y):
    return np.sum(np.where(Y == 1, np.maximum(-a, 0), np.maximum(a, 0)) - np.log(sigmoid(np.abs(a))), axis=-1)
""",
    ],
    "cross_entropy": [
        """
def cross_entropy(a, Y):
    top = a.max(1)
    return top + np.log(np.exp(a - top[:, None]).sum(1)) - (Y * a).sum(1)
""",
        """
def cross_entropy(a, Y):
    E = []
    for row, y in zip(a, Y):
        s = row - row[y.argmax()]  # the differences to the right class
        E.append(s.max() + np.log(sum(np.exp(value - s.max()) for value in s)))
    return E
""",
        """
def cross_entropy(a, Y):
    return np.logaddexp.reduce(a - a[Y == 1][:, None], axis=1)
""",
    ],
    "matched_delta": [
        """
def matched_delta(a, Y, pair):
    if pair == "classes":
        return np.array([softmax(row[None])[0] for row in a]) - Y
    return -(Y - {"squares": a, "binary": (1 + np.tanh(a / 2)) / 2}[pair])
""",
    ],
    "softmax_jacobian": [
        """
def softmax_jacobian(a):
    yhat = softmax(a.reshape(1, -1)).ravel()
    return [[yhat[j] * ((j == k) - yhat[k]) for k in range(len(a))] for j in range(len(a))]
""",
        """
def softmax_jacobian(a):
    e = np.exp(a - max(a))
    yhat = e / sum(e)
    return yhat[:, None] * (np.eye(len(a)) - yhat)
""",
    ],
    "unmatched_delta": [
        """
def unmatched_delta(a, Y, sigma):
    if sigma == "softmax":
        return np.array([softmax_jacobian(row) @ (softmax(row[None])[0] - y) for row, y in zip(a, Y)])
    yhat = sigmoid(a)
    return (yhat - yhat**2) * (yhat - Y)
""",
        """
def unmatched_delta(a, Y, sigma):
    if sigma == "sigmoid":
        return sigmoid(a) * sigmoid(-a) * (sigmoid(a) - Y)
    yhat = softmax(a)
    J = np.einsum("nj,jk->njk", yhat, np.eye(a.shape[1])) - np.einsum("nj,nk->njk", yhat, yhat)
    return np.einsum("njk,nj->nk", J, yhat - Y)
""",
    ],
    "steps_until_right": [
        """
def steps_until_right(beta, x, y, alpha, most):
    def count(delta):
        b, z = np.array(beta, dtype=float), np.array([1.0, x])
        for steps in range(most):
            yhat = 1 / (1 + np.exp(-(b @ z)))
            if (yhat > 0.5) == (y == 1):
                return steps
            b -= alpha * delta(yhat) * z
        return most

    return [count(lambda yhat: yhat - y), count(lambda yhat: yhat * (1 - yhat) * (yhat - y))]
""",
        """
def steps_until_right(beta, x, y, alpha, most):
    counts = []
    target = np.array([[float(y)]])
    for delta in (lambda a: matched_delta(a, target, "binary"), lambda a: unmatched_delta(a, target, "sigmoid")):
        a, steps = np.array([[beta[0] + beta[1] * x]]), 0
        while steps < most and abs(sigmoid(a)[0, 0] - y) >= 0.5:
            a = a - alpha * (1 + x**2) * delta(a)  # both weights move along (1, x)
            steps += 1
        counts.append(steps)
    return np.array(counts)
""",
    ],
    "best_constant": [
        """
def best_constant(Y, pair):
    n, K = Y.shape
    yhat, F = [sum(Y[:, k]) / n for k in range(K)], 0.0
    for k in range(K):
        if pair == "squares":
            F += np.var(Y[:, k]) / 2
            continue
        for q in [yhat[k], 1 - yhat[k]] if pair == "binary" else [yhat[k]]:
            F -= q * np.log(q) if q > 0 else 0
    return yhat, F
""",
        """
def best_constant(Y, pair):
    yhat = np.mean(Y, axis=0)
    if pair == "squares":
        return [yhat, np.mean(sum_of_squares(np.tile(yhat, (len(Y), 1)), Y))]
    with np.errstate(all="ignore"):
        F = np.nansum(-yhat * np.log(yhat))
        if pair == "binary":
            F += np.nansum(-(1 - yhat) * np.log(1 - yhat))
    return [yhat, F]
""",
    ],
}

# the library does it
BORROWED = {
    "binary_cross_entropy": [
        """
def binary_cross_entropy(a, Y):
    from nnlib.errors import BinaryCrossEntropy
    return BinaryCrossEntropy().value(a, Y)
""",
    ],
    "cross_entropy": [
        """
def cross_entropy(a, Y):
    from scipy.special import log_softmax
    return -(Y * log_softmax(a, axis=1)).sum(axis=1)
""",
        """
def cross_entropy(a, Y):
    import nnlib
    return nnlib.CrossEntropy().value(a, Y)
""",
    ],
    "softmax_jacobian": [
        """
def softmax_jacobian(a):
    import torch
    return torch.autograd.functional.jacobian(lambda u: torch.softmax(u, 0), torch.tensor(a)).numpy()
""",
    ],
}

# right values by another way than the task asks for: what is said of it, the source, and the points that are left
DETOURS = {
    "matched_delta": [
        (
            r"matched_delta called sum_of_squares \d+ times; the task asks for the derivative as a formula",
            """
def matched_delta(a, Y, pair):
    E = {"squares": sum_of_squares, "binary": binary_cross_entropy, "classes": cross_entropy}[pair]
    h = 1.0 if pair == "squares" else 1e-5
    return np.array([(E(a + step, Y) - E(a - step, Y)) / (2 * h) for step in h * np.eye(a.shape[1])]).T
""",
        ),
    ],
    "softmax_jacobian": [
        (
            "softmax_jacobian computes with complex numbers; the task asks for the derivative as a formula",
            """
def softmax_jacobian(a):
    e = np.exp(a - a.max() + 1e-30j * np.eye(len(a)))
    return (e / e.sum(axis=1, keepdims=True)).imag.T / 1e-30
""",
        ),
    ],
    "unmatched_delta": [
        (
            "computes with complex numbers",
            """
def unmatched_delta(a, Y, sigma):
    columns = []
    for step in 1e-30j * np.eye(a.shape[1]):
        e = np.exp(a + step - a.max(axis=1, keepdims=True))
        yhat = 1 / (1 + np.exp(-(a + step))) if sigma == "sigmoid" else e / e.sum(axis=1, keepdims=True)
        columns.append(np.sum((yhat - Y) ** 2, axis=1).imag / 2e-30)
    return np.array(columns).T
""",
        ),
    ],
}

# mistakes that cannot run at all in the visible check: Python tells, in the student's own line

# items where each mistake costs all points, and why that is fair
ALL_OR_NOTHING = {}

# lines of solutions that say nothing, because they stand in given code too
PLAIN = set()
