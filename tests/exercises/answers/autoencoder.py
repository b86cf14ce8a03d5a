"""Right solutions of `autoencoder` in other words, and solutions that leave the work to a library."""

# right, by other ways: loops, the SVD, einsum, other signs and orders of summation
RIGHT = {
    "principal_axes": [
        """
def principal_axes(X, k):
    mean = np.mean(X, 0)
    _, s, V = np.linalg.svd(X - mean)
    values = np.zeros(X.shape[1])
    values[: len(s)] = s**2 / len(X)
    return [mean, -V[:k], values]
""",
        """
def principal_axes(X, k):
    mean = sum(X) / len(X)
    C = np.cov(X.T, bias=True)
    values, vectors = np.linalg.eigh(-C)
    return mean, np.array([vectors[:, j] for j in range(k)]), list(-values)
""",
    ],
    "project": [
        """
def project(X, mean, axes):
    Z = [[np.dot(v, x - mean) for v in axes] for x in X]
    Xhat = [mean + sum(number * v for number, v in zip(z, axes)) for z in Z]
    return Z, Xhat
""",
        """
def project(X, mean, axes):
    X = X - mean
    return np.einsum("ns,js->nj", X, axes), X @ (axes.T @ axes) + mean
""",
    ],
    "reconstruction_error": [
        """
def reconstruction_error(X, Xhat):
    return [float(np.dot(x - xhat, x - xhat)) for x, xhat in zip(X, Xhat)]
""",
        """
def reconstruction_error(X, Xhat):
    return np.linalg.norm(X - Xhat, axis=1) ** 2
""",
    ],
    "pca_error": [
        """
def pca_error(eigenvalues):
    return [sum(eigenvalues[k:]) for k in range(len(eigenvalues) + 1)]
""",
        """
def pca_error(eigenvalues):
    return eigenvalues.sum() - np.concatenate([[0], np.cumsum(eigenvalues)])
""",
    ],
    "principal_angles": [
        """
def principal_angles(A, B):
    bases = [np.linalg.svd(M, full_matrices=False)[2] for M in (A, B)]
    cosines = np.linalg.svd(bases[1] @ bases[0].T)[1]
    return np.arccos(np.minimum(cosines, 1.0))
""",
        """
def principal_angles(A, B):
    Q_A, Q_B = np.linalg.qr(A.T)[0], np.linalg.qr(B.T)[0]
    if Q_A.shape[1] < Q_B.shape[1]:
        Q_A, Q_B = Q_B, Q_A
    cosines = np.linalg.svd(Q_B.T @ Q_A, compute_uv=False)
    sines = np.linalg.svd(Q_B - Q_A @ (Q_A.T @ Q_B), compute_uv=False)[::-1]
    return np.arctan2(sines, cosines)
""",
    ],
    "linear_gradient": [
        """
def linear_gradient(weights, X):
    W1, b1, W2, b2 = weights
    g = [np.zeros(w.shape) for w in weights]
    for x in X:
        z = W1 @ x + b1
        delta = 2 * (W2 @ z + b2 - x) / len(X)
        for place, part in enumerate((np.outer(W2.T @ delta, x), W2.T @ delta, np.outer(delta, z), delta)):
            g[place] += part
    return tuple(g)
""",
        """
def linear_gradient(weights, X):
    W1, b1, W2, b2 = weights
    Z = np.einsum("ns,js->nj", X, W1) + b1
    off = np.einsum("nj,sj->ns", Z, W2) + b2 - X
    back = np.einsum("ns,sj->nj", off, W2)
    dW1, dW2 = np.einsum("nj,ns->js", back, X), np.einsum("ns,nj->sj", off, Z)
    return [2 * part / len(X) for part in (dW1, back.sum(0), dW2, off.sum(0))]
""",
    ],
    "train_linear": [
        """
def train_linear(weights, X, steps, alpha):
    weights = [w.copy() for w in weights]
    while steps:
        for w, dw in zip(weights, linear_gradient(weights, X)):
            w -= alpha * dw
        steps -= 1
    return tuple(weights)
""",
        """
def train_linear(weights, X, steps, alpha):
    if steps == 0:
        return weights
    W1, b1, W2, b2 = weights
    g1, g2, g3, g4 = linear_gradient(weights, X)
    new = [W1 - alpha * g1, b1 - alpha * g2, W2 - alpha * g3, b2 - alpha * g4]
    return train_linear(new, X, steps - 1, alpha)
""",
    ],
    "deep_gradient": [
        """
def deep_gradient(betas, X, target):
    z, L = deep_forward(betas, X), len(betas)
    delta = (z[-1] - target) / len(X)
    g = [None] * L
    for l in reversed(range(L)):
        g[l] = np.column_stack([delta.sum(axis=0), np.einsum("nt,ns->ts", delta, z[l])])
        slope = np.ones_like(z[l]) if l == L // 2 else np.where(z[l] > 0, 1.0, 0.0)
        delta = slope * np.dot(delta, betas[l][:, 1:])
    return g
""",
        """
def deep_gradient(betas, X, target):
    total = [np.zeros(beta.shape) for beta in betas]
    for x, t in zip(X, target):
        z = deep_forward(betas, x[None])
        delta = z[-1][0] - t
        for l in range(len(betas) - 1, -1, -1):
            total[l] += np.outer(delta, np.append(1.0, z[l][0])) / len(X)
            delta = betas[l][:, 1:].T @ delta
            if l != len(betas) / 2:
                delta[z[l][0] <= 0] = 0
    return total
""",
    ],
    "train": [
        """
def train(betas, X, noises, batches, alpha):
    betas = list(betas)
    for i in range(len(batches)):
        seen = X[batches[i]]
        seen += noises[i]
        for l, g in enumerate(deep_gradient(betas, seen, X[batches[i]])):
            betas[l] = betas[l] - alpha * g
    return betas
""",
        """
def train(betas, X, noises, batches, alpha):
    new = [np.array(beta) for beta in betas]
    for J, noise in zip(batches, noises):
        for beta, slope in zip(new, deep_gradient(new, np.add(noise, X[J]), X[J])):
            beta -= np.multiply(alpha, slope)
    return tuple(new)
""",
    ],
    "denoising_error": [
        """
def denoising_error(betas, X, noise):
    before, after = [], []
    for x, e in zip(X, noise):
        xhat = deep_forward(betas, (x + e)[None, :])[-1][0]
        before.append(sum(e**2))
        after.append(sum((xhat - x) ** 2))
    return [sum(before) / len(before), sum(after) / len(after)]
""",
        """
def denoising_error(betas, X, noise):
    xhat = deep_forward(betas, X + noise)[len(betas)]
    return np.array([np.sum(noise**2), np.sum((xhat - X) ** 2)]) / len(X)
""",
    ],
}

# plausible, wrong, and no declared mistake: each violates something that the task states
WRONG = {
    "principal_axes": [
        """
def principal_axes(X, k):
    mean = np.median(X, axis=0)
    eigenvalues, vectors = np.linalg.eigh((X - mean).T @ (X - mean) / len(X))
    return mean, vectors[:, ::-1][:, :k].T, eigenvalues[::-1]
""",
        """
def principal_axes(X, k):
    mean = X.mean(axis=0)
    _, s, V = np.linalg.svd(X - mean, full_matrices=False)
    return mean, V[:k], s**2 / len(X)
""",
        """
def principal_axes(X, k):
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    eigenvalues, vectors = np.linalg.eigh(Z.T @ Z / len(X))
    return X.mean(axis=0), vectors[:, ::-1][:, :k].T, eigenvalues[::-1]
""",
        """
def principal_axes(X, k):
    mean = X.mean(axis=0)
    X -= mean
    eigenvalues, vectors = np.linalg.eigh(X.T @ X / len(X))
    return mean, vectors[:, ::-1][:, :k].T, eigenvalues[::-1]
""",
    ],
    "project": [
        """
def project(X, mean, axes):
    Z = X @ axes.T - mean @ axes.T
    return Z, Z @ axes + X.mean(axis=0)
""",
        """
def project(X, mean, axes):
    Z = (X - mean) @ axes.T
    return np.abs(Z), mean + Z @ axes
""",
        """
def project(X, mean, axes):
    X -= mean
    Z = X @ axes.T
    return Z, mean + Z @ axes
""",
    ],
    "reconstruction_error": [
        "def reconstruction_error(X, Xhat):\n    return ((Xhat - X) ** 2).sum(axis=1) / (X**2).sum(axis=1)",
        "def reconstruction_error(X, Xhat):\n    return np.abs(Xhat - X).max(axis=1) ** 2",
    ],
    "pca_error": [
        """
def pca_error(eigenvalues):
    return [sum(eigenvalues[k:]) / max(len(eigenvalues) - k, 1) for k in range(len(eigenvalues) + 1)]
""",
        "def pca_error(eigenvalues):\n    return [np.sum(eigenvalues[k:] ** 2) for k in range(len(eigenvalues) + 1)]",
    ],
    "principal_angles": [
        """
def principal_angles(A, B):
    Q_A, Q_B = np.linalg.qr(A.T)[0], np.linalg.qr(B.T)[0]
    return np.arccos(np.clip(np.linalg.svd(Q_A.T @ Q_B, compute_uv=False) ** 2, 0, 1))
""",
        """
def principal_angles(A, B):
    Q_A = np.linalg.qr(A.T)[0].T
    return np.arccos(np.clip(np.linalg.svd(Q_A @ B.T, compute_uv=False), -1, 1))
""",
        """
def principal_angles(A, B):
    Q_A, Q_B = np.linalg.qr(A.T)[0], np.linalg.qr(B.T)[0]
    cosines = np.linalg.svd(Q_A.T @ Q_B, compute_uv=False)
    return np.arccos(cosines / max(cosines))
""",
    ],
    "linear_gradient": [
        """
def linear_gradient(weights, X):
    W1, b1, W2, b2 = weights
    Z = np.tanh(X @ W1.T + b1)
    delta = 2 * (Z @ W2.T + b2 - X) / len(X)
    back = (delta @ W2) * (1 - Z**2)
    return [back.T @ X, back.sum(axis=0), delta.T @ Z, delta.sum(axis=0)]
""",
        """
def linear_gradient(weights, X):
    W1, b1, W2, b2 = weights
    Z = X @ W1.T + b1
    delta = 2 * (Z @ W2.T + b2 - X) / len(X)
    back = delta @ W2
    return [back.T @ X, np.zeros_like(b1), delta.T @ Z, np.zeros_like(b2)]
""",
    ],
    "train_linear": [
        """
def train_linear(weights, X, steps, alpha):
    for _ in range(steps):
        for w, dw in zip(weights, linear_gradient(weights, X)):
            w -= alpha * dw
    return weights
""",
        """
def train_linear(weights, X, steps, alpha):
    for k in range(steps):
        weights = [w - alpha / (k + 1) * dw for w, dw in zip(weights, linear_gradient(weights, X))]
    return weights
""",
    ],
    "deep_gradient": [
        """
def deep_gradient(betas, X, target):
    z = deep_forward(betas, X)
    delta, g = z[-1] - target, [None] * len(betas)
    for l in reversed(range(len(betas))):
        g[l] = delta.T @ np.column_stack([np.ones(len(X)), z[l]]) / len(X)
        delta = delta @ betas[l][:, 1:]
        if l != len(betas) // 2:
            delta = delta * np.sign(z[l])[:1]
    return g
""",
        """
def deep_gradient(betas, X, target):
    z = deep_forward(betas, X)
    delta, g = 2 * (z[-1] - target) * z[-1] * (1 - z[-1]), [None] * len(betas)
    for l in reversed(range(len(betas))):
        g[l] = delta.T @ np.column_stack([np.ones(len(X)), z[l]]) / len(X)
        delta = delta @ betas[l][:, 1:] * (1 if l == len(betas) // 2 else z[l] > 0)
    return g
""",
        """
def deep_gradient(betas, X, target):
    z = deep_forward(betas, X)
    delta, g = z[-1] - target, [None] * len(betas)
    for l in reversed(range(len(betas))):
        g[l] = delta.T @ np.column_stack([np.zeros(len(X)), z[l]]) / len(X)
        delta = delta @ betas[l][:, 1:] * (1 if l == len(betas) // 2 else z[l] > 0)
    return g
""",
    ],
    "train": [
        """
def train(betas, X, noises, batches, alpha):
    for J, noise in zip(batches, noises):
        for beta, g in zip(betas, deep_gradient(betas, X[J] + noise, X[J])):
            beta -= alpha * g
    return betas
""",
        """
def train(betas, X, noises, batches, alpha):
    noise = noises[0]
    for J in batches:
        betas = [beta - alpha * g for beta, g in zip(betas, deep_gradient(betas, X[J] + noise, X[J]))]
    return betas
""",
        """
def train(betas, X, noises, batches, alpha):
    for J, noise in list(zip(batches, noises))[::-1]:
        betas = [beta - alpha * g for beta, g in zip(betas, deep_gradient(betas, X[J] + noise, X[J]))]
    return betas
""",
    ],
    "denoising_error": [
        """
def denoising_error(betas, X, noise):
    xhat = deep_forward(betas, X + noise)[-1]
    return np.mean(reconstruction_error(X, X + noise)), np.mean(reconstruction_error(deep_forward(betas, X)[-1], xhat))
""",
        """
def denoising_error(betas, X, noise):
    X += noise
    xhat = deep_forward(betas, X)[-1]
    return np.mean(reconstruction_error(X - noise, X)), np.mean(reconstruction_error(X - noise, xhat))
""",
    ],
}

# the library does it
BORROWED = {
    "principal_axes": [
        """
def principal_axes(X, k):
    from sklearn.decomposition import PCA
    found = PCA(X.shape[1]).fit(X)
    return found.mean_, found.components_[:k], found.explained_variance_ * (len(X) - 1) / len(X)
""",
        """
def principal_axes(X, k):
    from nnlib.pca import principal_axes
    return principal_axes(X, k)
""",
    ],
    "principal_angles": [
        """
def principal_angles(A, B):
    from scipy.linalg import subspace_angles
    return subspace_angles(A.T, B.T)[::-1]
""",
    ],
    "reconstruction_error": ["from nnlib.pca import reconstruction_error"],
    "linear_gradient": [
        """
def linear_gradient(weights, X):
    import torch
    W1, b1, W2, b2 = parts = [torch.tensor(w, requires_grad=True) for w in weights]
    X = torch.tensor(X)
    (((X @ W1.T + b1) @ W2.T + b2 - X) ** 2).sum(1).mean().backward()
    return [part.grad.numpy() for part in parts]
""",
    ],
}

# right values by another way than the task asks for: what is said of it, the source, and the points that are left
_INLINE = """
def linear_gradient(weights, X):
    def F(W1, b1, W2, b2):
        return np.sum(((X @ W1.T + b1) @ W2.T + b2 - X) ** 2) / len(X)
    g = [np.zeros(w.shape) for w in weights]
    for number, w in enumerate(weights):
        for index in np.ndindex(*w.shape):
            values = []
            for step in STEPS:
                new = [each + 0 * step for each in weights]
                new[number][index] += step
                values.append(F(*new))
            g[number][index] = TAKE
    return g
"""
DETOURS = {
    "linear_gradient": [
        (
            "linear_gradient computes with complex numbers; the task asks for backpropagation",
            _INLINE.replace("STEPS", "[1e-30j]").replace("TAKE", "values[0].imag / 1e-30"),
        ),
        (  # F is quadratic in each weight, so that these quotients have no error but rounding
            "is off, by about",
            _INLINE.replace("STEPS", "(1.0, -1.0)").replace("TAKE", "(values[0] - values[1]) / 2"),
        ),
    ],
    "train_linear": [
        (
            "weights of pixels that are always 0 have changed",
            """
def train_linear(weights, X, steps, alpha):
    mean, axes, _ = principal_axes(X, len(weights[0]))
    return [axes, -axes @ mean, axes.T, mean]
""",
        ),
    ],
    "deep_gradient": [
        (
            r"deep_gradient called cross_entropy \d+ times; the task asks for backpropagation, which goes forward once",
            """
def deep_gradient(betas, X, target):
    g = [np.zeros(beta.shape) for beta in betas]
    for l, beta in enumerate(betas):
        for index in np.ndindex(*beta.shape):
            new = [each.copy() for each in betas]
            new[l][index] += 1e-5
            above = cross_entropy(new, X, target)
            new[l][index] -= 2e-5
            g[l][index] = (above - cross_entropy(new, X, target)) / 2e-5
    return g
""",
        ),
        (
            r"deep_gradient called deep_forward \d+ times",
            """
def deep_gradient(betas, X, target):
    z, g = deep_forward(betas, X), []
    for l, beta in enumerate(betas):
        delta = np.zeros((len(X), len(beta)))
        for t in range(len(beta)):
            E = []
            for step in 1e-5, -1e-5:
                new = [each.copy() for each in betas]
                new[l][t, 0] += step
                xhat = deep_forward(new, X)[-1]
                E.append(-np.sum(target * np.log(xhat) + (1 - target) * np.log(1 - xhat), axis=1))
            delta[:, t] = (E[0] - E[1]) / 2e-5
        g.append(delta.T @ np.hstack([np.ones((len(X), 1)), z[l]]) / len(X))
    return g
""",
        ),
    ],
    "train": [
        (
            "weights of pixels that are always 0 have changed",
            """
def train(betas, X, noises, batches, alpha):
    return [beta + 0.01 for beta in betas]
""",
        ),
        (
            "part 0 of the weights is as it was",
            """
def train(betas, X, noises, batches, alpha):
    z = deep_forward(betas, X)[-2]
    A = np.hstack([np.ones((len(z), 1)), z])
    logits = np.log((X + 0.02) / (1.02 - X).clip(0.02))
    return [*betas[:-1], np.linalg.lstsq(A, logits, rcond=None)[0].T]
""",
        ),
    ],
}

# items where each mistake costs all points, and why that is fair
ALL_OR_NOTHING = {"reconstruction-error": "a wrong unit is wrong for every image"}

# lines of solutions that say nothing, because they stand in given code too
PLAIN = {"W1, b1, W2, b2 = weights"}
