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

# mistakes that cannot run at all in the visible check: Python tells, in the student's own line
SHAPES_CLASH = {"beta transposed", "delta propagated through the wrong beta"}

# items where each mistake costs all points, and why that is fair
ALL_OR_NOTHING = {"gradient-numerical": "a quotient that is wrong is wrong for all networks"}

# lines of solutions that say nothing, because they stand in given code too
PLAIN = {"for beta in betas:"}
