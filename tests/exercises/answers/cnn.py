"""Right solutions of `cnn` in other words, and solutions that leave the work to a library."""

# right, by other ways: loops, einsum, other orders of summation
RIGHT = {
    "layer_size": [
        """
def layer_size(C, H, W, M, k, s=1, P=0):
    size = [M]
    for length in (H, W):
        size.append(sum(1 for first in range(0, length + 2 * P, s) if first + k <= length + 2 * P))
    weights = np.zeros((M, C, k, k)).size + np.zeros(M).size
    return np.array(size), weights, int(np.prod(size)) * (1 + C * H * W)
""",
        """
def layer_size(C, H, W, M, k, s=1, P=0):
    def positions(length):
        return int(np.floor((length - k + 2 * P) / s)) + 1
    size = [M, positions(H), positions(W)]
    one_filter = C * k**2
    return [size, one_filter * M + M, math.prod(size) + math.prod(size) * H * W * C]
""".replace("math.prod", "np.prod"),
    ],
    "patches": [
        """
def patches(z, kh, kw, s=1, P=0):
    n, C, H, W = z.shape
    around = np.zeros((n, C, H + 2 * P, W + 2 * P), z.dtype)
    around[:, :, P : P + H, P : P + W] = z
    windows = np.lib.stride_tricks.sliding_window_view(around, (kh, kw), axis=(2, 3))[:, :, ::s, ::s]
    return windows.transpose(0, 1, 4, 5, 2, 3).reshape(n, C * kh * kw, -1)
""",
        """
def patches(z, kh, kw, s=1, P=0):
    out = []
    for image in z:
        image = np.pad(image, ((0, 0), (P, P), (P, P)))
        C, H, W = image.shape
        rows, columns = (H - kh) // s + 1, (W - kw) // s + 1
        lines = []
        for d in range(C):
            for i in range(kh):
                for j in range(kw):
                    lines.append([image[d, s * r + i, s * c + j] for r in range(rows) for c in range(columns)])
        out.append(lines)
    return out
""",
    ],
    "convolve": [
        """
def convolve(z, kernels, bias):
    n, C, H, W = z.shape
    M, _, kh, kw = kernels.shape
    a = np.zeros((n, M, H - kh + 1, W - kw + 1))
    for i in range(kh):
        for j in range(kw):
            a += np.einsum("ndrc,md->nmrc", z[:, :, i : H - kh + 1 + i, j : W - kw + 1 + j], kernels[:, :, i, j])
    return a + bias.reshape(1, -1, 1, 1)
""",
        """
def convolve(z, kernels, bias):
    n, C, H, W = z.shape
    M, _, kh, kw = kernels.shape
    a = np.empty((n, M, H - kh + 1, W - kw + 1), dtype=np.result_type(z, kernels))
    for x, m, r, c in np.ndindex(a.shape):
        a[x, m, r, c] = bias[m] + np.sum(kernels[m] * z[x, :, r : r + kh, c : c + kw])
    return a
""",
    ],
    "conv_gradient": [
        """
def conv_gradient(delta, z):
    delta, z = np.asarray(delta), np.asarray(z)
    windows = np.lib.stride_tricks.sliding_window_view(z, delta.shape[2:], axis=(2, 3))
    return np.einsum("nmrc,ndijrc->mdij", delta, windows) / len(z), delta.mean(axis=0).sum(axis=-1).sum(axis=-1)
""",
        """
def conv_gradient(delta, z):
    n, M, R, S = delta.shape
    kh, kw = z.shape[2] - R + 1, z.shape[3] - S + 1
    dkernels = np.zeros((M, z.shape[1], kh, kw))
    for i in range(kh):
        for j in range(kw):
            dkernels[:, :, i, j] = np.einsum("nmrc,ndrc->md", delta, z[:, :, i : i + R, j : j + S]) / n
    return dkernels, np.einsum("nmrc->m", delta) / n
""",
        """
def conv_gradient(delta, z):
    n, M, R, S = delta.shape
    C, kh, kw = z.shape[1], z.shape[2] - R + 1, z.shape[3] - S + 1
    dkernels, dbias = np.zeros((M, C, kh, kw)), np.zeros(M)
    for x in range(n):
        for m in range(M):
            dbias[m] += sum(delta[x, m].ravel()) / n
            for r in range(R):
                for c in range(S):
                    dkernels[m] += delta[x, m, r, c] * z[x, :, r : r + kh, c : c + kw] / n
    return [dkernels, dbias]
""",
    ],
    "conv_backward": [
        """
def conv_backward(delta, kernels):
    n, M, R, S = delta.shape
    _, C, kh, kw = kernels.shape
    dz = np.zeros((n, C, R + kh - 1, S + kw - 1))
    for r in range(R):
        for c in range(S):
            dz[:, :, r : r + kh, c : c + kw] += np.tensordot(delta[:, :, r, c], kernels, axes=1)
    return dz
""",
        """
def conv_backward(delta, kernels):
    n, M, R, S = delta.shape
    _, C, kh, kw = kernels.shape
    dz = np.zeros((n, C, R + kh - 1, S + kw - 1), delta.dtype)
    for i, j in np.ndindex(kh, kw):
        dz[:, :, i : i + R, j : j + S] += np.einsum("nmrc,md->ndrc", delta, kernels[:, :, i, j])
    return dz
""",
    ],
    "max_pool": [
        """
def max_pool(z, k):
    n, C, H, W = z.shape
    out = np.empty((n, C, H // k, W // k))
    for r in range(H // k):
        for c in range(W // k):
            out[:, :, r, c] = z[:, :, r * k : r * k + k, c * k : c * k + k].max(axis=3).max(axis=2)
    return out
""",
        """
def max_pool(z, k):
    def pooled(m):
        rows, columns = range(0, len(m) - k + 1, k), range(0, len(m[0]) - k + 1, k)
        return [[max(max(line[c : c + k]) for line in m[r : r + k]) for c in columns] for r in rows]
    return [[pooled(m) for m in image] for image in z.tolist()]
""",
    ],
    "max_pool_backward": [
        """
def max_pool_backward(delta, z, k):
    dz = np.zeros_like(z)
    for x, d, r, c in np.ndindex(delta.shape):
        window = z[x, d, r * k : r * k + k, c * k : c * k + k]
        i, j = np.unravel_index(np.argmax(window), window.shape)
        dz[x, d, r * k + i, c * k + j] = delta[x, d, r, c]
    return dz
""",
        """
def max_pool_backward(delta, z, k):
    dz, largest = np.zeros(z.shape), max_pool(z, k)
    _, _, R, S = delta.shape
    waiting = np.ones(delta.shape, bool)
    for i in range(k):
        for j in range(k):
            here = waiting & (z[:, :, i : R * k : k, j : S * k : k] == largest)
            dz[:, :, i : R * k : k, j : S * k : k] = np.where(here, delta, 0)
            waiting &= ~here
    return dz
""",
    ],
    "forward": [
        """
def forward(weights, X):
    values, z = [], X
    for l in range(2):
        a = convolve(z, weights[2 * l], weights[2 * l + 1])
        z = a * (a > 0)
        values += [a, z]
        if l == 0:
            z = max_pool(z, 2)
            values.append(z)
    rows = np.array([np.concatenate([[1.0], image.ravel()]) for image in z])
    return [*values, softmax(np.einsum("ns,ts->nt", rows, weights[4]))]
""",
        """
def forward(weights, X):
    K1, b1, K2, b2, beta = weights
    relu = lambda a: np.where(a < 0, 0, a)
    a1 = convolve(X, K1, b1)
    a2 = convolve(max_pool(relu(a1), 2), K2, b2)
    W, b = np.split(beta, [1], axis=1)[::-1]
    yhat = softmax(np.array([W @ image.flatten() for image in relu(a2)]) + b.T)
    return a1, relu(a1), max_pool(relu(a1), 2), a2, relu(a2), yhat
""",
    ],
    "gradient": [
        """
def gradient(weights, X, Y):
    total = [np.zeros(w.shape) for w in weights]
    for x, y in zip(X, Y):
        a1, z1, pooled, a2, z2, yhat = forward(weights, x[None])
        delta = yhat[0] - y
        total[4] += np.outer(delta, np.concatenate([[1.0], z2.ravel()]))
        delta = np.where(a2 > 0, (weights[4][:, 1:].T @ delta).reshape(a2.shape), 0)
        for place, g in zip((2, 3), conv_gradient(delta, pooled)):
            total[place] += g
        delta = max_pool_backward(conv_backward(delta, weights[2]), a1, 2)
        delta[a1 <= 0] = 0
        for place, g in zip((0, 1), conv_gradient(delta, x[None])):
            total[place] += g
    return tuple(g / len(X) for g in total)
""",
        """
def gradient(weights, X, Y):
    n = X.shape[0]
    a1, z1, pooled, a2, z2, yhat = forward(weights, X)
    z = np.column_stack((np.ones(n), z2.reshape(n, -1)))
    dbeta = np.einsum("nt,ns->ts", yhat - Y, z) / n
    back = ((yhat - Y) @ weights[4])[:, 1:].reshape(a2.shape)
    delta2 = np.where(a2 > 0, back, 0.0)
    delta1 = (z1 > 0).astype(float) * max_pool_backward(conv_backward(delta2, weights[2]), z1, 2)
    dkernels2, dbias2 = conv_gradient(delta2, pooled)
    dkernels1, dbias1 = conv_gradient(delta1, X)
    return [dkernels1, dbias1, dkernels2, dbias2, dbeta]
""",
    ],
    "train": [
        """
def train(weights, X, Y, batches, alpha):
    weights = [w.copy() for w in weights]
    for J in batches:
        for w, g in zip(weights, gradient(weights, X[J], Y[J])):
            w -= alpha * g
    return tuple(weights)
""",
    ],
}

# plausible, wrong, and no declared mistake: each violates something that the task states
WRONG = {
    "layer_size": [
        """
def layer_size(C, H, W, M, k, s=1, P=0):
    rows, columns = (H + 2 * P - k) // s + 1, (W + 2 * P - k) // s + 1
    return (M, rows, columns), M * (C * k * k + 1), M * rows * columns * C * H * W + M
""",
        """
def layer_size(C, H, W, M, k, s=1, P=0):
    rows, columns = round((H + 2 * P - k) / s) + 1, round((W + 2 * P - k) / s) + 1
    return (M, rows, columns), M * (C * k * k + 1), M * rows * columns * (C * H * W + 1)
""",
    ],
    "patches": [
        """
def patches(z, kh, kw, s=1, P=0):
    z = np.pad(z, ((0, 0), (0, 0), (P, P), (P, P)), mode="edge")
    n, C, H, W = z.shape
    corners = [(r, c) for r in range(0, H - kh + 1, s) for c in range(0, W - kw + 1, s)]
    return np.stack([z[:, :, r : r + kh, c : c + kw].reshape(n, -1) for r, c in corners], axis=2)
""",
        """
def patches(z, kh, kw, s=1, P=0):
    z = np.pad(z, ((0, 0), (0, 0), (P, P), (P, P)))
    n, C, H, W = z.shape
    corners = [(r, c) for r in range(0, H - kh + 1, s) for c in range(W - kw + 1)]
    return np.stack([z[:, :, r : r + kh, c : c + kw].reshape(n, -1) for r, c in corners], axis=2)
""",
    ],
    "convolve": [
        """
def convolve(z, kernels, bias):
    n, C, H, W = z.shape
    M, _, kh, kw = kernels.shape
    a = kernels.swapaxes(2, 3).reshape(M, -1) @ patches(z.swapaxes(2, 3), kw, kh) + bias[:, None]
    return a.reshape(n, M, H - kh + 1, W - kw + 1)
""",
        """
def convolve(z, kernels, bias):
    n, C, H, W = z.shape
    M, _, kh, kw = kernels.shape
    a = (kernels.reshape(M, -1) + bias[:, None]) @ patches(z, kh, kw)
    return a.reshape(n, M, H - kh + 1, W - kw + 1)
""",
        """
def convolve(z, kernels, bias):
    z -= z.mean()
    n, C, H, W = z.shape
    M, _, kh, kw = kernels.shape
    return (kernels.reshape(M, -1) @ patches(z, kh, kw) + bias[:, None]).reshape(n, M, H - kh + 1, W - kw + 1)
""",
    ],
    "conv_gradient": [
        """
def conv_gradient(delta, z):
    n, M, R, S = delta.shape
    kh, kw = z.shape[2] - R + 1, z.shape[3] - S + 1
    total = sum(np.einsum("mrc,drc->md", d, x[:, :R, :S]) for d, x in zip(delta, z)) / n
    return np.broadcast_to(total[:, :, None, None], (M, z.shape[1], kh, kw)), delta.sum(axis=(0, 2, 3)) / n
""",
        """
def conv_gradient(delta, z):
    delta /= len(z)
    n, M, R, S = delta.shape
    C, kh, kw = z.shape[1], z.shape[2] - R + 1, z.shape[3] - S + 1
    each = delta.reshape(n, M, -1) @ patches(z, kh, kw).swapaxes(1, 2)
    return each.sum(axis=0).reshape(M, C, kh, kw), delta.sum(axis=(0, 2, 3))
""",
    ],
    "conv_backward": [
        """
def conv_backward(delta, kernels):
    n, M, R, S = delta.shape
    _, C, kh, kw = kernels.shape
    dz = np.zeros((n, C, R + kh - 1, S + kw - 1))
    for r, c in np.ndindex(R, S):
        dz[:, :, r : r + kh, c : c + kw] += np.tensordot(delta[:, :, r, c].sum(axis=0), kernels, axes=1)
    return dz
""",
        """
def conv_backward(delta, kernels):
    kh, kw = kernels.shape[2:]
    around = np.pad(delta, ((0, 0), (0, 0), (kh - 1, kh - 1), (kw - 1, kw - 1)), mode="edge")
    turned = kernels[:, :, ::-1, ::-1].swapaxes(0, 1)
    return convolve(around, turned, np.zeros(len(turned)))
""",
    ],
    "max_pool": [
        """
def max_pool(z, k):
    n, C, H, W = z.shape
    out = np.zeros((n, C, H // k, W // k))
    for r in range(H // k):
        for c in range(W // k):
            out[:, :, r, c] = np.abs(z[:, :, r * k : r * k + k, c * k : c * k + k]).max(axis=(2, 3))
    return out
""",
        """
def max_pool(z, k):
    n, C, H, W = z.shape
    rows, columns = H // k, W // k
    return z[:, :, : rows * k, : columns * k].reshape(n, C, rows, k, columns, k).max(axis=3)[..., -1]
""",
    ],
    "max_pool_backward": [
        """
def max_pool_backward(delta, z, k):
    dz = np.zeros(z.shape)
    for r in range(delta.shape[2]):
        for c in range(delta.shape[3]):
            window = z[:, :, r * k : r * k + k, c * k : c * k + k]
            place = np.argmax(window.reshape(*window.shape[:2], -1).sum(axis=(0, 1)))
            dz[:, :, r * k + place // k, c * k + place % k] = delta[:, :, r, c]
    return dz
""",
        """
def max_pool_backward(delta, z, k):
    dz = np.zeros(z.shape)
    for x, d, r, c in np.ndindex(delta.shape):
        window = np.abs(z[x, d, r * k : r * k + k, c * k : c * k + k])
        i, j = np.unravel_index(np.argmax(window), window.shape)
        dz[x, d, r * k + i, c * k + j] = delta[x, d, r, c]
    return dz
""",
        """
def max_pool_backward(delta, z, k):
    for x, d, r, c in np.ndindex(delta.shape):
        window = z[x, d, r * k : r * k + k, c * k : c * k + k]
        place = np.argmax(window)
        window[:] = 0
        window[place // k, place % k] = delta[x, d, r, c]
    z[:, :, delta.shape[2] * k :], z[:, :, :, delta.shape[3] * k :] = 0, 0
    return z
""",
    ],
    "forward": [
        """
def forward(weights, X):
    kernels1, bias1, kernels2, bias2, beta = weights
    a1 = convolve(X, kernels1, bias1)
    z1 = np.tanh(a1)
    pooled = max_pool(z1, 2)
    a2 = convolve(pooled, kernels2, bias2)
    z2 = np.tanh(a2)
    return a1, z1, pooled, a2, z2, softmax(beta[:, 0] + z2.reshape(len(X), -1) @ beta[:, 1:].T)
""",
        """
def forward(weights, X):
    kernels1, bias1, kernels2, bias2, beta = weights
    a1 = convolve(X, kernels1, bias1)
    z1 = np.maximum(a1, 0)
    pooled = max_pool(z1, 2)
    a2 = convolve(pooled, kernels2, bias2)
    z2 = np.maximum(a2, 0)
    return a1, z1, pooled, a2, z2, 1 / (1 + np.exp(-beta[:, 0] - z2.reshape(len(X), -1) @ beta[:, 1:].T))
""",
        """
def forward(weights, X):
    kernels1, bias1, kernels2, bias2, beta = weights
    a1 = convolve(X, kernels1, bias1)
    a1[a1 < 0] = 0
    pooled = max_pool(a1, 2)
    a2 = convolve(pooled, kernels2, bias2)
    a2[a2 < 0] = 0
    return a1, a1, pooled, a2, a2, softmax(beta[:, 0] + a2.reshape(len(X), -1) @ beta[:, 1:].T)
""",
    ],
    "gradient": [
        """
def gradient(weights, X, Y):
    a1, z1, pooled, a2, z2, yhat = forward(weights, X)
    beta, delta = weights[4], yhat * (1 - yhat) * (yhat - Y)
    dbeta = delta.T @ np.column_stack([np.ones(len(X)), z2.reshape(len(X), -1)]) / len(X)
    delta2 = (delta @ beta[:, 1:]).reshape(z2.shape) * (a2 > 0)
    delta1 = max_pool_backward(conv_backward(delta2, weights[2]), z1, 2) * (a1 > 0)
    return [*conv_gradient(delta1, X), *conv_gradient(delta2, pooled), dbeta]
""",
        """
def gradient(weights, X, Y):
    a1, z1, pooled, a2, z2, yhat = forward(weights, X)
    beta, delta = weights[4], yhat - Y
    dbeta = delta.T @ np.column_stack([np.zeros(len(X)), z2.reshape(len(X), -1)]) / len(X)
    delta2 = (delta @ beta[:, 1:]).reshape(z2.shape) * (a2 > 0)
    delta1 = max_pool_backward(conv_backward(delta2, weights[2]), z1, 2) * (a1 > 0)
    return [*conv_gradient(delta1, X), *conv_gradient(delta2, pooled), dbeta]
""",
    ],
    "train": [
        """
def train(weights, X, Y, batches, alpha):
    for J in batches:
        for w, g in zip(weights, gradient(weights, X[J], Y[J])):
            w -= alpha * g
    return weights
""",
        """
def train(weights, X, Y, batches, alpha):
    J = np.concatenate(batches)
    return [w - alpha * g for w, g in zip(weights, gradient(weights, X[J], Y[J]))]
""",
        """
def train(weights, X, Y, batches, alpha):
    for number, J in enumerate(batches, start=1):
        weights = [w - alpha / number * g for w, g in zip(weights, gradient(weights, X[J], Y[J]))]
    return weights
""",
    ],
}

# the library does it
BORROWED = {
    "convolve": [
        """
def convolve(z, kernels, bias):
    from torch.nn.functional import conv2d
    import torch
    return conv2d(torch.tensor(z), torch.tensor(kernels), torch.tensor(bias)).numpy()
""",
        """
from nnlib import Conv2D, Network, SumOfSquares

def convolve(z, kernels, bias):
    layer = Conv2D(len(kernels), kernels.shape[2:])
    Network([layer], SumOfSquares(), z.shape[1:])
    layer.beta[:] = np.column_stack([bias, kernels.reshape(len(kernels), -1)])
    return layer.forward(z)[0]
""",
    ],
    "conv_backward": [
        """
def conv_backward(delta, kernels):
    from scipy.signal import convolve2d
    pairs = [[[convolve2d(d, k) for d, k in zip(row, kernels[:, c])] for c in range(kernels.shape[1])] for row in delta]
    return np.array(pairs).sum(axis=2)
""",
    ],
    "max_pool": [
        """
def max_pool(z, k):
    import nnlib
    layer = nnlib.MaxPool2D(k)
    layer.build(z.shape[1:])
    return layer.forward(z)[0]
""",
    ],
}

# right values by another way than the task asks for: what is said of it, the source, and the points that are left
_COMPLEX = """
def gradient(weights, X, Y):
    g = [np.zeros(w.shape) for w in weights]
    for number, w in enumerate(weights):
        for index in np.ndindex(*w.shape):
            F = []
            for step in STEPS:
                new = [each + 0 * step for each in weights]
                new[number][index] += step
                F.append(-np.sum(Y * np.log(forward(new, X)[-1])) / len(X))
            g[number][index] = TAKE
    return g
"""
DETOURS = {
    "conv_gradient": [
        (
            r"conv_gradient called convolve \d+ times; the task asks for the sum over the positions",
            """
def conv_gradient(delta, z):
    n, M, rows, columns = delta.shape
    C, kh, kw = z.shape[1], z.shape[2] - rows + 1, z.shape[3] - columns + 1
    dkernels = np.zeros((M, C, kh, kw))
    for index in np.ndindex(*dkernels.shape):
        kernels = np.zeros(dkernels.shape)
        kernels[index] = 1.0
        dkernels[index] = np.sum(delta * convolve(z, kernels, np.zeros(M))) / n  # F is linear in the kernels
    return dkernels, delta.sum(axis=(2, 3)).mean(axis=0)
""",
        ),
    ],
    "conv_backward": [
        (
            r"conv_backward called convolve \d+ times; the task asks for one of the two ways that it shows",
            """
def conv_backward(delta, kernels):
    M, C, kh, kw = kernels.shape
    dz = np.zeros((len(delta), C, delta.shape[2] + kh - 1, delta.shape[3] + kw - 1))
    for d, p, q in np.ndindex(*dz.shape[1:]):
        pixel = np.zeros((1, *dz.shape[1:]))
        pixel[0, d, p, q] = 1.0
        dz[:, d, p, q] = np.sum(delta * convolve(pixel, kernels, np.zeros(M)), axis=(1, 2, 3))
    return dz
""",
        ),
    ],
    "max_pool_backward": [
        (
            r"max_pool_backward called max_pool \d+ times; the task asks for the place of each maximum",
            """
def max_pool_backward(delta, z, k):
    dz = np.zeros(z.shape)
    n, C, H, W = z.shape
    order = np.arange(H * W)[::-1].reshape(H, W) * 1e-9  # the first of equals is a little larger
    for p, q in np.ndindex(H, W):
        for d in range(C):
            higher = (z + order).copy()
            higher[:, d, p, q] += 1e-10
            grown = max_pool(higher, k) > max_pool(z + order, k)
            dz[:, d, p, q] = np.sum(delta * grown, axis=(1, 2, 3))
    return dz
""",
        ),
    ],
    "gradient": [
        (
            "gradient computes with complex numbers; the task asks for backpropagation",
            _COMPLEX.replace("STEPS", "[1e-30j]").replace("TAKE", "F[0].imag / 1e-30"),
        ),
        (
            r"gradient called forward \d+ times; the task asks for backpropagation, which goes forward once",
            _COMPLEX.replace("STEPS", "(1e-4, -1e-4)").replace("TAKE", "(F[0] - F[1]) / 2e-4"),
        ),
    ],
    "train": [
        (
            "the dense layer's sums over the classes have changed",
            """
def train(weights, X, Y, batches, alpha):
    kernels1, bias1, kernels2, bias2, beta = [1.01 * w + 0.01 for w in weights]
    z = forward([kernels1, bias1, kernels2, bias2, beta], X)[4].reshape(len(X), -1)
    A = np.hstack([np.ones((len(z), 1)), z])
    fitted = np.linalg.solve(A.T @ A + 0.1 * np.eye(A.shape[1]), 10 * A.T @ (Y - 0.1)).T
    return [kernels1, bias1, kernels2, bias2, fitted]
""",
        ),
        (
            "the weights that came back have the shapes",
            "def train(weights, X, Y, batches, alpha):\n    return weights[:4] + [weights[4][:, :1]]",
        ),
    ],
}

# items where each mistake costs all points, and why that is fair
ALL_OR_NOTHING = {}

# lines of solutions that say nothing, because they stand in given code too
PLAIN = set()
