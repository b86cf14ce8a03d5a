# Blind answers of students to `autoencoder`; ../test_students.py says what the heads mean.

# %% principal_axes, right: SVD, signs flipped
def principal_axes(X, k):
    mean = X.sum(axis=0) / len(X)
    U, s, Vt = np.linalg.svd((X - mean) / np.sqrt(len(X)))
    ev = np.zeros(X.shape[1])
    ev[:len(s)] = s ** 2
    V = Vt[:k] * np.where(Vt[:k].sum(axis=1) > 0, -1, 1)[:, None]
    return mean, V, ev

# %% principal_axes, wrong: divided by n - 1; by SVD, so that the signs of the axes differ from eigh's
# named: divided by n - 1
def principal_axes(X, k):
    mean = X.mean(axis=0)
    U, S, Vt = np.linalg.svd(X - mean)
    ev = np.zeros(X.shape[1])
    ev[:len(S)] = S ** 2 / (len(X) - 1)
    return mean, Vt[:k], ev

# %% principal_axes, wrong: float32, eigenvalues sorted, axes left in ascending order
# named: smallest eigenvalues first; axes in another order than the eigenvalues
def principal_axes(X, k):
    X = np.asarray(X, dtype="float32")
    mean = X.mean(0)
    Xc = X - mean
    vals, vecs = np.linalg.eigh(Xc.T @ Xc / len(X))
    return mean, vecs[:, :k].T, np.sort(vals)[::-1]

# %% principal_axes, wrong: rows of the eigenvector matrix instead of columns
# named: rows of the matrix of eigenvectors
def principal_axes(X, k):
    mean = X.mean(axis=0)
    vals, vecs = np.linalg.eigh(np.cov(X.T, bias=True).reshape(X.shape[1], X.shape[1]))
    idx = np.argsort(vals)[::-1]
    return mean, vecs[idx][:k], vals[idx]

# %% project, wrong: right values, but X of the caller is changed
# named: changes X
def project(X, mean, axes):
    X -= mean
    return np.einsum("ns,js->nj", X, axes), X @ (axes.T @ axes) + mean

# %% pca_error, wrong: fraction of the total
# named: shares in place of errors
def pca_error(eigenvalues):
    total = eigenvalues.sum()
    return 1 - np.r_[0, np.cumsum(eigenvalues)] / total

# %% pca_error, wrong: sum of what is kept
# named: what is kept in place of what is lost
def pca_error(eigenvalues):
    return np.concatenate([[0], np.cumsum(eigenvalues)])

# %% principal_angles, right: bases by SVD
def principal_angles(A, B):
    a = np.linalg.svd(A, full_matrices=False)[2]
    b = np.linalg.svd(B, full_matrices=False)[2]
    s = np.linalg.svd(a @ b.T, compute_uv=False)
    return np.arccos(np.minimum(s, 1.0))

# %% principal_angles, wrong: cosines above 1 give nan
# named: cosines above 1 not cut off
def principal_angles(A, B):
    QA = np.linalg.qr(A.T)[0]
    QB = np.linalg.qr(B.T)[0]
    return np.arccos(np.linalg.svd(QA.T @ QB, compute_uv=False))

# %% principal_angles, wrong: rows normalized, not orthogonalized
# named: rows of length 1, but not at right angles
def principal_angles(A, B):
    A = A / np.linalg.norm(A, axis=1, keepdims=True)
    B = B / np.linalg.norm(B, axis=1, keepdims=True)
    s = np.linalg.svd(A @ B.T, compute_uv=False)
    return np.arccos(np.clip(s, -1, 1))

# %% linear_gradient, wrong: biases summed
# named: sum over the images in place of the mean
def linear_gradient(weights, X):
    W1, b1, W2, b2 = weights
    n = X.shape[0]
    Z = X.dot(W1.T) + b1
    D = 2 * (Z.dot(W2.T) + b2 - X)
    DZ = D.dot(W2)
    return [DZ.T.dot(X) / n, DZ.sum(axis=0), D.T.dot(Z) / n, D.sum(axis=0)]

# %% train_linear, wrong: one step too many
# named: one step too many
def train_linear(weights, X, steps, alpha):
    w = [np.copy(v) for v in weights]
    for _ in range(steps + 1):
        g = linear_gradient(w, X)
        w = [v - alpha * d for v, d in zip(w, g)]
    return w

# %% train_linear, wrong: each array changed before the gradient of the next is found
# named: one array after the other
def train_linear(weights, X, steps, alpha):
    w = [v.copy() for v in weights]
    for _ in range(steps):
        for i in range(4):
            w[i] = w[i] - alpha * linear_gradient(w, X)[i]
    return w

# %% train_linear, wrong: right values, but weights of the caller are changed
# named: changes weights
def train_linear(weights, X, steps, alpha):
    while steps:
        for w, dw in zip(weights, linear_gradient(weights, X)):
            w -= alpha * dw
        steps -= 1
    return tuple(weights)

# %% deep_gradient, right: heaviside of the sums
def deep_gradient(betas, X, target):
    z = deep_forward(betas, X)
    n, half = len(X), len(betas) // 2
    d, out = (z[-1] - target) / n, []
    for l in range(len(betas))[::-1]:
        out.append(d.T @ np.pad(z[l], ((0, 0), (1, 0)), constant_values=1))
        d = (d @ betas[l][:, 1:]) * (1 if l == half else np.heaviside(z[l], 0))
    return out[::-1]

# %% deep_gradient, wrong: ReLU slope at the code layer, too
# named: ReLU at the code
def deep_gradient(betas, X, target):
    z = deep_forward(betas, X)
    n = len(X)
    d = z[-1] - target
    g = [None] * len(betas)
    for l in range(len(betas) - 1, -1, -1):
        g[l] = d.T @ np.column_stack([np.ones(n), z[l]]) / n
        if l > 0:
            d = (d @ betas[l][:, 1:]) * (z[l] > 0)
    return g

# %% deep_gradient, wrong: compared with the input, target ignored
# named: compared with the input in place of the target
def deep_gradient(betas, X, target):
    z = deep_forward(betas, X)
    d = z[-1] - X
    grads = [None] * len(betas)
    for l in range(len(betas) - 1, -1, -1):
        grads[l] = d.T @ np.insert(z[l], 0, 1, axis=1) / len(X)
        if l > 0:
            d = d @ betas[l][:, 1:]
            if l != len(betas) // 2:
                d = d * (z[l] > 0)
    return grads

# %% train, right: list comprehension
def train(betas, X, noises, batches, alpha):
    for e, J in zip(noises, batches):
        betas = [np.subtract(b, np.multiply(alpha, g)) for b, g in zip(betas, deep_gradient(betas, e + X[J], X[J]))]
    return tuple(betas)

# %% train, wrong: noise ignored
# named: noise forgotten
def train(betas, X, noises, batches, alpha):
    for J in batches:
        g = deep_gradient(betas, X[J], X[J])
        betas = [b - alpha * d for b, d in zip(betas, g)]
    return betas

# %% train, wrong: target is the noisy image
# named: noisy target
def train(betas, X, noises, batches, alpha):
    for J, e in zip(batches, noises):
        x = X[J] + e
        g = deep_gradient(betas, x, x)
        betas = [b - alpha * d for b, d in zip(betas, g)]
    return betas

# %% denoising_error, right: traces
def denoising_error(betas, X, noise):
    d = deep_forward(betas, noise + X)[-1] - X
    return np.trace(noise @ noise.T) / len(X), np.trace(d @ d.T) / len(X)
