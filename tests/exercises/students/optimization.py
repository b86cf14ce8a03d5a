# Blind answers of students to `optimization`; ../test_students.py says what the heads mean.

# %% least_squares, right: w H w / 2 - b w + c / 2
def least_squares(w, X, y):
    n = len(y)
    H, b, c = X.T @ X / n, X.T @ y / n, y @ y / n
    return w @ H @ w / 2 - b @ w + c / 2, H @ w - b

# %% least_squares, wrong: gradient not divided by n
# named: gradient of the sum
def least_squares(w, X, y):
    n = X.shape[0]
    err = np.dot(X, w) - y
    F = (1 / (2 * n)) * np.sum(err ** 2)
    grad = np.dot(X.T, err)
    return F, grad

# %% least_squares, wrong: mean squared error without the half, gradient with 2
# named: F without the half; factor 2 in the gradient
def least_squares(w, X, y):
    r = X @ w - y
    n = len(y)
    return np.mean(r ** 2), 2 / n * X.T @ r

# %% logistic, right: sigma(-m) = 1/(1+exp(m)) with inf
def logistic(w, X, y):
    m = y * (X @ w)
    return np.mean(np.logaddexp(0, -m)), np.mean((-y / (1 + np.exp(m)))[:, None] * X, axis=0)

# %% logistic, wrong: sigma(m) instead of sigma(-m)
# named: sigma taken at m
def logistic(w, X, y):
    n, p = X.shape
    F = 0
    g = np.zeros(p)
    for i in range(n):
        m = y[i] * np.dot(X[i], w)
        F += np.logaddexp(0, -m)
        g += -y[i] * (1 / (1 + np.exp(-m))) * X[i]
    return F / n, g / n

# %% gradient_descent, right: itertools.accumulate, list of arrays
def gradient_descent(objective, w, X, y, alphas):
    return list(itertools.accumulate(alphas, lambda v, a: v - a * objective(v, X, y)[1], initial=w))

# %% gradient_descent, wrong: divided by n again
# named: mean taken twice
def gradient_descent(objective, w, X, y, alphas):
    W = np.zeros((len(alphas) + 1, len(w)))
    W[0] = w
    for k, a in enumerate(alphas):
        _, g = objective(W[k], X, y)
        W[k + 1] = W[k] - a / len(X) * g
    return W

# %% stable_rate, right: power iteration with Rayleigh quotient
def stable_rate(X):
    H = X.T @ X / len(X)
    v = np.ones(len(H))
    M = H.copy()
    for _ in range(40):
        M = M @ M
        M /= np.abs(M).max()
    v = M @ (v + 0.1 * np.arange(len(v)))
    v /= np.linalg.norm(v)
    return 2 / (v @ H @ v)

# %% stable_rate, wrong: smallest eigenvalue, by eigh
# named: smallest eigenvalue
def stable_rate(X):
    H = X.T.dot(X) / X.shape[0]
    vals, vecs = np.linalg.eigh(H)
    return 2 / vals[0]

# %% stable_rate, wrong: smallest eigenvalue, by eigvalsh and min
# named: smallest eigenvalue
def stable_rate(X):
    return 2 / np.linalg.eigvalsh(X.T @ X / len(X)).min()

# %% sgd, right: slices, plain lists
def sgd(objective, w, X, y, indices, alphas):
    path = [list(w)]
    for j, a in zip(list(indices), list(alphas)):
        j = int(j)
        _, g = objective(np.array(path[-1]), X[j:j + 1], y[j:j + 1])
        path.append([u - a * d for u, d in zip(path[-1], g)])
    return path

# %% sgd, wrong: row k of X instead of row indices[k]
# named: rows in their own order
def sgd(objective, w, X, y, indices, alphas):
    out = [w.copy()]
    for k in range(len(alphas)):
        F, g = objective(out[-1], X[k:k + 1], y[k:k + 1])
        out.append(out[-1] - alphas[k] * g)
    return np.stack(out)

# %% learning_rates, right: step decay by repeated multiplication
def learning_rates(rule, values, T):
    if rule == "constant":
        return [values[0] for _ in range(T)]
    if rule == "harmonic":
        return [values[0] / (values[1] + k) for k in range(1, T + 1)]
    a, q, m = values
    out = []
    for k in range(T):
        if k and k % m == 0:
            a *= q
        out.append(a)
    return out

# %% learning_rates, wrong: k starts at 0
# named: k counted from 0
def learning_rates(rule, values, T):
    k = np.arange(T)
    if rule == "constant":
        return np.full(T, values[0])
    if rule == "harmonic":
        b, g = values
        return b / (g + k)
    a, q, m = values
    return a * q ** (k // m)

# %% learning_rates, wrong: floor(k / m) with k from 1
# named: step decay one step too early
def learning_rates(rule, values, T):
    rates = []
    for k in range(1, T + 1):
        if rule == "constant":
            rates.append(values[0])
        elif rule == "harmonic":
            rates.append(values[0] / (values[1] + k))
        elif rule == "step":
            rates.append(values[0] * values[1] ** (k // values[2]))
    return np.array(rates)

# %% epoch_batches, right: list of lists of numbers
def epoch_batches(order, size):
    o = [int(i) for i in order]
    return [o[i:i + size] for i in range(0, len(o), size)]

# %% epoch_batches, right: np.split at the cuts, tuple
def epoch_batches(order, size):
    return tuple(np.split(order, range(size, len(order), size)))

# %% minibatch_sgd, wrong: divided by |J| again
# named: mean taken twice
def minibatch_sgd(objective, w, X, y, batches, alphas):
    path = [w.copy()]
    for J, a in zip(batches, alphas):
        _, g = objective(path[-1], X[J], y[J])
        path.append(path[-1] - a / len(J) * g)
    return np.array(path)

# %% batch_variance, right: the mean of |g|^2 less the square of the mean
def batch_variance(G, size, replacement):
    n = len(G)
    m = G.sum(axis=0) / n
    S2 = (G * G).sum() / n - m @ m
    return S2 / size * (1 if replacement else (n - size) / (n - 1))

# %% batch_variance, wrong: mean over all entries (np.var)
# named: mean over the components
def batch_variance(G, size, replacement):
    n = G.shape[0]
    S2 = np.mean((G - G.mean(axis=0)) ** 2)
    if replacement:
        return S2 / size
    return S2 / size * (n - size) / (n - 1)

# %% batch_variance, wrong: (n - m) / n in place of (n - m) / (n - 1)
# named: correction divided by n
def batch_variance(G, size, replacement):
    n = len(G)
    mu = np.mean(G, axis=0)
    total = 0.0
    for g in G:
        total += np.sum((g - mu) ** 2)
    S2 = total / n
    if replacement:
        return S2 / size
    else:
        return S2 / size * (1 - size / n)
