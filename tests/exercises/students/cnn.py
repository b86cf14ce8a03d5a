# Blind answers of students to `cnn`; ../test_students.py says what the heads mean.

# %% layer_size, right: numpy whole numbers, list for the tuple
def layer_size(C, H, W, M, k, s=1, P=0):
    size = np.array([M, *((np.array([H, W]) + 2 * P - k) // s + 1)])
    return [size, np.int64(M + M * C * k ** 2), size.prod() * (1 + C * H * W)]

# %% layer_size, wrong: biases are not counted
# named: biases left out of the counts
def layer_size(C, H, W, M, k, s=1, P=0):
    h_out = int((H - k + 2 * P) / s) + 1
    w_out = int((W - k + 2 * P) / s) + 1
    return (M, h_out, w_out), M * C * k ** 2, M * h_out * w_out * C * H * W

# %% layer_size, wrong: padding counted on one side only
# named: padding on one side only
def layer_size(C, H, W, M, k, s=1, P=0):
    H2 = (H + P - k) // s + 1
    W2 = (W + P - k) // s + 1
    weights = M * (C * k * k + 1)
    dense = M * H2 * W2 * (C * H * W + 1)
    return (M, H2, W2), weights, dense

# %% patches, wrong: all positions, stride not used
# named: stride forgotten
def patches(z, kh, kw, s=1, P=0):
    z = np.pad(z, [(0, 0), (0, 0), (P, P), (P, P)])
    n, C, H, W = z.shape
    return np.stack([z[:, :, r:r + kh, c:c + kw].reshape(n, -1) for r in range(H - kh + 1) for c in range(W - kw + 1)], axis=-1)

# %% patches, wrong: np.pad(z, P) pads observations and channels, too
# named: padding on all axes
def patches(z, kh, kw, s=1, P=0):
    if P > 0:
        z = np.pad(z, P)
    n, C, H, W = z.shape
    out = []
    for r in range(0, H - kh + 1, s):
        for c in range(0, W - kw + 1, s):
            out.append(z[:, :, r:r + kh, c:c + kw].reshape(n, C * kh * kw))
    return np.stack(out, axis=2)

# %% patches, wrong: (n, positions, C · k · k) reshaped, not transposed
# named: reshape in place of a transpose
def patches(z, kh, kw, s=1, P=0):
    zp = np.pad(z, ((0, 0), (0, 0), (P, P), (P, P)))
    n, C, H, W = zp.shape
    ho = (H - kh) // s + 1
    wo = (W - kw) // s + 1
    out = np.zeros((n, ho * wo, C * kh * kw))
    for i in range(ho):
        for j in range(wo):
            out[:, i * wo + j] = zp[:, :, i * s:i * s + kh, j * s:j * s + kw].reshape(n, -1)
    return out.reshape(n, C * kh * kw, ho * wo)

# %% convolve, right: FFT over rows and columns
def convolve(z, kernels, bias):
    n, C, H, W = z.shape
    M, _, kh, kw = kernels.shape
    fz = np.fft.rfft2(z, (H, W))
    fk = np.fft.rfft2(kernels, (H, W))
    out = np.fft.irfft2(np.einsum("ndhw,mdhw->nmhw", fz, fk.conj()), (H, W))
    return out[:, :, :H - kh + 1, :W - kw + 1] + np.reshape(bias, (1, -1, 1, 1))

# %% convolve, right: one big matrix for the layer
def convolve(z, kernels, bias):
    n, C, H, W = z.shape
    M, _, kh, kw = kernels.shape
    oh, ow = H - kh + 1, W - kw + 1
    T = np.zeros((M, oh, ow, C, H, W))
    for r in range(oh):
        for c in range(ow):
            T[:, r, c, :, r:r + kh, c:c + kw] = kernels
    return (z.reshape(n, -1) @ T.reshape(M * oh * ow, -1).T).reshape(n, M, oh, ow) + bias[:, None, None]

# %% convolve, wrong: bias forgotten
# named: bias forgotten
def convolve(z, kernels, bias):
    n, C, H, W = z.shape
    M, C, kh, kw = kernels.shape
    P = patches(z, kh, kw)
    return np.einsum("mk,nkp->nmp", kernels.reshape(M, C * kh * kw), P).reshape(n, M, H - kh + 1, W - kw + 1)

# %% convolve, wrong: ReLU is already in it
# named: ReLU taken already
def convolve(z, kernels, bias):
    M, C, kh, kw = kernels.shape
    n, _, H, W = z.shape
    cols = patches(z, kh, kw)
    res = kernels.reshape(M, -1) @ cols + bias[:, None]
    return np.maximum(0, res.reshape(n, M, H - kh + 1, W - kw + 1))

# %% conv_gradient, right: FFT
def conv_gradient(delta, z):
    n, M, h, w = delta.shape
    _, C, H, W = z.shape
    f = np.einsum("nmuv,nduv->mduv", np.fft.fft2(delta, (H, W)).conj(), np.fft.fft2(z)) / n
    return np.fft.ifft2(f).real[:, :, :H - h + 1, :W - w + 1], delta.sum((2, 3)).sum(0) / n

# %% conv_gradient, wrong: the gradient turned by 180 degrees
# named: kernel turned around
def conv_gradient(delta, z):
    n, M, h, w = delta.shape
    _, C, H, W = z.shape
    kh, kw = H - h + 1, W - w + 1
    g = np.zeros((M, C, kh, kw))
    for i in range(kh):
        for j in range(kw):
            g[:, :, i, j] = np.einsum("nmrc,ndrc->md", delta, z[:, :, i:i + h, j:j + w]) / n
    return g[:, :, ::-1, ::-1], delta.sum(axis=(2, 3)).mean(axis=0)

# %% conv_gradient, wrong: mean over positions, too
# named: mean over the positions
def conv_gradient(delta, z):
    n, M, h2, w2 = delta.shape
    C, H, W = z.shape[1:]
    kh, kw = H - h2 + 1, W - w2 + 1
    dk = np.zeros((M, C, kh, kw))
    for i in range(kh):
        for j in range(kw):
            dk[:, :, i, j] = np.mean(delta[:, :, None] * z[:, None, :, i:i + h2, j:j + w2], axis=(0, 3, 4))
    return dk, delta.mean(axis=(0, 2, 3))

# %% conv_gradient, wrong: sum over the observations
# named: sum over the observations in place of the mean
def conv_gradient(delta, z):
    n, M, h, w = delta.shape
    _, C, H, W = z.shape
    dW = np.zeros((M, C, H - h + 1, W - w + 1))
    db = np.zeros(M)
    for b in range(n):
        for m in range(M):
            db[m] += delta[b, m].sum()
            for r in range(h):
                for c in range(w):
                    dW[m] += delta[b, m, r, c] * z[b, :, r:r + H - h + 1, c:c + W - w + 1]
    return dW, db

# %% conv_backward, wrong: turned in the rows only
# named: kernel turned along one axis only
def conv_backward(delta, kernels):
    M, C, kh, kw = kernels.shape
    d = np.pad(delta, ((0, 0), (0, 0), (kh - 1, kh - 1), (kw - 1, kw - 1)))
    K = kernels[:, :, ::-1].swapaxes(0, 1)
    return convolve(d, K, np.zeros(C))

# %% conv_backward, wrong: divided by n
# named: mean taken
def conv_backward(delta, kernels):
    n, M, h, w = delta.shape
    _, C, kh, kw = kernels.shape
    dz = np.zeros((n, C, h + kh - 1, w + kw - 1))
    for i in range(kh):
        for j in range(kw):
            dz[:, :, i:i + h, j:j + w] += np.einsum("nmrc,md->ndrc", delta, kernels[:, :, i, j])
    return dz / n

# %% conv_backward, wrong: full convolution with the kernel not turned
# named: kernel not turned
def conv_backward(delta, kernels):
    M, C, kh, kw = kernels.shape
    padded = np.pad(delta, ((0, 0), (0, 0), (kh - 1, kh - 1), (kw - 1, kw - 1)))
    return convolve(padded, kernels.transpose(1, 0, 2, 3), np.zeros(C))

# %% conv_backward, wrong: = instead of +=
# named: = in place of +=
def conv_backward(delta, kernels):
    n, M, h, w = delta.shape
    _, C, kh, kw = kernels.shape
    dx = np.zeros((n, C, h + kh - 1, w + kw - 1))
    for b in range(n):
        for m in range(M):
            for i in range(h):
                for j in range(w):
                    dx[b, :, i:i + kh, j:j + kw] = kernels[m] * delta[b, m, i, j]
    return dx

# %% max_pool, right: maximum over k^2 strided copies
def max_pool(z, k):
    H, W = z.shape[2] // k * k, z.shape[3] // k * k
    out = z[:, :, 0:H:k, 0:W:k]
    for i in range(k):
        for j in range(k):
            out = np.maximum(out, z[:, :, i:H:k, j:W:k])
    return out

# %% max_pool, wrong: the incomplete windows at the border are kept (ceil)
# named: windows that are not full
def max_pool(z, k):
    n, C, H, W = z.shape
    rows = range(0, H, k)
    cols = range(0, W, k)
    return np.array([[[[z[b, c, r:r + k, s:s + k].max() for s in cols] for r in rows] for c in range(C)] for b in range(n)])

# %% max_pool, wrong: overlapping windows at all positions
# named: windows that overlap
def max_pool(z, k):
    n, C, H, W = z.shape
    return np.array([[z[:, :, i:i + k, j:j + k].max(axis=(2, 3)) for j in range(W - k + 1)] for i in range(H - k + 1)]).transpose(2, 3, 0, 1)

# %% max_pool, wrong: reshape(n, C, H//k, k, W//k, k) fails for uneven: crops wrongly at the front
# named: rows cut off at the beginning
def max_pool(z, k):
    n, C, H, W = z.shape
    z = z[:, :, H % k:, W % k:]
    return z.reshape(n, C, H // k, k, W // k, k).max(axis=(3, 5))

# %% max_pool, wrong: running maximum starts at 0: negative windows give 0
# named: maximum that starts at 0
def max_pool(z, k):
    n, C, H, W = z.shape
    out = np.zeros((n, C, H // k, W // k))
    for b in range(n):
        for c in range(C):
            for i in range(H // k):
                for j in range(W // k):
                    best = 0
                    for p in range(k):
                        for q in range(k):
                            if z[b, c, i * k + p, j * k + q] > best:
                                best = z[b, c, i * k + p, j * k + q]
                    out[b, c, i, j] = best
    return out

# %% max_pool, wrong: windows overlap (stride 1)
# named: windows that overlap
def max_pool(z, k):
    n, C, H, W = z.shape
    out = np.zeros((n, C, H // k, W // k))
    for i in range(H // k):
        for j in range(W // k):
            out[:, :, i, j] = z[:, :, i:i + k, j:j + k].max(axis=(2, 3))
    return out

# %% max_pool_backward, wrong: return indented too deep, only the first window
# named: returned inside the loop
def max_pool_backward(delta, z, k):
    dz = np.zeros(z.shape)
    n, C, h, w = delta.shape
    for b in range(n):
        for c in range(C):
            for i in range(h):
                for j in range(w):
                    win = z[b, c, i * k:i * k + k, j * k:j * k + k]
                    p, q = np.unravel_index(np.argmax(win), win.shape)
                    dz[b, c, i * k + p, j * k + q] = delta[b, c, i, j]
            return dz

# %% max_pool_backward, wrong: every unit equal to the maximum gets delta
# named: delta to every maximum
def max_pool_backward(delta, z, k):
    n, C, h, w = delta.shape
    dz = np.zeros(z.shape)
    for i in range(h):
        for j in range(w):
            win = z[:, :, i * k:(i + 1) * k, j * k:(j + 1) * k]
            mask = win == win.max(axis=(2, 3), keepdims=True)
            dz[:, :, i * k:(i + 1) * k, j * k:(j + 1) * k] += mask * delta[:, :, i, j][:, :, None, None]
    return dz

# %% max_pool_backward, wrong: ties share delta equally
# named: delta shared among equal maxima
def max_pool_backward(delta, z, k):
    n, C, h, w = delta.shape
    dz = np.zeros(z.shape)
    for b in range(n):
        for c in range(C):
            for i in range(h):
                for j in range(w):
                    win = z[b, c, i * k:i * k + k, j * k:j * k + k]
                    mask = (win == np.max(win)).astype(float)
                    mask /= mask.sum()
                    dz[b, c, i * k:i * k + k, j * k:j * k + k] = mask * delta[b, c, i, j]
    return dz

# %% forward, right: ReLU as (a + |a|) / 2
def forward(weights, X):
    k1, b1, k2, b2, beta = weights
    relu = lambda v: (v + abs(v)) / 2
    a1 = convolve(X, k1, b1)
    z1 = relu(a1)
    p = max_pool(z1, 2)
    a2 = convolve(p, k2, b2)
    z2 = relu(a2)
    A = beta @ np.vstack([np.ones(len(X)), z2.reshape(len(X), -1).T])
    return [a1, z1, p, a2, z2, softmax(A.T)]

# %% forward, wrong: bias of the dense layer in the last column
# named: bias of the dense layer in the last column
def forward(weights, X):
    kernels1, bias1, kernels2, bias2, beta = weights
    a1 = convolve(X, kernels1, bias1)
    z1 = np.where(a1 > 0, a1, 0)
    pooled = max_pool(z1, 2)
    a2 = convolve(pooled, kernels2, bias2)
    z2 = np.where(a2 > 0, a2, 0)
    f = z2.reshape(len(z2), -1)
    return a1, z1, pooled, a2, z2, softmax(f @ beta[:, :-1].T + beta[:, -1])

# %% forward, wrong: flattened channels last
# named: maps flattened last
def forward(weights, X):
    K1, b1, K2, b2, beta = weights
    a1 = convolve(X, K1, b1)
    z1 = np.maximum(a1, 0)
    p1 = max_pool(z1, 2)
    a2 = convolve(p1, K2, b2)
    z2 = np.maximum(a2, 0)
    flat = z2.transpose(0, 2, 3, 1).reshape(len(X), -1)
    return a1, z1, p1, a2, z2, softmax(beta[:, 0] + flat @ beta[:, 1:].T)

# %% forward, wrong: dense layer reads a2
# named: dense layer on a2
def forward(weights, X):
    K1, b1, K2, b2, beta = weights
    a1 = convolve(X, K1, b1)
    z1 = a1 * (a1 > 0)
    pooled = max_pool(z1, 2)
    a2 = convolve(pooled, K2, b2)
    z2 = a2 * (a2 > 0)
    A = np.hstack([np.ones((X.shape[0], 1)), a2.reshape(X.shape[0], -1)])
    return a1, z1, pooled, a2, z2, softmax(A @ beta.T)

# %% gradient, right: pooling asked at a1 (the mask makes it equal), masks from z
def gradient(weights, X, Y):
    k1, b1, k2, b2, beta = weights
    a1, z1, p, a2, z2, yhat = forward(weights, X)
    n = len(X)
    d = (yhat - Y) / n
    F = np.insert(z2.reshape(n, -1), 0, 1, axis=1)
    d2 = (d @ beta[:, 1:]).reshape(a2.shape) * np.sign(z2)
    d1 = max_pool_backward(conv_backward(d2, k2), a1, 2) * (z1 > 0)
    g = [*conv_gradient(n * d1, X), *conv_gradient(n * d2, p), d.T @ F]
    return tuple(g)

# %% gradient, wrong: multiplied by z instead of the mask
# named: h in place of its slope
def gradient(weights, X, Y):
    a1, z1, p, a2, z2, yhat = forward(weights, X)
    k1, b1, k2, b2, beta = weights
    n = X.shape[0]
    d = yhat - Y
    dbeta = d.T @ np.insert(z2.reshape(n, -1), 0, 1, axis=1) / n
    da2 = (d @ beta[:, 1:]).reshape(z2.shape) * np.maximum(a2, 0)
    da1 = max_pool_backward(conv_backward(da2, k2), z1, 2) * np.maximum(a1, 0)
    return [*conv_gradient(da1, X), *conv_gradient(da2, p), dbeta]

# %% train, right: -= on copies
def train(weights, X, Y, batches, alpha):
    w = [v.astype(float) for v in weights]
    for J in batches:
        for v, g in zip(w, gradient(w, X[J], Y[J])):
            np.subtract(v, alpha * g, out=v)
    return w

# %% train, wrong: plus instead of minus
# named: step uphill
def train(weights, X, Y, batches, alpha):
    w = [np.array(v) for v in weights]
    for idx in batches:
        for v, dv in zip(w, gradient(w, X[idx], Y[idx])):
            v += alpha * dv
    return w

# %% train, wrong: right values, but the caller's weights are changed
# named: changes weights
def train(weights, X, Y, batches, alpha):
    for J in batches:
        for w, g in zip(weights, gradient(weights, X[J], Y[J])):
            w -= alpha * g
    return weights

# %% train, wrong: gradient computed anew after each array is changed
# named: one array after the other
def train(weights, X, Y, batches, alpha):
    weights = [w.copy() for w in weights]
    for J in batches:
        for l in range(len(weights)):
            weights[l] -= alpha * gradient(weights, X[J], Y[J])[l]
    return weights
