"""Right solutions of `backprop` in other words, and solutions that leave the work to a library."""

# right, by other ways: loops, einsum, other orders of summation
RIGHT = {
    "softmax": [
        """
def softmax(a):
    rows = []
    for row in a:
        powers = [np.exp(value - max(row)) for value in row]
        rows.append([power / sum(powers) for power in powers])
    return rows
""",
        """
def softmax(a):
    a = a - np.amax(a, 1)[:, None]
    return np.exp(a - np.log(np.exp(a).sum(1))[:, None])
""",
    ],
    "forward": [
        """
def forward(betas, X, output="softmax"):
    a, z = [], [np.asarray(X)]
    for l, beta in enumerate(betas):
        ones = np.ones((len(X), 1))
        a.append(np.einsum("ns,ts->nt", np.concatenate([ones, z[-1]], axis=1), beta))
        last = l == len(betas) - 1
        z.append((softmax(a[-1]) if output == "softmax" else a[-1].copy()) if last else np.tanh(a[-1]))
    return tuple(a), tuple(z)
""",
    ],
    "delta_output": ["def delta_output(yhat, Y):\n    return -(np.asarray(Y) - yhat)"],
    "delta_hidden_unit": [
        """
def delta_hidden_unit(a_t, t, delta_next, beta):
    return float(np.dot(delta_next, beta[:, t]) / np.cosh(a_t) ** 2)
""",
    ],
    "delta_hidden": [
        """
def delta_hidden(a, delta_next, beta):
    out = np.zeros_like(a)
    for i in range(a.shape[0]):
        for t in range(a.shape[1]):
            slope = 1 - np.tanh(a[i, t]) ** 2
            out[i, t] = slope * sum(delta_next[i, u] * beta[u, t + 1] for u in range(beta.shape[0]))
    return out
""",
        """
def delta_hidden(a, delta_next, beta):
    full = np.einsum("nu,ut->nt", delta_next, beta)
    return full[:, 1:] - full[:, 1:] * np.tanh(a) ** 2
""",
    ],
    "gradient_layer": [
        """
def gradient_layer(delta, z):
    g = np.zeros((delta.shape[1], 1 + z.shape[1]))
    for d, row in zip(delta, z):
        g += np.outer(d, np.r_[1.0, row]) / len(delta)
    return g
""",
        """
def gradient_layer(delta, z):
    return np.column_stack([delta.mean(axis=0), np.einsum("nt,ns->ts", delta, z) / len(z)])
""",
    ],
    "gradient": [
        """
def gradient(betas, X, Y):
    total = [np.zeros(beta.shape) for beta in betas]
    for x, y in zip(X, Y):
        a, z = forward(betas, x[None])
        delta = delta_output(z[-1], y[None])
        for l in reversed(range(len(betas))):
            total[l] += gradient_layer(delta, z[l])
            if l:
                delta = delta_hidden(a[l - 1], delta, betas[l])
    return [g / len(X) for g in total]
""",
    ],
    "netbp_step": [
        """
def netbp_step(betas, x, y, eta):
    z = [np.asarray(x)]
    for beta in betas:
        z.append(1 / (1 + np.exp(-(beta[:, 1:] @ z[-1] + beta[:, 0]))))
    delta, new = z[-1] * (1 - z[-1]) * (z[-1] - y), []
    for l in range(len(betas) - 1, -1, -1):
        new.insert(0, betas[l] - eta * delta[:, None] * np.r_[1.0, z[l]][None])
        delta = z[l] * (1 - z[l]) * (delta @ betas[l][:, 1:])
    return new
""",
    ],
}

# the library does it
BORROWED = {
    "softmax": ["from nnlib.activations import softmax"],
    "gradient": [
        """
def gradient(betas, X, Y):
    import nnlib
    network = nnlib.mlp([betas[0].shape[1] - 1, *(len(beta) for beta in betas)])
    network.w[:] = np.concatenate([beta.ravel() for beta in betas])
    return network.gradient(X, Y)
""",
    ],
}

# right values by another way than the task asks for: what is said of it, the source, and the points that are left
_WEIGHTS = """
def F(betas, X, Y):
    return -np.sum(Y * np.log(forward(betas, X)[1][-1])) / len(X)

def each_weight(betas, slope):
    def mover(l, index):
        def moved(step):
            new = [beta + 0 * step for beta in betas]
            new[l][index] += step
            return new
        return moved
    found = [[slope(mover(l, index)) for index in np.ndindex(*beta.shape)] for l, beta in enumerate(betas)]
    return [np.array(slopes).reshape(beta.shape) for slopes, beta in zip(found, betas)]
"""
_INLINE = """
def own(betas, X):
    z = X
    for l, beta in enumerate(betas):
        z = z @ beta[:, 1:].T + beta[:, 0]
        z = np.tanh(z) if l < len(betas) - 1 else np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    return None, [z]
""" + _WEIGHTS.replace("forward", "own")
_COMPLEX = """
def gradient(betas, X, Y):
    return each_weight(betas, lambda moved: F(moved(1e-30j), X, Y).imag / 1e-30)
"""
_DIFFERENCES = """
def gradient(betas, X, Y):
    def quotient(moved, h):
        return (F(moved(h), X, Y) - F(moved(-h), X, Y)) / (2 * h)
    return each_weight(betas, lambda moved: (4 * quotient(moved, H) - quotient(moved, 2 * H)) / 3)

H = 1e-3
"""
_ROUNDED = (
    _DIFFERENCES.replace("gradient", "fine")
    + """
def gradient(betas, X, Y):
    return [g.astype(np.float32) for g in fine(betas, X, Y)]
"""
)
_UNITS = """
def gradient(betas, X, Y):
    z, g = forward(betas, X)[1], []
    for l, beta in enumerate(betas):
        delta = np.zeros((len(X), len(beta)))
        for t in range(len(beta)):
            E = []
            for step in 1e-4, -1e-4:  # a bias is as good as a pre-activation
                new = [each.copy() for each in betas]
                new[l][t, 0] += step
                E.append(-np.sum(Y * np.log(forward(new, X)[1][-1]), axis=1))
            delta[:, t] = (E[0] - E[1]) / 2e-4
        g.append(gradient_layer(delta, z[l]))
    return g
"""
_FIT = """
def fit(Z, Y):
    A = np.hstack([np.ones((len(Z), 1)), Z])
    return np.linalg.solve(A.T @ A + 0.1 * np.eye(A.shape[1]), 10 * A.T @ (Y - 0.1)).T
"""
DETOURS = {
    "delta_output": [
        (
            "delta_output computes with complex numbers; the task asks for the derivative as a formula",
            """
def delta_output(yhat, Y):
    steps = 1e-30j * np.eye(len(Y[0]))
    return np.array([[np.sum((a + step - y) ** 2).imag / 2e-30 for step in steps] for a, y in zip(yhat, Y)])
""",
        ),
    ],
    "delta_hidden_unit": [
        (
            "computes with complex numbers",
            """
def delta_hidden_unit(a_t, t, delta_next, beta):
    return np.imag(np.tanh(a_t + 1e-30j)) / 1e-30 * (delta_next @ beta[:, t])
""",
        ),
    ],
    "delta_hidden": [
        (
            "computes with complex numbers",
            """
STEP = complex(0, 1e-30)

def delta_hidden(a, delta_next, beta):
    return getattr(np.tanh(a + STEP), "im" + "ag") / abs(STEP) * (delta_next @ beta[:, 1:])
""",
        ),
    ],
    "gradient": [
        ("gradient computes with complex numbers; the task asks for backpropagation, which", _WEIGHTS + _COMPLEX),
        ("gradient computes with complex numbers; the task asks for backpropagation", _INLINE + _COMPLEX),
        (r"gradient called forward 64 times; the task asks for backpropagation, which", _WEIGHTS + _DIFFERENCES),
        (r"called forward \d+ times; the task asks for backpropagation, which goes forward once", _UNITS),
        ("is off, by about 1e-1", _INLINE + _DIFFERENCES),
        ("digits of float32 only", _INLINE + _ROUNDED),
        ("computes with numbers of more digits", _INLINE + _DIFFERENCES.replace("H = 1e-3", "H = np.longdouble(1e-4)")),
    ],
    "netbp_step": [
        (
            "computes with complex numbers; the task asks for the derivative as a formula",
            """
def netbp_step(betas, x, y, eta):
    new = [beta.copy() for beta in betas]
    for l, beta in enumerate(betas):
        for index in np.ndindex(*beta.shape):
            moved = [each.astype(complex) for each in betas]
            moved[l][index] += 1e-30j
            z = x
            for each in moved:
                z = 1 / (1 + np.exp(-(each[:, 0] + each[:, 1:] @ z)))
            new[l][index] -= eta * np.sum((z - y) ** 2).imag / 2e-30
    return new
""",
        ),
    ],
    "train": [
        (
            r"the weights that came back have the shapes \[\(10, 197\)\], those of the start",
            _FIT + "def train(betas, X, Y, batches, alpha):\n    return [fit(X, Y)]",
        ),
        (
            "part 0 of the weights is as it was at the start",
            _FIT
            + """
def train(betas, X, Y, batches, alpha):
    return [betas[0], fit(np.tanh(X @ betas[0][:, 1:].T + betas[0][:, 0]), Y)]
""",
        ),
        (
            "sums over the classes have changed",
            _FIT
            + """
def train(betas, X, Y, batches, alpha):
    first = 1.01 * betas[0]
    return [first, fit(np.tanh(X @ first[:, 1:].T + first[:, 0]), Y)]
""",
        ),
    ],
}

# mistakes that cannot run at all in the visible check: Python tells, in the student's own line

# items where each mistake costs all points, and why that is fair
ALL_OR_NOTHING = {"gradient-numerical": "a quotient that is wrong is wrong for all networks"}

# lines of solutions that say nothing, because they stand in given code too
PLAIN = {"for beta in betas:"}
