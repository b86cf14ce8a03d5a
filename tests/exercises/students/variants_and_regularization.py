# Blind answers of students to `variants-and-regularization`; ../test_students.py says what the heads mean.

# %% momentum_step, right: in place on a copy, list
def momentum_step(w, v, g, alpha, mu):
    v = np.array(v, copy=True)
    v *= mu
    v -= alpha * g
    return [np.add(w, v), v]

# %% momentum_step, wrong: Nesterov's look-ahead form
# named: Nesterov's momentum
def momentum_step(w, v, g, alpha, mu):
    v_prev = v
    v = mu * v - alpha * g
    w = w - mu * v_prev + (1 + mu) * v
    return w, v

# %% momentum_step, wrong: right values, but w and v of the caller are changed
# named: changes w; changes v
def momentum_step(w, v, g, alpha, mu):
    v *= mu
    v -= alpha * g
    w += v
    return w, v

# %% adam_step, wrong: eps inside the root
# named: eps under the root
def adam_step(w, m, r, g, k, alpha, b1=0.9, b2=0.999, eps=1e-8):
    new_m = b1 * m + (1 - b1) * g
    new_r = b2 * r + (1 - b2) * np.square(g)
    mh = new_m / (1 - b1 ** k)
    rh = new_r / (1 - b2 ** k)
    return w - alpha * mh / np.sqrt(rh + eps), new_m, new_r

# %% adam_step, wrong: corrected means are kept
# named: corrected means kept
def adam_step(w, m, r, g, k, alpha, b1=0.9, b2=0.999, eps=1e-8):
    m = (b1 * m + (1 - b1) * g) / (1 - b1 ** k)
    r = (b2 * r + (1 - b2) * g * g) / (1 - b2 ** k)
    return w - alpha * m / (np.sqrt(r) + eps), m, r

# %% adam_step, wrong: correction 1 - b without the power k
# named: 1 - b in place of 1 - b to the power k
def adam_step(w, m, r, g, k, alpha, b1=0.9, b2=0.999, eps=1e-8):
    m = b1 * m + (1 - b1) * g
    r = b2 * r + (1 - b2) * (g ** 2)
    m_hat = m / (1 - b1)
    r_hat = r / (1 - b2)
    w = w - alpha * m_hat / (np.sqrt(r_hat) + eps)
    return w, m, r

# %% svrg, right: x (x (u - w)) + full
def svrg(w, X, y, alpha, draws):
    full = np.mean((X @ w - y)[:, None] * X, axis=0)
    step = np.zeros(len(w))
    for i in draws:
        step = step - alpha * (X[i] * (X[i] @ step) + full)
    return w + step

# %% dropout, right: ~(u < p), divided by 1 - p
def dropout(z, p, u):
    f = np.divide(~(u < p), 1 - p)
    return np.where(f, z / (1 - p), 0), f

# %% dropout, wrong: divided by p
# named: divided by p
def dropout(z, p, u):
    m = np.where(u < p, 0.0, 1.0)
    if p > 0:
        m = m / p
    return m * z, m

# %% dropout, wrong: divided by p without a guard
# named: divided by p
def dropout(z, p, u):
    m = (u >= p) / p
    return z * m, m

# %% dropout, wrong: drops where u > 1 - p
# named: dropped at the other end
def dropout(z, p, u):
    mask = (u < 1 - p).astype(float) / (1 - p)
    return z * mask, mask

# %% dropout_gradient, wrong: slope 1 - zd^2 of what was sent on
# named: slope taken from what was sent on
def dropout_gradient(betas, X, Y, p, u):
    W1, W2 = betas
    n = len(X)
    A = np.hstack([np.ones((n, 1)), X])
    z, f = dropout(np.tanh(A @ W1.T), p, u)
    d2 = np.hstack([np.ones((n, 1)), z]) @ W2.T - Y
    d1 = (d2 @ W2[:, 1:]) * f * (1 - z ** 2)
    return [d1.T @ A / n, gradient_layer(d2, z)]

# %% dropout_gradient, wrong: gradient of the second layer with z
# named: z in place of what was sent on, in the output layer's gradient
def dropout_gradient(betas, X, Y, p, u):
    B1, B2 = betas
    z = np.tanh(np.c_[np.ones(len(X)), X] @ B1.T)
    zd, f = dropout(z, p, u)
    d2 = np.c_[np.ones(len(X)), zd] @ B2.T - Y
    d1 = (1 - z ** 2) * f * (d2 @ B2[:, 1:])
    return [gradient_layer(d1, X), gradient_layer(d2, z)]

# %% l2_gradient, right: mask
def l2_gradient(betas, g, lam):
    return tuple(d + 2 * lam * b * (np.arange(b.shape[1]) > 0) for b, d in zip(betas, g))

# %% l2_gradient, wrong: right values, but g of the caller is changed
# named: changes g
def l2_gradient(betas, g, lam):
    for beta, d in zip(betas, g):
        d[:, 1:] += lam * (beta + beta)[:, 1:]
    return g

# %% soft_threshold, right: u - clip(u)
def soft_threshold(u, tau):
    return u - np.clip(u, -tau, tau)

# %% ista, right: recursion
def ista(beta, X, y, alpha, lam, k):
    if k == 0:
        return beta
    r = (beta[0] + X @ beta[1:] - y) / len(y)
    new = np.concatenate([[beta[0] - alpha * r.sum()], soft_threshold(beta[1:] - alpha * r @ X, alpha * lam)])
    return ista(new, X, y, alpha, lam, k - 1)

# %% ista, wrong: threshold lam, not alpha lam
# named: threshold without alpha
def ista(beta, X, y, alpha, lam, k):
    A = np.column_stack([np.ones(len(X)), X])
    b = beta.copy()
    for _ in range(k):
        b = b - alpha * A.T @ (A @ b - y) / len(y)
        b[1:] = soft_threshold(b[1:], lam)
    return b

# %% ista, wrong: subgradient lam sign(beta) instead of the threshold
# named: subgradient in place of the threshold
def ista(beta, X, y, alpha, lam, k):
    b = beta.copy()
    n = len(y)
    for _ in range(k):
        r = b[0] + X @ b[1:] - y
        g = np.r_[r.mean(), X.T @ r / n + lam * np.sign(b[1:])]
        b = b - alpha * g
    return b

# %% folds, right: train sorted by np.setdiff1d
def folds(order, k):
    return [(np.setdiff1d(order, held), held) for held in np.array_split(order, k)]

# %% folds, wrong: n // k each, the rest in the last fold
# named: rest in the last fold
def folds(order, k):
    n = len(order)
    size = n // k
    out = []
    for r in range(k):
        a = r * size
        b = n if r == k - 1 else a + size
        held = order[a:b]
        train = np.concatenate([order[:a], order[b:]])
        out.append((train, held))
    return out

# %% folds, wrong: rest neither trained on nor held out
# named: rest left out
def folds(order, k):
    s = len(order) // k
    order = order[:s * k]
    return [(np.delete(order, range(r * s, (r + 1) * s)), order[r * s:(r + 1) * s]) for r in range(k)]

# %% folds, wrong: every k-th index (order[r::k])
# named: every k-th index
def folds(order, k):
    return [(np.array([i for i in order if i not in order[r::k]]), order[r::k]) for r in range(k)]

# %% folds, wrong: (held, train)
# named: train and held exchanged
def folds(order, k):
    pieces = np.array_split(order, k)
    return [(pieces[r], np.concatenate(pieces[:r] + pieces[r + 1:])) for r in range(k)]

# %% cross_validate, wrong: index of the best lambda
# named: index of the best in place of the best
def cross_validate(X, y, lams, pairs):
    cv = []
    for lam in lams:
        e = []
        for tr, he in pairs:
            b = ridge(X[tr], y[tr], lam)
            e.append(np.mean(0.5 * (b[0] + X[he] @ b[1:] - y[he]) ** 2))
        cv.append(np.mean(e))
    return np.array(cv), int(np.argmin(cv))

# %% cross_validate, wrong: without 1/2
# named: half forgotten
def cross_validate(X, y, lams, pairs):
    cv = np.zeros(len(lams))
    for i, lam in enumerate(lams):
        for train, held in pairs:
            b = ridge(X[train], y[train], lam)
            r = y[held] - b[0] - X[held].dot(b[1:])
            cv[i] += np.mean(r ** 2) / len(pairs)
    return cv, lams[cv.argmin()]

# %% cross_validate, wrong: one mean over all observations
# named: folds weighted by their size
def cross_validate(X, y, lams, pairs):
    cv = []
    for lam in lams:
        sq = []
        for train, held in pairs:
            b = ridge(X[train], y[train], lam)
            for i in held:
                sq.append(0.5 * (b[0] + X[i] @ b[1:] - y[i]) ** 2)
        cv.append(np.mean(sq))
    return cv, lams[int(np.argmin(cv))]
