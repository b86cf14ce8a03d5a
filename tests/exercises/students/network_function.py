# Blind answers of students to `network-function`; ../test_students.py says what the heads mean.

# %% sigmoid, right: exp(-log(1 + exp(-a)))
def sigmoid(a):
    return np.exp(-np.logaddexp(0, -np.asarray(a, dtype=float)))

# %% sigmoid, wrong: argument clipped at +-20, float32 result
# named: a kept within limits
def sigmoid(a):
    a = np.clip(a, -20, 20).astype(np.float32)
    return 1 / (1 + np.exp(-a))

# %% sigmoid, wrong: exp(a) in the denominator
# named: sign of the exponent
def sigmoid(a):
    a = np.asarray(a, dtype=float)
    s = np.zeros(a.shape)
    pos = a >= 0
    s[pos] = np.exp(-a[pos]) / (1 + np.exp(-a[pos]))
    s[~pos] = 1 / (1 + np.exp(a[~pos]))
    return s

# %% activation, wrong: slope of the sigmoid with exp(-a)/(1+exp(-a))^2: nan
# named: slope of the sigmoid with an overflow
def activation(a, h):
    if h == "sigmoid":
        return sigmoid(a), np.exp(-a) / (1 + np.exp(-a)) ** 2
    if h == "tanh":
        t = 2 * sigmoid(2 * a) - 1
        return t, 1 - t ** 2
    return a * (a > 0), np.array(a > 0, dtype=float)

# %% activation, wrong: slope of relu is 1 at 0
# named: ReLU with slope 1 at 0
def activation(a, h):
    if h == "sigmoid":
        z = sigmoid(a)
        return z, z * (1 - z)
    if h == "tanh":
        z = np.tanh(a)
        return z, 1 - z * z
    return np.maximum(a, 0), 1.0 * (a >= 0)

# %% output, right: softmax as exp(a - logsumexp(a))
def output(a, sigma):
    if sigma == "identity":
        return a
    if sigma == "sigmoid":
        return sigmoid(a)
    return np.exp(a - np.logaddexp.reduce(a, axis=1)[:, None])

# %% output, right: softmax as 1/sum exp(differences)
def output(a, sigma):
    if sigma == "identity":
        return +a
    if sigma == "sigmoid":
        return sigmoid(a)
    return 1 / np.exp(a[:, None, :] - a[:, :, None]).sum(-1)

# %% output, right: lists
def output(a, sigma):
    import math
    if sigma == "identity":
        return a.tolist()
    rows = []
    for row in a.tolist():
        if sigma == "sigmoid":
            rows.append([0.5 + 0.5 * math.tanh(v / 2) for v in row])
        else:
            m = max(row)
            e = [math.exp(v - m) for v in row]
            rows.append([v / sum(e) for v in e])
    return rows

# %% output, wrong: maximum of the whole batch
# named: one shift for the whole batch
def output(a, sigma):
    if sigma == "identity":
        return a
    if sigma == "sigmoid":
        return sigmoid(a)
    if sigma == "softmax":
        e = np.exp(a - a.max())
        return e / e.sum(axis=1)[:, None]

# %% output, wrong: softmax over the whole matrix
# named: sum over the whole batch
def output(a, sigma):
    if sigma == "identity":
        return a
    if sigma == "sigmoid":
        return sigmoid(a)
    e = np.exp(a - np.max(a))
    return e / np.sum(e)

# %% output, wrong: right values, but a of the caller is changed
# named: changes a
def output(a, sigma):
    if sigma == "softmax":
        a -= np.amax(a, 1)[:, None]
        a -= np.log(np.exp(a).sum(1))[:, None]
        return np.exp(a)
    return {"identity": lambda: a, "sigmoid": lambda: sigmoid(a)}[sigma]()

# %% unit_by_unit, right: sums backwards, recursion over units
def unit_by_unit(x, beta1, beta2, sigma):
    import math
    def layer(values, beta, f):
        if len(beta) == 0:
            return []
        s = math.fsum([float(beta[0][i + 1]) * float(values[i]) for i in reversed(range(len(values)))] + [float(beta[0][0])])
        return [f(s)] + layer(values, beta[1:], f)
    z = layer(x, beta1, math.tanh)
    return output(np.array([layer(z, beta2, lambda v: v)]), sigma)[0]

# %% unit_by_unit, wrong: tanh at the output units as well
# named: h at the output too
def unit_by_unit(x, beta1, beta2, sigma):
    z = np.array([np.tanh(b[0] + sum(b[i + 1] * x[i] for i in range(len(x)))) for b in beta1])
    y = np.array([np.tanh(b[0] + sum(b[j + 1] * z[j] for j in range(len(z)))) for b in beta2])
    return output(y[None], sigma)[0]

# %% three_layers, right: columns of ones by np.pad
def three_layers(X, beta1, beta2, sigma):
    pad = lambda V: np.pad(V, ((0, 0), (1, 0)), constant_values=1.0)
    return output(np.einsum("nj,kj->nk", pad(np.tanh(pad(X) @ beta1.T)), beta2), sigma)

# %% three_layers, wrong: ones column behind
# named: column of ones last
def three_layers(X, beta1, beta2, sigma):
    o = np.ones((len(X), 1))
    Z = np.tanh(np.hstack([X, o]).dot(beta1.T))
    return output(np.hstack([Z, o]).dot(beta2.T), sigma)

# %% three_layers, wrong: z_0 = tanh(1): ones column put in before tanh
# named: z_0 sent through h
def three_layers(X, beta1, beta2, sigma):
    n = X.shape[0]
    A1 = np.hstack([np.ones((n, 1)), X]) @ beta1.T
    A1 = np.hstack([np.ones((n, 1)), A1])
    Z = np.tanh(A1)
    return output(Z @ beta2.T, sigma)

# %% network, right: recursion
def network(X, betas, h, sigma):
    first, *rest = betas
    a = (first @ np.vstack([np.ones(len(X)), X.T])).T
    return network(activation(a, h)[0], rest, h, sigma) if rest else output(a, sigma)

# %% count_weights, wrong: inputs have biases, too
# named: biases for the inputs too
def count_weights(sizes, shared=False):
    w = sum(sizes[i] * sizes[i + 1] for i in range(len(sizes) - 1))
    return w + (len(sizes) if shared else sum(sizes))

# %% band_network, wrong: output bias 0: outside 0.5
# named: no bias at the output
def band_network(direction, low, high, s):
    b1 = np.array([[-s * low] + [s * d for d in direction], [-s * high] + [s * d for d in direction]])
    b2 = np.array([[0.0, s, -s]])
    return [b1, b2]

# %% band_network, wrong: z1 + z2
# named: sum of the switches in the place of their difference
def band_network(direction, low, high, s):
    direction = np.asarray(direction)
    b1 = s * np.vstack([np.r_[-low, direction], np.r_[-high, direction]])
    return [b1, s * np.array([[-1.0, 1.0, 1.0]])]

# %% companion, wrong: right values, but the caller's beta2 is changed
# named: changes beta2
def companion(beta1, beta2, order, signs):
    beta2[:, 1:] = beta2[:, 1:][:, order] * signs
    return [beta1[order] * signs[:, None], beta2]

# %% companion, wrong: inverse permutation for the outgoing weights
# named: moved the other way
def companion(beta1, beta2, order, signs):
    b1 = signs.reshape(-1, 1) * beta1[order]
    b2 = beta2.copy()
    for r in range(len(order)):
        b2[:, 1 + order[r]] = signs[r] * beta2[:, 1 + r]
    return [b1, b2]
