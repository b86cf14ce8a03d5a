"""Right solutions of `vanishing-gradients` in other words, and solutions that leave the work to a library."""

# right, by other ways: loops, other formulas, in place, other repairs
RIGHT = {
    "slope": [
        """
def slope(a, h):
    if h == "relu":
        return (a > 0) * 1.0
    t = np.tanh(a / 2 if h == "sigmoid" else a)
    return (1 - t) * (1 + t) / (4 if h == "sigmoid" else 1)
""",
        """
def slope(a, h):
    if h == "sigmoid":
        z = 1 / (1 + np.exp(-a))
        return z * (1 - z)
    return 1 - np.tanh(a) * np.tanh(a) if h == "tanh" else np.heaviside(a, 0.0)
""",
    ],
    "chain_factor": [
        """
def chain_factor(w, b, x):
    a = []
    for l in range(len(b)):
        a.append(w[l] * (activation(a[-1], "sigmoid") if a else x) + b[l])
    return float(np.prod([slope(each, "sigmoid") for each in a]) * np.prod(w[1:]))
""",
    ],
    "deltas": [
        """
def deltas(betas, X, Y, h):
    a, z = forward(betas, X, h)
    found = [None] * len(betas)
    found[-1] = -(Y - z[-1])
    for l in reversed(range(len(betas) - 1)):
        found[l] = np.zeros(a[l].shape)
        for u in range(len(betas[l + 1])):
            found[l] += np.outer(found[l + 1][:, u], betas[l + 1][u, 1:])
        found[l] *= slope(a[l], h)
    return tuple(found)
""",
    ],
    "rms_deltas": [
        """
def rms_deltas(betas, X, Y, h):
    *hidden, _ = deltas(betas, X, Y, h)
    return [np.linalg.norm(delta) / delta.size**0.5 for delta in hidden]
""",
    ],
    "layer_bounds": [
        """
def layer_bounds(betas, h):
    bounds = []
    for beta in betas[1:]:
        stretched = np.linalg.svd(np.delete(beta, 0, axis=1), compute_uv=False)
        bounds.append(max(stretched) * {"sigmoid": 1 / 4, "tanh": 1, "relu": 1}[h])
    return bounds
""",
        """
def layer_bounds(betas, h):
    squares = [np.linalg.eigvalsh(beta[:, 1:] @ beta[:, 1:].T)[-1] for beta in betas[1:]]
    return np.sqrt(squares) * slope(np.array(1e-300 if h == "relu" else 0.0), h)
""",
    ],
    "initial_betas": [
        """
def initial_betas(draws, rule):
    betas = []
    for draw in draws:
        m, p = np.shape(draw)
        beta = np.zeros((m, p + 1), dtype=draw.dtype)
        beta[:, 1:] = draw / np.sqrt(p / 2 if rule == "he" else (m + p) / 2)
        betas.append(beta)
    return betas
""",
    ],
    "predicted_factors": [
        """
def predicted_factors(v, n, q, h, steps):
    if steps == 0:
        return []
    first = (n * v * expected(lambda a: np.square(slope(a, h)), q)) ** 0.5
    following = v * n * expected(lambda a: activation(a, h) * activation(a, h), q)
    return [first, *predicted_factors(v, n, following, h, steps - 1)]
""",
    ],
    "clip": [
        """
def clip(g, c):
    flat = np.concatenate([np.ravel(each) for each in g]).astype(float)
    m = np.abs(flat).max() or 1.0
    length = m * np.linalg.norm(flat / m)
    return [each / max(1.0, length / c) for each in g]
""",
        """
def clip(g, c):
    length = float(np.hypot.reduce(np.concatenate([each.astype(float).ravel() for each in g])))
    if length <= c:
        return tuple(g)
    return tuple(each * (c / length) for each in g)
""",
    ],
    "sigmoid_twin": [
        """
def sigmoid_twin(betas):
    first, *middle, last = betas
    def shifted(beta):
        return np.column_stack([beta[:, 0] - np.sum(beta[:, 1:], axis=1), 2 * beta[:, 1:]])
    return [2 * first, *(shifted(2 * beta) for beta in middle), shifted(last)]
""",
    ],
    "repair": [
        """
def repair(draws, h):
    betas = []
    for l, draw in enumerate(draws):
        W = np.linalg.svd(draw, full_matrices=False)
        W = (W[0] @ W[2]) * (2**0.5 if h == "relu" else 1.1)
        betas.append(np.hstack([np.zeros((len(W), 1)), W]))
    return sigmoid_twin(betas) if h == "sigmoid" else betas
""",
        """
def repair(draws, h):
    betas = [np.insert(draw * (2 / len(draw)) ** 0.5, 0, 0, axis=1) for draw in draws]
    if h == "relu":
        return betas
    betas = [beta * (1.1 / 2) ** 0.5 for beta in betas]
    return sigmoid_twin(betas) if h == "sigmoid" else betas
""",
    ],
}

# the library does it
BORROWED = {
    "slope": [
        """
def slope(a, h):
    from nnlib.activations import relu, sigmoid, tanh
    return {"relu": relu, "sigmoid": sigmoid, "tanh": tanh}[h].derivative(a)
""",
    ],
    "deltas": [
        """
def deltas(betas, X, Y, h):
    import nnlib
    network = nnlib.mlp([betas[0].shape[1] - 1, *(len(beta) for beta in betas)], h)
    network.w[:] = np.concatenate([beta.ravel() for beta in betas])
    return network.deltas(X, Y)
""",
    ],
    "layer_bounds": [
        """
def layer_bounds(betas, h):
    from scipy.linalg import svdvals
    return [svdvals(beta[:, 1:])[0] * (0.25 if h == "sigmoid" else 1.0) for beta in betas[1:]]
""",
    ],
    "clip": [
        """
def clip(g, c):
    import torch
    tensors = [torch.tensor(each, requires_grad=True) for each in g]
    for tensor, each in zip(tensors, g):
        tensor.grad = torch.tensor(each)
    torch.nn.utils.clip_grad_norm_(tensors, c)
    return [tensor.grad.numpy() for tensor in tensors]
""",
    ],
}

# right values by another way than the task asks for: what is said of it, the source, and the points that are left
DETOURS = {
    "slope": [
        (
            "slope computes with complex numbers; the task asks for the derivative as a formula",
            """
def slope(a, h):
    if h == "relu":
        return (np.asarray(a) > 0) * 1.0
    a = np.clip(a, -700, 700) + 1e-30j
    return (np.tanh(a) if h == "tanh" else 1 / (1 + np.exp(-a))).imag / 1e-30
""",
        ),
    ],
    "chain_factor": [
        (
            "computes with complex numbers",
            """
def chain_factor(w, b, x):
    a = w[0] * x + b[0] + 1e-30j
    for w_in, bias in zip(w[1:], b[1:]):
        a = w_in / (1 + np.exp(-a)) + bias
    return (w[-1] / (1 + np.exp(-a))).imag / 1e-30
""",
        ),
    ],
    "deltas": [
        (
            r"deltas called forward \d+ times; the task asks for backpropagation, which goes forward once",
            """
def deltas(betas, X, Y, h):
    found = []
    for l, beta in enumerate(betas):
        delta = np.zeros((len(X), len(beta)))
        for t in range(len(beta)):
            E = []
            for step in 1e-4, -1e-4:  # a bias is as good as a pre-activation
                new = [each.copy() for each in betas]
                new[l][t, 0] += step
                E.append(-np.sum(Y * np.log(forward(new, X, h)[1][-1]), axis=1))
            delta[:, t] = (E[0] - E[1]) / 2e-4
        found.append(delta)
    return found
""",
        ),
        (
            "computes with complex numbers",
            """
def deltas(betas, X, Y, h):
    def value(a, l):
        for beta in betas[l + 1:]:
            z = np.maximum(a, 0) if h == "relu" else np.tanh(a) if h == "tanh" else 1 / (1 + np.exp(-a))
            a = z @ beta[:, 1:].T + beta[:, 0]
        return -np.sum(Y * (a - np.log(np.exp(a).sum(axis=1, keepdims=True))), axis=1)
    a = forward(betas, X, h)[0]
    steps = [1e-30j * np.eye(len(beta)) for beta in betas]
    return [np.array([value(a[l] + s, l).imag / 1e-30 for s in steps[l]]).T for l in range(len(betas))]
""",
        ),
    ],
}

# mistakes that cannot run at all in the visible check: Python tells, in the student's own line

# items where each mistake costs all points, and why that is fair
ALL_OR_NOTHING = {}

# lines of solutions that say nothing, because they stand in given code too
PLAIN = {"return betas", 'if h == "sigmoid":'}
