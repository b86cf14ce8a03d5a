# Blind answers of students to `vanishing-gradients`; ../test_students.py says what the heads mean.

# %% slope, right: 1/cosh^2
def slope(a, h):
    a = np.asarray(a, dtype=float)
    if h == "sigmoid":
        return 0.25 / np.cosh(a / 2) ** 2
    if h == "tanh":
        return np.cosh(a) ** -2
    return np.heaviside(a, 0)

# %% slope, wrong: a used as the activation
# named: a (1 - a); tanh's slope taken at z
def slope(a, h):
    if h == "sigmoid":
        return a * (1 - a)
    if h == "tanh":
        return 1 - a ** 2
    return (np.asarray(a) > 0).astype(float)

# %% slope, wrong: exp(-a)/(1+exp(-a))^2: nan at -1000
# named: overflow in the sigmoid's slope
def slope(a, h):
    if h == "sigmoid":
        return np.exp(-a) / (1 + np.exp(-a)) ** 2
    if h == "tanh":
        return 1 - np.tanh(a) ** 2
    return np.where(a > 0, 1.0, 0.0)

# %% chain_factor, right: recursion
def chain_factor(w, b, x):
    if len(b) == 0:
        return 1.0
    a = w[0] * x + b[0]
    return slope(a, "sigmoid") * w[1] * chain_factor(w[1:], b[1:], activation(a, "sigmoid"))

# %% deltas, right: recursion, einsum, slopes from z
def deltas(betas, X, Y, h):
    a, z = forward(betas, X, h)
    def back(l):
        if l == len(betas) - 1:
            return [z[-1] - Y]
        later = back(l + 1)
        zz = z[l + 1]
        s = {"sigmoid": zz * (1 - zz), "tanh": 1 - zz * zz, "relu": np.sign(zz)}[h]
        return [np.einsum("nu,ut,nt->nt", later[0], betas[l + 1][:, 1:], s)] + later
    return back(0)

# %% deltas, wrong: divided by n at the output
# named: mean taken in delta
def deltas(betas, X, Y, h):
    a, z = forward(betas, X, h)
    d = [(z[-1] - Y) / len(X)]
    for l in range(len(betas) - 1, 0, -1):
        d.insert(0, slope(a[l - 1], h) * (d[0] @ betas[l][:, 1:]))
    return d

# %% deltas, wrong: slope of h at the output
# named: slope at the output
def deltas(betas, X, Y, h):
    a, z = forward(betas, X, h)
    delta = (z[-1] - Y) * slope(a[-1], h)
    res = [delta]
    for l in range(len(betas) - 1, 0, -1):
        delta = slope(a[l - 1], h) * (delta @ betas[l][:, 1:])
        res = [delta] + res
    return res

# %% deltas, wrong: slope at z instead of a
# named: slope taken at z
def deltas(betas, X, Y, h):
    a, z = forward(betas, X, h)
    L = len(betas)
    res = [None] * L
    res[-1] = z[-1] - Y
    for l in range(L - 2, -1, -1):
        res[l] = slope(z[l + 1], h) * (res[l + 1] @ betas[l + 1][:, 1:])
    return res

# %% rms_deltas, wrong: output layer counted
# named: output layer included
def rms_deltas(betas, X, Y, h):
    return np.array([np.sqrt(np.mean(d ** 2)) for d in deltas(betas, X, Y, h)])

# %% rms_deltas, wrong: np.std (mean subtracted)
# named: mean subtracted
def rms_deltas(betas, X, Y, h):
    ds = deltas(betas, X, Y, h)
    return [d.std() for d in ds[:len(ds) - 1]]

# %% layer_bounds, right: root of the largest eigenvalue
def layer_bounds(betas, h):
    top = [np.sqrt(np.linalg.eigvalsh(b[:, 1:] @ b[:, 1:].T)[-1]) for b in betas[1:]]
    return np.array(top) * (0.25 if h == "sigmoid" else 1)

# %% layer_bounds, wrong: Frobenius norm
# named: Frobenius norm
def layer_bounds(betas, h):
    c = 0.25 if h == "sigmoid" else 1.0
    return np.array([c * np.linalg.norm(b[:, 1:]) for b in betas[1:]])

# %% layer_bounds, wrong: bias column included
# named: bias column included
def layer_bounds(betas, h):
    m = {"sigmoid": 1 / 4, "tanh": 1, "relu": 1}[h]
    return [m * np.linalg.svd(beta)[1][0] for beta in betas[1:]]

# %% layer_bounds, wrong: betas[:-1]: matrices that enter
# named: matrix that enters in place of the matrix that leaves
def layer_bounds(betas, h):
    factor = 0.25 if h == "sigmoid" else 1
    out = np.zeros(len(betas) - 1)
    for l in range(len(betas) - 1):
        out[l] = factor * np.linalg.norm(betas[l][:, 1:], ord=2)
    return out

# %% initial_betas, right: np.pad and division by the root
def initial_betas(draws, rule):
    return tuple(np.pad(d / np.sqrt(d.shape[1] / 2 if rule == "he" else np.mean(d.shape)), ((0, 0), (1, 0))) for d in draws)

# %% initial_betas, wrong: sqrt(2 / n_in + n_out)
# named: bracket left out
def initial_betas(draws, rule):
    betas = []
    for D in draws:
        o, i = D.shape
        std = np.sqrt(2.0 / i + o) if rule == "glorot" else np.sqrt(2.0 / i)
        betas.append(np.c_[np.zeros(o), std * D])
    return betas

# %% initial_betas, wrong: He with n_out
# named: He with the number of units
def initial_betas(draws, rule):
    betas = []
    for w in draws:
        fan_in, fan_out = w.shape
        if rule == "glorot":
            s = np.sqrt(2 / (fan_in + fan_out))
        else:
            s = np.sqrt(2 / fan_in)
        betas.append(np.insert(w * s, 0, 0, axis=1))
    return betas

# %% initial_betas, wrong: variance used as a factor
# named: multiplied by the variance
def initial_betas(draws, rule):
    out = []
    for d in draws:
        n_out, n_in = d.shape
        var = 2 / (n_in + n_out) if rule == "glorot" else 2 / n_in
        out.append(np.hstack([np.zeros((n_out, 1)), d * var]))
    return out

# %% predicted_factors, wrong: square of the mean slope
# named: squared mean in place of the mean square
def predicted_factors(v, n, q, h, steps):
    f = []
    for _ in range(steps):
        f.append(np.sqrt(n * v) * expected(lambda a: slope(a, h), q))
        q = n * v * expected(lambda a: activation(a, h) ** 2, q)
    return np.array(f)

# %% clip, right: np.hypot.reduce
def clip(g, c):
    length = np.hypot.reduce(np.concatenate([d.ravel() for d in g]))
    return tuple(d / max(1, length / c) for d in g)

# %% clip, right: math.hypot of all numbers (no overflow)
def clip(g, c):
    import math
    length = math.hypot(*[float(v) for d in g for v in d.ravel()])
    return [d if length <= c else c * (d / length) for d in g]

# %% clip, right: divided by the largest entry first
def clip(g, c):
    m = max(float(abs(d).max()) for d in g) or 1.0
    unit = [d / m for d in g]
    r = sum((d * d).sum() for d in unit) ** 0.5
    if r * m <= c:
        return g
    return [d * (c / r) for d in unit]

# %% clip, wrong: each layer clipped by its own length
# named: each layer clipped by itself
def clip(g, c):
    out = []
    for d in g:
        n = np.linalg.norm(d)
        out.append(d * c / n if n > c else d)
    return out

# %% repair, right: Glorot, He, twin of Glorot
def repair(draws, h):
    if h == "relu":
        return initial_betas(draws, "he")
    betas = initial_betas(draws, "glorot")
    return sigmoid_twin(betas) if h == "sigmoid" else betas

# %% repair, wrong: Glorot's weights for all three
# named: Glorot's weights for ReLU; Glorot's weights for sigmoids
def repair(draws, h):
    return initial_betas(draws, "glorot")
