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
        """
def sigmoid(a):
    f = lambda v: 1/(1+np.exp(-v)) if v >= 0 else np.exp(v)/(1+np.exp(v))
    return np.vectorize(f, otypes=[float])(a)
""",
        """
def sigmoid(a):
    return np.exp(np.minimum(a, 0))/(1+np.exp(-np.abs(a)))
""",
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
        """
def activation(a, h):
    match h:
        case 'sigmoid':
            return sigmoid(a), sigmoid(a)*sigmoid(-a)
        case 'tanh':
            s = sigmoid(2*a)
            return 2*s-1, 4*s*(1-s)
        case 'relu':
            return np.clip(a,0,None), np.heaviside(a,0)
""",
        """
def activation(a, h):
    if h == 'sigmoid':
        z = sigmoid(a)
        return z, z*(1-z)
    if h == 'tanh':
        z = 2*sigmoid(2*a)-1
        return z, 1-z**2
    return (np.maximum(0,a), a>0)
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
        """
def output(a, sigma):
    if sigma == 'identity':
        return a
    if sigma == 'sigmoid':
        return sigmoid(a)
    e = np.exp(a.T-a.max(1))
    return (e/e.sum(0)).T
""",
        """
def output(a, sigma):
    if sigma == 'identity':
        return a
    if sigma == 'sigmoid':
        return sigmoid(a)
    m = a.max(1)[:,None]
    return np.exp(a - (m + np.log(np.exp(a-m).sum(1)[:,None])))
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
        """
def unit_by_unit(x, beta1, beta2, sigma):
    M = beta1.shape[0]
    K = beta2.shape[0]
    z = np.zeros(M)
    for j in range(M):
        s = 0.0
        for i in range(len(x)):
            s += beta1[j, i+1] * x[i]
        z[j] = np.tanh(s + beta1[j, 0])
    a = np.zeros(K)
    for k in range(K):
        s = 0.0
        for j in range(M):
            s += beta2[k, j+1] * z[j]
        a[k] = s + beta2[k, 0]
    return output(a.reshape(1, -1), sigma).flatten()
""",
        """
def unit_by_unit(x, beta1, beta2, sigma):
    import math
    z = [math.tanh(b[0] + sum(w*v for w, v in zip(b[1:], x))) for b in beta1]
    a = [b[0] + sum(w*v for w, v in zip(b[1:], z)) for b in beta2]
    if sigma == 'identity':
        return a
    if sigma == 'sigmoid':
        return [1/(1+math.exp(-v)) for v in a]
    m = max(a)
    e = [math.exp(v-m) for v in a]
    return [v/sum(e) for v in e]
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
    Z = np.tanh(X @ beta1[:, 1:].T + beta1[:, 0])
    return output(Z @ beta2[:, 1:].T + beta2[:, 0], sigma)
""",
        """
def three_layers(X, beta1, beta2, sigma):
    A = beta1 @ np.vstack([np.ones(len(X)), X.T])
    Z = np.vstack([np.ones(A.shape[1]), np.tanh(A)])
    return output((beta2 @ Z).T, sigma)
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
        """
def network(X, betas, h, sigma):
    Z = X
    for l, beta in enumerate(betas):
        Z1 = np.hstack((np.ones((Z.shape[0], 1)), Z))
        A = Z1 @ beta.T
        if l < len(betas) - 1:
            Z, _ = activation(A, h)
    return output(A, sigma)
""",
        """
def network(X, betas, h, sigma):
    out = []
    for x in X:
        z = x
        for b in betas[:-1]:
            z = activation(b[:,1:] @ z + b[:,0], h)[0]
        out.append(output((betas[-1][:,1:] @ z + betas[-1][:,0])[None], sigma)[0])
    return out
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
        """
def count_weights(sizes, shared=False):
    s = np.asarray(sizes)
    return int(np.sum(s[1:]*s[:-1])) + (len(s)-1 if shared else int(s[1:].sum()))
""",
        """
def count_weights(sizes, shared=False):
    if len(sizes) == 1:
        return 0
    p, m, *rest = sizes
    return m*p + (1 if shared else m) + count_weights([m, *rest], shared)
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
        """
def band_network(direction, low, high, s):
    d = np.asarray(direction)
    return (np.array([[-s*low, *(s*d)], [s*high, *(-s*d)]]), np.array([[-s, s, s]]))
""",
        """
def band_network(direction, low, high, s):
    d = np.asarray(direction)
    b1 = s*np.vstack([np.r_[-low, d], np.r_[-high, d]])
    return [b1, np.array([[-4., 4., -4.]])]
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
        """
def companion(beta1, beta2, order, signs):
    S = np.diag(signs)
    return [S @ beta1[order], np.c_[beta2[:,0], beta2[:,1:][:,order] @ S]]
""",
        """
def companion(beta1, beta2, order, signs):
    b1 = [[s*w for w in beta1[o]] for o, s in zip(order, signs)]
    b2 = [[row[0]] + [s*row[o+1] for o, s in zip(order, signs)] for row in beta2]
    return [b1, b2]
""",
    ],
}

# wrong at every seed, and seen before handing in: each does something that the task excludes
WRONG = {
    "sigmoid": [
        """
def sigmoid(a):
    e = np.exp(-np.abs(a))
    return np.where(a >= 0, 1 / (1 - e), e / (1 - e))
""",
        """
def sigmoid(a):
    return 1/(1+np.exp(-np.clip(a, -10, 10)))
""",
        """
def sigmoid(a):
    e = np.exp(-np.abs(a))
    return np.where(a >= 0, 1/1+e, e/1+e)
""",
        """
def sigmoid(a):
    e = np.exp(a - np.max(a))
    return e/e.sum()
""",
    ],
    "activation": [
        """
def activation(a, h):
    if h == 'sigmoid':
        return sigmoid(a), a*(1-a)
    if h == 'tanh':
        return np.tanh(a), 1-a**2
    return np.maximum(a,0), (a > 0).astype(float)
""",
        """
def activation(a, h):
    if h == 'sigmoid':
        z = sigmoid(a)
        return z, z*(1-z)
    if h == 'tanh':
        z = 2*sigmoid(2*a)-1
        return z, 1-z**2
    return np.maximum(a,0), np.heaviside(a, 0.5)
""",
        """
def activation(a, h):
    if h == 'sigmoid':
        z = sigmoid(a)
        return z, z*(1-z)
    if h == 'tanh':
        z = (np.exp(a)-np.exp(-a))/(np.exp(a)+np.exp(-a))
        return z, 1-z**2
    return np.maximum(a,0), (a > 0).astype(float)
""",
        """
def activation(a, h):
    if h == 'sigmoid':
        z = sigmoid(a)
        return z, z*(1-z)
    if h == 'tanh':
        z = np.tanh(a)
        return z, 1/np.cosh(a)
    return np.maximum(a,0), (a > 0).astype(float)
""",
        """
def activation(a, h):
    if h == 'sigmoid':
        z = sigmoid(a)
        return z, z*(1-z)
    if h == 'tanh':
        z = 2*sigmoid(2*a)-1
        return z, 1-z**2
    a[a<0] = 0
    return a, (a>0)*1.0
""",
        """
def activation(a, h):
    if h == 'sigmoid':
        return sigmoid(a)
    if h == 'tanh':
        return np.tanh(a)
    return np.maximum(a,0)
""",
    ],
    "output": [
        """
def output(a, sigma):
    if sigma == 'identity':
        return a
    if sigma == 'sigmoid':
        return sigmoid(a)
    e = np.exp(a-a.max(axis=0))
    return e/e.sum(axis=1, keepdims=True)
""",
        """
def output(a, sigma):
    if sigma == 'identity':
        return a
    if sigma == 'sigmoid':
        return sigmoid(a)
    e = np.exp(a-a.mean(axis=1, keepdims=True))
    return e/e.sum(axis=1, keepdims=True)
""",
        """
def output(a, sigma):
    if sigma == 'identity':
        return a
    if sigma == 'sigmoid':
        return sigmoid(a)
    e = np.exp(a-a.max(axis=1, keepdims=True))
    return e/(e.sum(axis=1, keepdims=True)+1e-8)
""",
        """
def output(a, sigma):
    if sigma == 'identity':
        return a
    if sigma == 'sigmoid':
        return sigmoid(a)
    return np.eye(a.shape[1])[a.argmax(axis=1)]
""",
        """
def output(a, sigma):
    if sigma == 'identity':
        return a
    if sigma == 'sigmoid':
        return sigmoid(a)
    a -= a.max(axis=1, keepdims=True)
    e = np.exp(a)
    return e/e.sum(axis=1, keepdims=True)
""",
        """
def output(a, sigma):
    if sigma == 'identity':
        return np.maximum(a, 0)
    if sigma == 'sigmoid':
        return sigmoid(a)
    e = np.exp(a-a.max(axis=1, keepdims=True))
    return e/e.sum(axis=1, keepdims=True)
""",
        """
def output(a, sigma):
    if sigma == 'identity':
        return np.eye(len(a))
    if sigma == 'sigmoid':
        return sigmoid(a)
    e = np.exp(a-a.max(axis=1, keepdims=True))
    return e/e.sum(axis=1, keepdims=True)
""",
    ],
    "unit_by_unit": [
        """
def unit_by_unit(x, beta1, beta2, sigma):
    z = [np.tanh(sum(beta1[j,i+1]*x[i] for i in range(len(x)))) for j in range(len(beta1))]
    a = [sum(beta2[k,j+1]*z[j] for j in range(len(z))) for k in range(len(beta2))]
    return output(np.array(a)[None], sigma)[0]
""",
        """
def unit_by_unit(x, beta1, beta2, sigma):
    M = len(beta1)
    z = np.zeros(M)
    for j in range(M):
        s = beta1[j,0]
        for i in range(len(x)):
            s += beta1[j,i]*x[i]
        z[j] = np.tanh(s)
    a = np.zeros(len(beta2))
    for k in range(len(beta2)):
        s = beta2[k,0]
        for j in range(M):
            s += beta2[k,j]*z[j]
        a[k] = s
    return output(a[None,:], sigma)[0]
""",
        """
def unit_by_unit(x, beta1, beta2, sigma):
    z = [np.tanh(b[0] + np.dot(b[1:], x)) for b in beta1]
    return np.array([output(np.array([[b[0] + np.dot(b[1:], z)]]), sigma)[0,0] for b in beta2])
""",
        """
def unit_by_unit(x, beta1, beta2, sigma):
    z = [np.tanh(np.dot(b[1:], x)) + b[0] for b in beta1]
    a = [b[0] + np.dot(b[1:], z) for b in beta2]
    return output(np.array([a]), sigma).ravel()
""",
        """
def unit_by_unit(x, beta1, beta2, sigma):
    z = []
    for j in range(len(beta1)):
        s = beta1[j,0]
        for i in range(1, len(x)):
            s += beta1[j,i]*x[i-1]
        z.append(np.tanh(s))
    a = []
    for k in range(len(beta2)):
        s = beta2[k,0]
        for j in range(1, len(z)):
            s += beta2[k,j]*z[j-1]
        a.append(s)
    return output(np.array([a]), sigma).ravel()
""",
    ],
    "three_layers": [
        """
def three_layers(X, beta1, beta2, sigma):
    n = len(X)
    Z = np.tanh(np.c_[np.ones(n), X] @ beta1.T)
    return output(np.c_[Z, np.ones(n)] @ beta2.T, sigma)
""",
        """
def three_layers(X, beta1, beta2, sigma):
    return output(np.tanh(X @ beta1[:,1:].T + beta1[:,0]) @ beta2[:,1:].T, sigma)
""",
        """
def three_layers(X, beta1, beta2, sigma):
    o = np.ones((len(X),1))
    return np.hstack([o, np.tanh(np.hstack([o,X]) @ beta1.T)]) @ beta2.T
""",
        """
def three_layers(X, beta1, beta2, sigma):
    X1 = np.vstack([np.ones(len(X)), X.T])
    Z = np.vstack([np.ones(len(X)), np.tanh(beta1 @ X1)])
    return output((beta2 @ Z), sigma)
""",
        """
def three_layers(X, beta1, beta2, sigma):
    X *= 1.0
    X += 0
    X[:] = X - 0.0
    o = np.ones((len(X),1))
    Y = output(np.hstack([o, np.tanh(np.hstack([o,X]) @ beta1.T)]) @ beta2.T, sigma)
    X[:] = 0
    return Y
""",
    ],
    "network": [
        """
def network(X, betas, h, sigma):
    z = X
    o = np.ones((len(X),1))
    for b in betas[:-1]:
        a = np.hstack([o, z]) @ b.T
        z = a
        z = activation(np.hstack([o, a]), h)[0][:, 1:]
        last = activation(np.hstack([o, a]), h)[0]
    if len(betas) == 1:
        last = np.hstack([o, X])
    return output(last @ betas[-1].T, sigma)
""",
        """
def network(X, betas, h, sigma):
    z = activation(X @ betas[0][:,1:].T + betas[0][:,0], h)[0]
    for b in betas[1:-1]:
        z = activation(z @ b[:,1:].T + b[:,0], h)[0]
    return output(z @ betas[-1][:,1:].T + betas[-1][:,0], sigma)
""",
        """
def network(X, betas, h, sigma):
    z = X
    for l, b in enumerate(betas):
        z = z @ b[:,1:].T + b[:,0]
        if l < len(betas)-2:
            z = activation(z, h)[0]
    return output(z, sigma)
""",
        """
def network(X, betas, h, sigma):
    z = activation(X, h)[0]
    for b in betas[:-1]:
        z = activation(z @ b[:,1:].T + b[:,0], h)[0]
    return output(z @ betas[-1][:,1:].T + betas[-1][:,0], sigma)
""",
        """
def network(X, betas, h, sigma):
    z = X
    last = betas.pop()
    for b in betas:
        z = activation(z @ b[:,1:].T + b[:,0], h)[0]
    return output(z @ last[:,1:].T + last[:,0], sigma)
""",
        """
def network(X, betas, h, sigma):
    for b in betas[:-1]:
        z = activation(X @ b[:,1:].T + b[:,0], h)[0]
    if len(betas) == 1:
        z = X
    return output(z @ betas[-1][:,1:].T + betas[-1][:,0], sigma)
""",
        """
def network(X, betas, h, sigma):
    z = X
    for l, b in enumerate(betas):
        a = z @ b[:,1:].T + b[:,0]
        if l == len(betas)-1:
            return output(a, sigma)
        z = activation(a, h)[0]
        return output(a, sigma)
""",
    ],
    "count_weights": [
        """
def count_weights(sizes, shared=False):
    n = 0
    for l in range(1, len(sizes)):
        n += sizes[l]*sizes[l-1]
        if shared:
            n += 1
    return n
""",
        """
def count_weights(sizes, shared=False):
    return sum(m*(1+b) for b, m in zip(sizes, sizes[1:]))
""",
        """
def count_weights(sizes, shared=False):
    w = sum(m*b for b, m in zip(sizes, sizes[1:]))
    return w + (len(sizes)-2 if shared else sum(sizes[1:-1]))
""",
        """
def count_weights(sizes, shared=False):
    n = 0
    for l in range(1, len(sizes)):
        n = sizes[l]*sizes[l-1] + (1 if shared else sizes[l])
    return n
""",
        """
def count_weights(sizes, shared=False):
    return sum((1+m)*(1+b) if not shared else m*b+1 for b, m in zip(sizes, sizes[1:]))
""",
        """
def count_weights(sizes, shared=False):
    n = 0
    b = sizes.pop(0)
    while sizes:
        m = sizes.pop(0)
        n += m*b + (1 if shared else m)
        b = m
    return n
""",
    ],
    "band_network": [
        """
def band_network(direction, low, high, s):
    d = np.asarray(direction)
    b1 = 10*np.array([[-low, *d],[-high, *d]])
    return [b1, 10*np.array([[-1.,1.,-1.]])]
""",
        """
def band_network(direction, low, high, s):
    d = np.asarray(direction)
    b1 = np.array([[-5.,10,10],[-15,10,10]])
    return [b1, 10*np.array([[-1.,1.,-1.]])]
""",
        """
def band_network(direction, low, high, s):
    d = np.asarray(direction)
    d = d/np.linalg.norm(d)
    b1 = s*np.array([[-low, *d],[-high, *d]])
    return [b1, s*np.array([[-1.,1.,-1.]])]
""",
        """
def band_network(direction, low, high, s):
    d = np.asarray(direction)
    b1 = s*np.array([[-(low+high)/2, *d],[(low+high)/2, *d]])
    return [b1, s*np.array([[-1.,1.,-1.]])]
""",
        """
def band_network(direction, low, high, s):
    d = np.asarray(direction)
    b1 = s*np.array([[-low, *d],[-high, *d]])
    return [b1, np.array([[-1.,1.,-1.]])]
""",
        """
def band_network(direction, low, high, s):
    d = np.asarray(direction)
    b1 = s*np.array([[-low, *d],[-high, *d]])
    return [b1.T, s*np.array([[-1.,1.,-1.]])]
""",
        """
def band_network(direction, low, high, s):
    d = np.asarray(direction)
    b1 = s*np.array([[-low, *d]])
    return [b1, s*np.array([[-1.,1.]])]
""",
    ],
    "companion": [
        """
def companion(beta1, beta2, order, signs):
    b1 = beta1[order]*signs[:,None]
    b2 = np.zeros_like(beta2)
    b2[:,1:] = beta2[:,1:][:,order]*signs
    return [b1, b2]
""",
        """
def companion(beta1, beta2, order, signs):
    b1 = beta1[order]*signs[:,None]
    b2 = beta2.copy()
    for r in range(len(order)):
        b2[:,1+order[r]] = signs[r]*beta2[:,1+r]
    return [b1, b2]
""",
        """
def companion(beta1, beta2, order, signs):
    b1 = (beta1*signs[:,None])[order]
    b2 = beta2.copy()
    b2[:,1:] = beta2[:,1:][:,order]*signs
    return [b1, b2]
""",
        """
def companion(beta1, beta2, order, signs):
    b1, b2 = beta1.copy(), beta2.copy()
    for r in range(len(order)):
        b1[r] = signs[r]*b1[order[r]]
        b2[:,r+1] = signs[r]*b2[:,order[r]+1]
    return [b1, b2]
""",
        """
def companion(beta1, beta2, order, signs):
    b1 = signs[:,None]*beta1[order]
    b2 = beta2
    b2[:,1:] = signs*beta2[:,1+order]
    return [b1, b2]
""",
        """
def companion(beta1, beta2, order, signs):
    b1 = signs[:,None]*beta1[order]
    b2 = beta2.copy()
    for r in range(len(order)):
        b2[:,r] = signs[r]*beta2[:,order[r]]
    return [b1, b2]
""",
        """
def companion(beta1, beta2, order, signs):
    b1 = signs[:,None]*beta1[order]
    b2 = beta2[:, np.append(0, 1+order)]*np.append(-1, signs)
    return [b1, b2]
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
    "three_layers": [
        (
            r"three_layers called unit_by_unit \d+ times?; the task asks for matrix products for all rows at once",
            """
def three_layers(X, beta1, beta2, sigma):
    return np.array([unit_by_unit(x, beta1, beta2, sigma) for x in X])
""",
        ),
        (
            r"three_layers called output \d+ times; the task asks for matrix products for all rows at once",
            """
def three_layers(X, beta1, beta2, sigma):
    rows = []
    for x in X:
        z = np.append(1.0, np.tanh(beta1 @ np.append(1.0, x)))
        rows.append(output((beta2 @ z)[None], sigma)[0])
    return np.array(rows)
""",
        ),
    ],
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

# items where each mistake costs all points, and why that is fair
ALL_OR_NOTHING = {}

# lines of solutions that say nothing, because they stand in given code too
PLAIN = set()
