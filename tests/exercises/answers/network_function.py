"""Right solutions of `network-function` in other words, and solutions that leave the work to a library."""

# right, by other ways: loops, einsum, identities, other orders of summation
RIGHT = {
    "sigmoid": [
        """
def sigmoid(a):
    a = np.array(a, dtype=float)
    z = np.empty_like(a)
    up = a > 0
    z[up] = 1 / (1 + np.exp(-a[up]))
    z[~up] = 1 - 1 / (1 + np.exp(a[~up]))
    return z
""",
        "def sigmoid(a):\n    return (1 + np.tanh(np.asarray(a) / 2)) / 2",
        "def sigmoid(a):\n    return 1 / (1 + np.exp(-np.clip(a, -80, 80)))",
    ],
    "activation": [
        """
def activation(a, h):
    if h == "relu":
        return np.where(a > 0, a, 0), np.where(a > 0, 1, 0)
    if h == "tanh":
        return np.tanh(a), np.cosh(np.clip(a, -300, 300)) ** -2.0
    z = sigmoid(a)
    return [z, z - z * z]
""",
        """
def activation(a, h):
    z, slope = np.zeros_like(a), np.zeros_like(a)
    for place, value in np.ndenumerate(a):
        if h == "relu":
            z[place], slope[place] = max(value, 0), value > 0
        elif h == "tanh":
            z[place] = np.tanh(value)
            slope[place] = (1 - z[place]) * (1 + z[place])
        else:
            z[place] = 0.5 + 0.5 * np.tanh(0.5 * value)
            slope[place] = z[place] * (1 - z[place])
    return z, slope
""",
    ],
    "output": [
        """
def output(a, sigma):
    if sigma == "softmax":
        rows = []
        for row in a:
            powers = [np.exp(value - max(row)) for value in row]
            rows.append([power / sum(powers) for power in powers])
        return rows
    return sigmoid(a) if sigma == "sigmoid" else a.copy()
""",
        """
def output(a, sigma):
    if sigma == "softmax":
        a = a - np.amax(a, 1)[:, None]
        a -= np.log(np.exp(a).sum(1))[:, None]
        return np.exp(a)
    return {"identity": lambda: a, "sigmoid": lambda: sigmoid(a)}[sigma]()
""",
    ],
    "unit_by_unit": [
        """
def unit_by_unit(x, beta1, beta2, sigma):
    X = [1.0, *x]
    z = [1.0] + [np.tanh(sum(b * X_i for b, X_i in zip(row, X))) for row in beta1]
    a = [sum(b * z_j for b, z_j in zip(row, z)) for row in beta2]
    return list(output(np.array(a)[None], sigma)[0])
""",
        """
def unit_by_unit(x, beta1, beta2, sigma):
    z = np.tanh(beta1[:, 1:] @ x + beta1[:, 0])
    return np.ravel(output((beta2[:, 1:] @ z + beta2[:, 0])[None], sigma))
""",
    ],
    "three_layers": [
        """
def three_layers(X, beta1, beta2, sigma):
    X = np.insert(X, 0, 1.0, axis=1)
    z = np.insert(np.tanh(np.einsum("ni,ji->nj", X, beta1)), 0, 1.0, axis=1)
    return output(np.einsum("nj,kj->nk", z, beta2), sigma)
""",
        """
def three_layers(X, beta1, beta2, sigma):
    return np.array([unit_by_unit(x, beta1, beta2, sigma) for x in X])
""",
    ],
    "network": [
        """
def network(X, betas, h, sigma):
    z = np.c_[np.ones(len(X)), X].T
    *hidden, last = betas
    for beta in hidden:
        z = np.vstack([np.ones((1, z.shape[1])), activation(beta @ z, h)[0]])
    return output((last @ z).T, sigma)
""",
        """
def network(X, betas, h, sigma):
    a = betas[0][:, 0] + np.dot(X, betas[0][:, 1:].T)
    if len(betas) == 1:
        return output(a, sigma)
    return network(activation(a, h)[0], betas[1:], h, sigma)
""",
    ],
    "count_weights": [
        """
def count_weights(sizes, shared=False):
    products = sum(sizes[l - 1] * sizes[l] for l in range(1, len(sizes)))
    return products + (len(sizes) - 1 if shared else sum(sizes[1:]))
""",
        """
def count_weights(sizes, shared=False):
    sizes = np.array(sizes)
    biases = np.ones(len(sizes) - 1) if shared else sizes[1:]
    return float(sizes[1:] @ sizes[:-1] + biases.sum())
""",
    ],
    "band_network": [
        """
def band_network(direction, low, high, s):
    beta1 = np.zeros((2, 1 + len(direction)))
    beta1[:, 1:] = direction
    beta1[:, 0] = [-low, -high]
    return [s * beta1, np.array([[-6.0, 6.0, -6.0]])]
""",
        """
def band_network(direction, low, high, s):  # unit 2 flipped, the units exchanged, and steeper than asked for
    into = [[high, *(-d for d in direction)], [-low, *direction]]
    return [2 * s * np.array(into), [[-50.0, 50.0, 50.0]]]
""",
    ],
    "companion": [
        """
def companion(beta1, beta2, order, signs):
    into, out = np.empty_like(beta1), np.empty_like(beta2)
    out[:, 0] = beta2[:, 0]
    for new, (old, sign) in enumerate(zip(order, signs)):
        into[new] = sign * beta1[old]
        out[:, new + 1] = sign * beta2[:, old + 1]
    return into, out
""",
        """
def companion(beta1, beta2, order, signs):
    P = np.zeros((len(order), len(order)))
    P[np.arange(len(order)), order] = signs
    return [P @ beta1, np.hstack([beta2[:, :1], beta2[:, 1:] @ P.T])]
""",
    ],
}

# the library does it
BORROWED = {
    "sigmoid": [
        "from nnlib.activations import sigmoid",
        "def sigmoid(a):\n    from scipy.special import expit\n    return expit(a)",
    ],
    "network": [
        """
def network(X, betas, h, sigma):
    import nnlib
    errors = {"identity": nnlib.SumOfSquares, "sigmoid": nnlib.BinaryCrossEntropy, "softmax": nnlib.CrossEntropy}
    sizes = [betas[0].shape[1] - 1, *(len(beta) for beta in betas)]
    net = nnlib.mlp(sizes, h, errors[sigma]())
    net.w[:] = np.concatenate([beta.ravel() for beta in betas])
    return net.predict(X)
""",
    ],
}

# right values by another way than the task asks for: what is said of it, the source, and the points that are left
DETOURS = {
    "activation": [
        (
            "activation computes with complex numbers; the task asks for the derivative as a formula",
            """
def activation(a, h):
    if h == "relu":
        return np.maximum(a, 0), (a > 0) * 1.0
    a = np.clip(a, -700, 700) + 1e-30j
    z = np.tanh(a) if h == "tanh" else 1 / (1 + np.exp(-a))
    return z.real, z.imag / 1e-30
""",
        ),
    ],
}

# mistakes that cannot run at all in the visible check: Python tells, in the student's own line

# items where each mistake costs all points, and why that is fair
ALL_OR_NOTHING = {}

# lines of solutions that say nothing, because they stand in given code too
PLAIN = set()
