# Blind answers of students to `backprop`; ../test_students.py says what the heads mean.

# %% softmax, right: exp(a - logsumexp)
def softmax(a):
    return np.exp(a - np.logaddexp.reduce(a, axis=1, keepdims=True))

# %% forward, right: tanh as 1 - 2/(exp(2a)+1)
def forward(betas, X, output="softmax"):
    a, z = [], [X]
    for i, B in enumerate(betas):
        v = np.einsum("ns,ts->nt", z[i], B[:, 1:]) + B[:, 0]
        a.append(v)
        if i + 1 < len(betas):
            z.append(1 - 2 / (np.exp(2 * v) + 1))
        elif output == "softmax":
            z.append(softmax(v.copy()))
        else:
            z.append(v)
    return a, z

# %% forward, right: np.matrix and recursion, tuples
def forward(betas, X, output="softmax"):
    A = np.matrix(np.c_[np.ones(len(X)), X]) * np.matrix(betas[0]).T
    if len(betas) == 1:
        return (A,), (X, np.asarray(softmax(np.asarray(A)) if output == "softmax" else A))
    rest_a, rest_z = forward(betas[1:], np.tanh(np.asarray(A)), output)
    return (A,) + tuple(rest_a), (X,) + tuple(rest_z)

# %% forward, wrong: bias column ignored
# named: bias left out
def forward(betas, X, output="softmax"):
    a, z = [], [X]
    L = len(betas)
    for l in range(L):
        W = betas[l][:, 1:]
        a_l = np.einsum("ni,oi->no", z[l], W)
        a.append(a_l)
        if l == L - 1:
            z.append(softmax(a_l) if output == "softmax" else a_l)
        else:
            z.append(np.tanh(a_l))
    return (a, z)

# %% forward, wrong: tanh is applied before the output function as well
# named: h applied to the output layer
def forward(betas, X, output="softmax"):
    a = []
    z = [X]
    for b in betas:
        x = z[-1]
        ones = np.ones((len(x), 1))
        a.append(np.concatenate((ones, x), axis=1) @ b.T)
        z.append(h(a[-1]))
    if output == "softmax":
        z[-1] = softmax(z[-1])
    return a, z

# %% delta_output, right: Jacobian of the softmax times dE/dyhat: the same for a softmax and targets that sum to 1
def delta_output(yhat, Y):
    out = np.zeros(yhat.shape)
    for i in range(len(yhat)):
        J = np.diag(yhat[i]) - np.outer(yhat[i], yhat[i])
        out[i] = J @ (-Y[i] / yhat[i])
    return out

# %% delta_output, wrong: derivative with respect to yhat, -y/yhat
# named: derivative with respect to yhat
def delta_output(yhat, Y):
    # derivative of the cross entropy loss
    return -(Y / yhat)

# %% delta_hidden_unit, right: z = tanh, (1 - z)(1 + z)
def delta_hidden_unit(a_t, t, delta_next, beta):
    z = np.tanh(a_t)
    return (1 - z) * (1 + z) * sum(delta_next[u] * beta[u][t] for u in range(len(delta_next)))

# %% delta_hidden_unit, wrong: column t - 1 instead of t
# named: unit counted from the bias column
def delta_hidden_unit(a_t, t, delta_next, beta):
    s = 0.0
    for u in range(len(delta_next)):
        s = s + delta_next[u] * beta[u, t - 1]
    return (1 - np.tanh(a_t) ** 2) * s

# %% delta_hidden_unit, wrong: 1 - a^2: pre-activation used as if it were an activation
# named: a in place of z in h'
def delta_hidden_unit(a_t, t, delta_next, beta):
    total = 0
    for u, d in enumerate(delta_next):
        total += d * beta[u][t]
    return (1 - a_t ** 2) * total

# %% delta_hidden, right: Jacobian matrices, observation by observation
def delta_hidden(a, delta_next, beta):
    rows = []
    for ai, di in zip(a, delta_next):
        J = beta @ np.vstack([np.zeros(len(ai)), np.diag(1 / np.cosh(ai) ** 2)])
        rows.append(J.T @ di)
    return rows

# %% delta_hidden, wrong: 1 - tanh(a)
# named: square forgotten in h'
def delta_hidden(a, delta_next, beta):
    return (1 - np.tanh(a)) * np.dot(delta_next, beta[:, 1:])

# %% gradient_layer, wrong: bias in the last column
# named: bias column last
def gradient_layer(delta, z):
    z1 = np.append(z, np.ones((z.shape[0], 1)), axis=1)
    return np.einsum("ij,ik->jk", delta, z1) / z.shape[0]

# %% gradient_layer, wrong: bias gradient summed over everything (no axis)
# named: one bias for all units
def gradient_layer(delta, z):
    m = z.shape[0]
    out = np.zeros((delta.shape[1], z.shape[1] + 1))
    out[:, 1:] = 1 / m * np.dot(delta.T, z)
    out[:, 0] = 1 / m * np.sum(delta)
    return out

# %% gradient_layer, wrong: divided by the number of units (delta.shape[1])
# named: mean over the units
def gradient_layer(delta, z):
    ones = np.ones((z.shape[0], 1))
    A = np.hstack((ones, z))
    m = delta.shape[1]
    return np.dot(delta.T, A) / m

# %% gradient_layer, wrong: (1 + s, m): from and to exchanged
# named: gradient transposed
def gradient_layer(delta, z):
    z1 = np.insert(z, 0, 1, axis=1)
    grad = np.zeros((z1.shape[1], delta.shape[1]))
    for i in range(len(z)):
        grad += np.outer(z1[i], delta[i])
    return grad / len(z)

# %% gradient, wrong: divided by n at the output and in gradient_layer
# named: mean taken twice
def gradient(betas, X, Y):
    a, z = forward(betas, X)
    n = X.shape[0]
    delta = (z[-1] - Y) / n
    grads = []
    l = len(betas) - 1
    while l >= 0:
        grads.insert(0, gradient_layer(delta, z[l]))
        if l > 0:
            delta = delta_hidden(a[l - 1], delta, betas[l])
        l -= 1
    return grads

# %% gradient, wrong: z[l + 1] (what leaves) instead of z[l] for square layers, else crash
# named: what leaves the layer in place of what enters
def gradient(betas, X, Y):
    a, z = forward(betas, X)
    delta = z[-1] - Y
    g = [0] * len(betas)
    for l in range(len(betas) - 1, -1, -1):
        g[l] = gradient_layer(delta, z[l + 1])
        if l > 0:
            delta = delta_hidden(a[l - 1], delta, betas[l])
    return g

# %% gradient, wrong: list in the order of the way back
# named: layers in reverse order
def gradient(betas, X, Y):
    a, z = forward(betas, X)
    delta = delta_output(z[-1], Y)
    out = []
    for l in reversed(range(len(betas))):
        out.append(gradient_layer(delta, z[l]))
        if l:
            delta = delta_hidden(a[l - 1], delta, betas[l])
    return out

# %% numerical_gradient, right: nditer, in place, put back
def numerical_gradient(betas, X, Y, eps=1e-5):
    out = []
    for b in betas:
        g = np.zeros_like(b)
        it = np.nditer(b, flags=["multi_index"])
        while not it.finished:
            i = it.multi_index
            old = b[i]
            b[i] = old + eps
            plus = error(betas, X, Y)
            b[i] = old - eps
            minus = error(betas, X, Y)
            b[i] = old
            g[i] = 0.5 * (plus - minus) / eps
            it.iternext()
        out.append(g)
    return out

# %% numerical_gradient, wrong: two-sided, divided by eps instead of 2 eps
# named: divided by eps in place of 2 eps
def numerical_gradient(betas, X, Y, eps=1e-5):
    import copy
    result = []
    for l in range(len(betas)):
        r, c = betas[l].shape
        g = np.empty((r, c))
        for t in range(r):
            for s in range(c):
                bp = copy.deepcopy(betas); bp[l][t, s] += eps
                bm = copy.deepcopy(betas); bm[l][t, s] -= eps
                g[t, s] = (error(bp, X, Y) - error(bm, X, Y)) / eps
        result.append(g)
    return result

# %% numerical_gradient, wrong: list.copy() is shallow, plus and minus share the arrays
# open name: all entries are 0, which is told in words; from zeros nothing is named
def numerical_gradient(betas, X, Y, eps=1e-5):
    grads = []
    for l in range(len(betas)):
        g = np.zeros_like(betas[l])
        for i in range(betas[l].shape[0]):
            for j in range(betas[l].shape[1]):
                plus = betas.copy()
                minus = betas.copy()
                plus[l][i, j] += eps
                minus[l][i, j] -= eps
                g[i, j] = (error(plus, X, Y) - error(minus, X, Y)) / (2 * eps)
        grads.append(g)
    return grads

# %% netbp_step, right: column vectors, sigmoid by tanh
def netbp_step(betas, x, y, eta):
    acts = [np.vstack([[[1.0]], np.asarray(x)[:, None]])]
    for b in betas:
        acts.append(np.vstack([[[1.0]], 0.5 + 0.5 * np.tanh(b @ acts[-1] / 2)]))
    out = acts[-1][1:]
    D = np.diagflat(out * (1 - out)) @ (out - np.asarray(y)[:, None])
    new = []
    for l in range(len(betas) - 1, -1, -1):
        new.append(betas[l] - eta * D @ acts[l].T)
        D = (acts[l] * (1 - acts[l]) * (betas[l].T @ D))[1:]
    return new[::-1]

# %% train, wrong: divided by the batch size again
# named: mean taken twice
def train(betas, X, Y, batches, alpha):
    w = list(betas)
    for J in batches:
        g = gradient(w, X[J], Y[J])
        for l in range(len(w)):
            w[l] = w[l] - alpha / len(J) * g[l]
    return w

# %% train, wrong: right values, but the caller's arrays are changed
# named: changes betas
def train(betas, X, Y, batches, alpha):
    for J in batches:
        g = gradient(betas, X[J], Y[J])
        for l in range(len(betas)):
            betas[l] -= alpha * g[l]
    return betas

# %% train, wrong: each step starts from the initial weights
# named: every step starts from the first weights
def train(betas, X, Y, batches, alpha):
    for J in batches:
        g = gradient(betas, X[J], Y[J])
        new = []
        for b, gb in zip(betas, g):
            new.append(b - alpha * gb)
    return new
