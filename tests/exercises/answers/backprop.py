"""Right solutions of `backprop` in other words, and solutions that leave the work to a library."""

# right, by other ways: loops, einsum, other orders of summation
RIGHT = {
    "softmax": [
        """
def softmax(a):
    m = np.max(a, axis=-1)
    b = (a.T - m).T
    ex = np.exp(b)
    return (ex.T / np.sum(ex, axis=-1)).T
""",
        """
def softmax(a):
    out = np.empty(a.shape, dtype=a.dtype)
    for i in range(a.shape[0]):
        p = np.exp(a[i] - a[i].max())
        out[i] = p / p.sum()
    return out
""",
        """
def softmax(a):
    with np.errstate(over='ignore'):
        return 1 / np.exp(a[:, None, :] - a[:, :, None]).sum(axis=2)
""",
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
def forward(betas, X, output='softmax'):
    z = [X]
    a = []
    for k in range(len(betas)):
        aug = np.insert(z[k], 0, 1, axis=1)
        a.append(np.dot(betas[k], aug.T).T)
        if k == len(betas) - 1:
            if output == 'softmax':
                z.append(softmax(a[k]))
            else:
                z.append(a[k])
        else:
            z.append(h(a[k]))
    return a, z
""",
        """
def forward(betas, X, output='softmax'):
    a, z = [], [X]
    for n, B in enumerate(betas, 1):
        A = np.array([[b[0] + sum(weight * value for weight, value in zip(b[1:], row)) for b in B] for row in z[-1]])
        a.append(A)
        z.append(np.tanh(A) if n < len(betas) else softmax(A) if output == 'softmax' else A)
    return [a, z]
""",
        """
def forward(betas, X, output='softmax'):
    fs = [h] * (len(betas) - 1) + [{'softmax': softmax, 'identity': lambda v: v}[output]]
    pre, act = [], [X]
    for f, b in zip(fs, betas):
        pre.append(act[-1].dot(b[:, 1:].T) + b[:, 0][None, :])
        act.append(f(pre[-1]))
    return pre, act
""",
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
    "delta_output": [
        "def delta_output(yhat, Y):\n    return -(np.asarray(Y) - yhat)",
        """
def delta_output(yhat, Y):
    d = np.zeros(yhat.shape)
    for i in range(len(d)):
        for k in range(d.shape[1]):
            d[i, k] = yhat[i, k] - Y[i, k]
    return d
""",
        """
def delta_output(yhat, Y):
    d = yhat.copy()
    d[np.arange(len(Y)), Y.argmax(axis=1)] -= 1
    return d
""",
        """
def delta_output(yhat, Y):
    return [[p - y for p, y in zip(P, R)] for P, R in zip(yhat, Y)]
""",
    ],
    "delta_hidden_unit": [
        """
def delta_hidden_unit(a_t, t, delta_next, beta):
    return (beta[:, t] @ delta_next) / np.cosh(a_t) ** 2
""",
        """
def delta_hidden_unit(a_t, t, delta_next, beta):
    s = 0
    for u, row in enumerate(beta):
        s += row[t] * delta_next[u]
    return s * (1 - h(a_t) * h(a_t))
""",
        """
def delta_hidden_unit(a_t, t, delta_next, beta):
    W = beta[:, 1:]
    return np.array([(1 - np.tanh(a_t)**2) * np.sum(delta_next * W[:, t - 1])])[0]
""",
        """
def delta_hidden_unit(a_t, t, delta_next, beta):
    return float(np.dot(delta_next, beta[:, t]) / np.cosh(a_t) ** 2)
""",
    ],
    "delta_hidden": [
        """
def delta_hidden(a, delta_next, beta):
    return np.einsum('nk,km,nm->nm', delta_next, beta[:, 1:], 1 - np.tanh(a)**2)
""",
        """
def delta_hidden(a, delta_next, beta):
    W = beta[:, 1:]
    return ((W.T @ delta_next.T) * (1 - np.tanh(a.T) ** 2)).T
""",
        """
def delta_hidden(a, delta_next, beta):
    n, m = a.shape
    return np.array([[delta_hidden_unit(a[i, t], t + 1, delta_next[i], beta) for t in range(m)] for i in range(n)])
""",
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
    n = z.shape[0]
    Z = np.c_[np.ones(n), z]
    return np.einsum('nm,ns->ms', delta, Z) / n
""",
        """
def gradient_layer(delta, z):
    n, m = delta.shape
    g = [[np.mean(delta[:, t])] + [np.mean(delta[:, t] * z[:, s]) for s in range(z.shape[1])] for t in range(m)]
    return g
""",
        """
def gradient_layer(delta, z):
    return np.mean([np.outer(d, np.append(1, v)) for d, v in zip(delta, z)], axis=0)
""",
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
    a, z = forward(betas, X)
    def back(l, delta):
        g = gradient_layer(delta, z[l])
        if l == 0:
            return [g]
        return back(l - 1, delta_hidden(a[l - 1], delta, betas[l])) + [g]
    return back(len(betas) - 1, delta_output(z[-1], Y))
""",
        """
def gradient(betas, X, Y):
    a, z = forward(betas, X)
    d = [delta_output(z[-1], Y)]
    for b, pre in zip(betas[:0:-1], a[-2::-1]):
        d.append(delta_hidden(pre, d[-1], b))
    return [gradient_layer(dd, zz) for dd, zz in zip(d[::-1], z)]
""",
        """
def gradient(betas, X, Y):
    a, z = forward(betas, X)
    n = len(X)
    delta = (z[-1] - Y) / n
    out = []
    for l in range(len(betas) - 1, -1, -1):
        out = [np.hstack([delta.sum(0)[:, None], delta.T @ z[l]])] + out
        delta = (delta @ betas[l][:, 1:]) * (1 - z[l]**2)
    return out
""",
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
    z = [x]
    for b in betas:
        A = b[:, 1:] @ z[-1] + b[:, 0]
        z.append(1 / (1 + np.exp(-A)))
    d = z[-1] * (1 - z[-1]) * (z[-1] - y)
    new = [None] * len(betas)
    for l in reversed(range(len(betas))):
        new[l] = betas[l] - eta * np.outer(d, np.r_[1.0, z[l]])
        if l > 0:
            d = z[l] * (1 - z[l]) * (betas[l][:, 1:].T @ d)
    return new
""",
        """
def netbp_step(betas, x, y, eta):
    z = [x]
    for b in betas:
        A = b[:, 1:] @ z[-1] + b[:, 0]
        z.append(1 / (1 + np.exp(-A)))
    d = np.diag(z[-1] * (1 - z[-1])) @ (z[-1] - y)
    new = [None] * len(betas)
    for l in reversed(range(len(betas))):
        new[l] = betas[l] - eta * np.outer(d, np.r_[1.0, z[l]])
        if l > 0:
            d = np.diag(z[l] * (1 - z[l])) @ betas[l][:, 1:].T @ d
    return new
""",
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
    "numerical_gradient": [
        """
def numerical_gradient(betas, X, Y, eps=1e-5):
    g = [np.zeros_like(b) for b in betas]
    for l in range(len(betas)):
        for i in range(g[l].shape[0]):
            for j in range(g[l].shape[1]):
                up = [b.copy() for b in betas]
                dn = [b.copy() for b in betas]
                up[l][i, j] += eps
                dn[l][i, j] -= eps
                g[l][i, j] = (error(up, X, Y) - error(dn, X, Y)) / (2 * eps)
    return g
""",
        """
def numerical_gradient(betas, X, Y, eps=1e-5):
    out = []
    for l, b in enumerate(betas):
        G = []
        for k in range(b.size):
            E = np.zeros(b.size)
            E[k] = eps
            E = E.reshape(b.shape)
            F = lambda s: error(betas[:l] + [b + s * E] + betas[l + 1:], X, Y)
            G.append((F(1) - F(-1)) / eps / 2)
        out.append(np.array(G).reshape(b.shape))
    return out
""",
    ],
    "train": [
        """
def train(betas, X, Y, batches, alpha):
    w = [b.copy() for b in betas]
    for J in batches:
        for b, d in zip(w, gradient(w, X[J], Y[J])):
            b -= alpha * d
    return w
""",
        """
def train(betas, X, Y, batches, alpha):
    from functools import reduce
    return reduce(lambda w, J: [b - alpha * d for b, d in zip(w, gradient(w, X[J], Y[J]))], batches, betas)
""",
    ],
}

# plausible, wrong, and declared as no mistake: each misses something that the task states
WRONG = {
    "softmax": [
        """
def softmax(a):
    s = a - a.max(axis=1, keepdims=True)
    return 2**s / np.sum(2**s, axis=1, keepdims=True)
""",
        """
def softmax(a):
    e = np.exp(a - a.max(axis=1, keepdims=True))
    return e / e[0].sum()
""",
        """
def softmax(a):
    b = a - a.min(axis=1, keepdims=True)
    return b / b.sum(axis=1, keepdims=True)
""",
    ],
    "forward": [
        """
def forward(betas, X, output='softmax'):
    a, z = [], [X]
    for i, b in enumerate(betas):
        a.append(z[-1] @ b[:, 1:].T + np.tanh(b[:, 0]))
        z.append(np.tanh(a[-1]))
    z[-1] = softmax(a[-1]) if output == 'softmax' else a[-1]
    return a, z
""",
        """
def forward(betas, X, output='identity'):
    a, z = [], [X]
    for i, b in enumerate(betas):
        a.append(z[-1] @ b[:, 1:].T + b[:, 0])
        z.append(h(a[-1]) if i < len(betas) - 1 else (softmax(a[-1]) if output == 'softmax' else a[-1]))
    return a, z
""",
        """
def forward(betas, X, output='softmax'):
    z = X
    for b in betas:
        a = z @ b[:, 1:].T + b[:, 0]
        z = h(a)
    return a, (softmax(a) if output == 'softmax' else a)
""",
        """
def forward(betas, X, output="softmax"):
    a, z = [], [X]
    for beta in betas:
        a.append(z[-1] @ beta[:, 1:].T + beta[:, 0])
        z.append(h(a[-1]))
    z[-1] = softmax(a[-1]) if output == "softmax" else a[-1]
    return a, z[:-1]
""",
    ],
    "delta_hidden_unit": [
        """
def delta_hidden_unit(a_t, t, delta_next, beta):
    W = beta[:, 1:]
    try:
        return (1 - np.tanh(a_t)**2) * np.sum(delta_next * W[:, t])
    except IndexError:
        return 0.0
""",
        """
def delta_hidden_unit(a_t, t, delta_next, beta):
    return (1 - np.tanh(a_t)**2) * np.sum(delta_next) * np.sum(beta[:, t])
""",
    ],
    "gradient": [
        """
def gradient(betas, X, Y):
    a, z = forward(betas, X)
    g = [np.zeros_like(b) for b in betas]
    g[-1] = gradient_layer(delta_output(z[-1], Y), z[-2])
    return g
""",
    ],
    "numerical_gradient": [
        """
def numerical_gradient(betas, X, Y, eps=1e-5):
    g = [np.zeros(b.shape) for b in betas]
    for idx in np.ndindex(betas[0].shape):
        p = [c.copy() for c in betas]; m = [c.copy() for c in betas]
        p[0][idx] += eps; m[0][idx] -= eps
        g[0][idx] = (error(p, X, Y) - error(m, X, Y)) / (2 * eps)
    return g
""",
        """
def numerical_gradient(betas, X, Y, eps=1e-5):
    g = [np.zeros(beta.shape) for beta in betas]
    for beta, slopes in zip(betas, g):
        for index in np.ndindex(*beta.shape):
            step = eps * max(1.0, abs(beta[index]))
            kept = beta[index]
            beta[index] = kept + step
            above = error(betas, X, Y)
            beta[index] = kept - step
            slopes[index] = (above - error(betas, X, Y)) / (2 * step)
            beta[index] = kept
    return [2 * slopes for slopes in g]
""",
    ],
    "train": [
        """
def train(betas, X, Y, batches, alpha):
    w = [b + 0 for b in betas]
    for J in batches:
        g = gradient(w, X[J[0]:J[-1] + 1], Y[J[0]:J[-1] + 1])
        w = [b - alpha * d for b, d in zip(w, g)]
    return w
""",
        """
def train(betas, X, Y, batches, alpha):
    w = [b + 0 for b in betas]
    for k, J in enumerate(batches, 1):
        g = gradient(w, X[J], Y[J])
        w = [b - alpha / k * d for b, d in zip(w, g)]
    return w
""",
        """
def train(betas, X, Y, batches, alpha):
    for batch in batches:
        for beta, g in zip(betas, gradient(betas, X[batch], Y[batch])):
            beta -= alpha * g
    return betas
""",
    ],
    "delta_output": [
        """
def delta_output(yhat, Y):
    return np.where(Y == 1, yhat - 1, yhat / 2)
""",
    ],
    "delta_hidden": [
        """
def delta_hidden(a, delta_next, beta):
    return (1 - h(a[:1]) ** 2) * (delta_next @ beta[:, 1:])
""",
    ],
    "gradient_layer": [
        """
def gradient_layer(delta, z):
    return np.abs(delta.T @ np.insert(z, 0, 1, axis=1)) / len(z)
""",
    ],
    "netbp_step": [
        """
def netbp_step(betas, x, y, eta):
    z = [x]
    for beta in betas:
        z.append(1 / (1 + np.exp(-(beta[:, 0] + beta[:, 1:] @ z[-1]))))
    delta = z[-1] * (1 - z[-1]) * (z[-1] - y)
    return [*betas[:-1], betas[-1] - eta * np.outer(delta, np.append(1.0, z[-2]))]
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

# items where each mistake costs all points, and why that is fair
ALL_OR_NOTHING = {"gradient-numerical": "a quotient that is wrong is wrong for all networks"}

# lines of solutions that say nothing, because they stand in given code too
PLAIN = {"for beta in betas:"}
