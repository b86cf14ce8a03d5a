"""Right solutions of `vanishing-gradients` in other words, and solutions that leave the work to a library."""

# right, by other ways: loops, other formulas, in place, other repairs
RIGHT = {
    "slope": [
        """
def slope(a, h):
    if h == 'sigmoid':
        z = np.exp(-np.logaddexp(0, -a))
        return z * (1 - z)
    elif h == 'tanh':
        return 1 - np.tanh(a)**2
    else:
        return (np.asarray(a) > 0) * 1.0
""",
        """
def slope(a, h):
    if h == 'sigmoid':
        z = activation(a, h)
        return z * (1 - z)
    elif h == 'tanh':
        return 1 - np.tanh(a)**2
    else:
        return (np.asarray(a) > 0) * 1.0
""",
        """
def slope(a, h):
    if h == 'sigmoid':
        z = np.exp(-np.logaddexp(0, -a))
        return z * (1 - z)
    elif h == 'tanh':
        return (2 / (np.exp(np.minimum(np.abs(a), 300)) + np.exp(-np.minimum(np.abs(a), 300))))**2
    else:
        return np.where(a > 0, 1, 0)
""",
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
    z = x
    p = 1.0
    for l in range(len(b)):
        a = w[l] * z + b[l]
        p *= slope(a, 'sigmoid') * w[l + 1]
        z = activation(a, 'sigmoid')
    return p
""",
        """
def chain_factor(w, b, x):
    z = [x]
    for l in range(len(b)):
        z.append(1 / (1 + np.exp(-(w[l] * z[-1] + b[l]))))
    z = np.array(z[1:])
    return np.prod(z * (1 - z) * w[1:])
""",
        """
def chain_factor(w, b, x):
    out = 1
    for l, bias in enumerate(b):
        a = w[l] * x + bias
        x = activation(a, 'sigmoid')
        out = out * w[l + 1] * slope(a, 'sigmoid')
    return out
""",
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
    L = len(betas)
    d = [None] * L
    d[L - 1] = z[-1] - Y
    for l in range(L - 2, -1, -1):
        d[l] = slope(a[l], h) * (d[l + 1] @ betas[l + 1][:, 1:])
    return d
""",
        """
def deltas(betas, X, Y, h):
    a, z = forward(betas, X, h)
    D = (z[-1] - Y).T
    out = [D.T]
    for l in reversed(range(1, len(betas))):
        D = betas[l][:, 1:].T @ D * slope(a[l - 1].T, h)
        out.append(D.T)
    out.reverse()
    return out
""",
        """
def deltas(betas, X, Y, h):
    rows = []
    for x, y in zip(X, Y):
        a, z = forward(betas, x[None, :], h)
        d = [z[-1] - y]
        for l in range(len(betas) - 1, 0, -1):
            d = [slope(a[l - 1], h) * (d[0] @ betas[l][:, 1:])] + d
        rows.append(d)
    return [np.vstack([row[l] for row in rows]) for l in range(len(betas))]
""",
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
    out = []
    for d in deltas(betas, X, Y, h)[:-1]:
        out.append(np.linalg.norm(d) / np.sqrt(d.size))
    return np.array(out)
""",
        """
def rms_deltas(betas, X, Y, h):
    out = []
    for d in deltas(betas, X, Y, h)[:-1]:
        out.append((np.sum(d * d) / (d.shape[0] * d.shape[1]))**0.5)
    return np.array(out)
""",
        """
def rms_deltas(betas, X, Y, h):
    *hidden, _ = deltas(betas, X, Y, h)
    return [np.linalg.norm(delta) / delta.size**0.5 for delta in hidden]
""",
    ],
    "layer_bounds": [
        """
def layer_bounds(betas, h):
    c = 0.25 if h == 'sigmoid' else 1
    out = []
    for b in betas[1:]:
        W = b[:, 1:]
        out.append(c * np.linalg.svd(W)[1][0])
    return out
""",
        """
def layer_bounds(betas, h):
    c = 0.25 if h == 'sigmoid' else 1
    out = []
    for b in betas[1:]:
        W = b[:, 1:]
        out.append(c * np.linalg.norm(W.T, ord=2))
    return out
""",
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
    out = []
    for d in draws:
        m, n = d.shape
        v = 2 / (n + m) if rule == 'glorot' else 2 / n
        out.append(np.column_stack([np.zeros(m), d * v**0.5]))
    return out
""",
        """
def initial_betas(draws, rule):
    out = []
    for d in draws:
        m, n = d.shape
        v = 2 / (n + m) if rule == 'glorot' else 2 / n
        out.append(np.insert(np.sqrt(v) * d, 0, 0, axis=1))
    return out
""",
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
    out = []
    for i in range(steps):
        out.append(np.sqrt(n * v * expected(lambda a: slope(a, h)**2, q)))
        q = n * v * expected(lambda a: activation(a, h)**2, q)
    return out
""",
        """
def predicted_factors(v, n, q, h, steps):
    out = np.zeros(steps)
    for i in range(steps):
        S = expected(lambda a: slope(a, h) * slope(a, h), q)
        out[i] = (n * v)**0.5 * S**0.5
        q = n * v * expected(lambda a: activation(a, h)**2, q)
    return out
""",
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
    m = max(np.abs(d).max() for d in g)
    if m == 0:
        return g
    L = np.sqrt(sum(np.sum((d / m)**2) for d in g)) * m
    return [d * min(1, c / L) for d in g]
""",
        """
def clip(g, c):
    m = max(np.abs(d).max() for d in g)
    if m == 0:
        return g
    L = m * np.linalg.norm(np.concatenate([d.ravel() / m for d in g]))
    return [d * (c / L if L > c else 1.0) for d in g]
""",
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
    out = [2 * betas[0]]
    for b in betas[1:-1]:
        out.append(np.column_stack([2 * b[:, 0] - 2 * b[:, 1:].sum(axis=1), 4 * b[:, 1:]]))
    b = betas[-1]
    out.append(np.column_stack([b[:, 0] - b[:, 1:].sum(axis=1), 2 * b[:, 1:]]))
    return out
""",
        """
def sigmoid_twin(betas):
    out = []
    for l, b in enumerate(betas):
        if l:
            p = b.shape[1] - 1
            M = np.vstack([np.r_[1.0, np.zeros(p)], np.column_stack([-np.ones(p), 2 * np.eye(p)])])
            b = b @ M
        out.append(b if l == len(betas) - 1 else b * 2)
    return out
""",
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

# plausible, wrong, and declared as no mistake: each misses something that the task states
WRONG = {
    "slope": [
        """
def slope(a, h):
    if h == 'sigmoid':
        z = np.exp(-np.logaddexp(0, -a))
        return z * (1 - z)
    elif h == 'tanh':
        return 1 - np.tanh(a)**2
    else:
        return np.array([[1.0 if v > 0 else 0.0 for v in row] for row in a])
""",
        """
def slope(a, h):
    z = activation(np.maximum(a, 0.0) if h == "relu" else np.maximum(a, -5.0), h)
    return {"sigmoid": z * (1 - z), "tanh": 1 - z**2, "relu": np.sign(z)}[h]
""",
    ],
    "rms_deltas": [
        """
def rms_deltas(betas, X, Y, h):
    out = []
    for d in deltas(betas, X, Y, h)[:-1]:
        out.append(np.median(np.abs(d)))
    return np.array(out)
""",
        """
def rms_deltas(betas, X, Y, h):
    return np.sqrt(np.mean(np.concatenate([d.ravel() for d in deltas(betas, X, Y, h)[:-1]])**2))
""",
    ],
    "initial_betas": [
        """
def initial_betas(draws, rule):
    m, n = draws[0].shape
    s = np.sqrt(2 / n if rule == 'he' else 2 / (n + m))
    return [np.insert(s * d, 0, 0, axis=1) for d in draws]
""",
        """
def initial_betas(draws, rule):
    scales = [np.sqrt(2 / (draw.shape[1] if rule == "he" else sum(draw.shape))) for draw in draws]
    return [np.insert(scale * draw / np.std(draw), 0, 0.0, axis=1) for scale, draw in zip(scales, draws)]
""",
    ],
    "clip": [
        """
def clip(g, c):
    m = max(np.abs(d).max() for d in g)
    if m == 0:
        return g
    L = np.sqrt(sum(np.sum((d / m)**2) for d in g)) * m
    return [d * np.sqrt(min(1, c / L)) for d in g]
""",
        """
def clip(g, c):
    largest = max(float(np.abs(each).max()) for each in g)
    if largest == 0:
        return g
    length = largest * np.sqrt(sum(np.sum((each / largest) ** 2) for each in g))
    if length > c:
        for each in g:
            each *= c / length
    return g
""",
    ],
    "chain_factor": [
        """
def chain_factor(w, b, x):
    z, product = 0.5, 1.0
    for l in range(len(b)):
        a = w[l] * z + b[l]
        product *= slope(a, "sigmoid") * w[l + 1]
        z = activation(a, "sigmoid")
    return product
""",
        """
def chain_factor(w, b, x):
    a = w[0] * x + b[0]
    product = slope(a, "sigmoid") * w[1]
    return product ** len(b)
""",
    ],
    "deltas": [
        """
def deltas(betas, X, Y, h):
    a, z = forward(betas, X, h)
    found = [z[-1] - Y]
    for l in range(len(betas) - 1, 0, -1):
        found.insert(0, slope(a[l - 1], h) * (found[-1][:, :1] @ betas[l][:1, 1:]))
    return found
""",
    ],
    "layer_bounds": [
        """
def layer_bounds(betas, h):
    return np.array([np.abs(np.linalg.eigvals(beta[:, 1:] @ beta[:, 1:].T)).sum() ** 0.5 for beta in betas[1:]])
""",
    ],
    "predicted_factors": [
        """
def predicted_factors(v, n, q, h, steps):
    rng, factors = np.random.default_rng(0), []
    for _ in range(steps):
        a = np.sqrt(q) * rng.normal(size=100_000)
        factors.append(np.sqrt(n * v * np.mean(slope(a, h) ** 2)))
        q = n * v * np.mean(activation(a, h) ** 2)
    return factors
""",
    ],
    "sigmoid_twin": [
        """
def sigmoid_twin(betas):
    return [4 * beta for beta in betas]
""",
    ],
    "repair": [
        """
def repair(draws, h):
    factor = {"sigmoid": 10.0, "tanh": 1.0, "relu": 1.0}[h]
    return [factor * beta for beta in initial_betas(draws, "he" if h == "relu" else "glorot")]
""",
        """
def repair(draws, h):
    return [np.insert(0 * draw, 0, 0.0, axis=1) for draw in draws]
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

# items where each mistake costs all points, and why that is fair
ALL_OR_NOTHING = {}

# lines of solutions that say nothing, because they stand in given code too
PLAIN = {"return betas", 'if h == "sigmoid":'}
