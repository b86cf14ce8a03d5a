"""Right solutions of `error-functions` in other words, and solutions that leave the work to a library."""

# right, by other ways: loops, einsum, other forms of the same formula
RIGHT = {
    "sum_of_squares": [
        """
def sum_of_squares(a, Y):
    return [sum((u - y) ** 2 for u, y in zip(*row)) / 2 for row in zip(a, Y)]
""",
        """
def sum_of_squares(a, Y):
    difference = a - Y
    return np.einsum("nk,nk->n", difference, difference) / 2
""",
        """
def sum_of_squares(a, Y):
    return 0.5*np.linalg.norm(a-Y, axis=1)**2
""",
        """
def sum_of_squares(a, Y):
    return 0.5*(a*a).sum(1) - (a*Y).sum(1) + 0.5*(Y*Y).sum(1)
""",
    ],
    "binary_cross_entropy": [
        """
def binary_cross_entropy(a, Y):
    return np.logaddexp(0, a).sum(1) - (Y * a).sum(1)
""",
        """
def binary_cross_entropy(a, Y):
    E = np.zeros(len(a))
    for i in range(a.shape[0]):
        for k in range(a.shape[1]):
            against = -a[i, k] if Y[i, k] == 1 else a[i, k]  # ln(1 + e^against)
            E[i] += max(against, 0) + np.log(1 + np.exp(-abs(against)))
    return E
""",
        """
def binary_cross_entropy(a, Y):
    return np.sum(np.where(Y == 1, np.maximum(-a, 0), np.maximum(a, 0)) - np.log(sigmoid(np.abs(a))), axis=-1)
""",
        """
def binary_cross_entropy(a, Y):
    s = np.where(Y == 1, -a, a)
    return np.logaddexp(0, s).sum(axis=1)
""",
        """
def binary_cross_entropy(a, Y):
    sp = lambda v: np.maximum(v,0)+np.log1p(np.exp(-np.abs(v)))
    return (Y*sp(-a)+(1-Y)*sp(a)) @ np.ones(a.shape[1])
""",
    ],
    "cross_entropy": [
        """
def cross_entropy(a, Y):
    top = a.max(1)
    return top + np.log(np.exp(a - top[:, None]).sum(1)) - (Y * a).sum(1)
""",
        """
def cross_entropy(a, Y):
    E = []
    for row, y in zip(a, Y):
        s = row - row[y.argmax()]  # the differences to the right class
        E.append(s.max() + np.log(sum(np.exp(value - s.max()) for value in s)))
    return E
""",
        """
def cross_entropy(a, Y):
    return np.logaddexp.reduce(a - a[Y == 1][:, None], axis=1)
""",
        """
def cross_entropy(a, Y):
    s = a-np.max(a, axis=1).reshape(-1,1)
    lp = s-np.log(np.exp(s).sum(axis=1)).reshape(-1,1)
    return -np.einsum('ik,ik->i', Y, lp)
""",
        """
def cross_entropy(a, Y):
    import math
    out = []
    for r, y in zip(a.tolist(), Y.tolist()):
        m = max(r)
        k = y.index(1)
        out.append(math.log(sum(math.exp(v-m) for v in r)) - (r[k]-m))
    return out
""",
    ],
    "matched_delta": [
        """
def matched_delta(a, Y, pair):
    if pair == "classes":
        return np.array([softmax(row[None])[0] for row in a]) - Y
    return -(Y - {"squares": a, "binary": (1 + np.tanh(a / 2)) / 2}[pair])
""",
        """
def matched_delta(a, Y, pair):
    yhat = a.copy()
    if pair == 'binary':
        yhat = 1/(1+np.exp(-a))
    elif pair == 'classes':
        e = np.exp(a-a.max(1)[:,None])
        yhat = e/e.sum(1)[:,None]
    yhat -= Y
    return yhat
""",
        """
def matched_delta(a, Y, pair):
    D = np.zeros(a.shape)
    for i in range(len(a)):
        row = a[i:i+1]
        D[i] = (row if pair == 'squares' else sigmoid(row) if pair == 'binary' else softmax(row))[0]-Y[i]
    return D
""",
    ],
    "softmax_jacobian": [
        """
def softmax_jacobian(a):
    yhat = softmax(a.reshape(1, -1)).ravel()
    return [[yhat[j] * ((j == k) - yhat[k]) for k in range(len(a))] for j in range(len(a))]
""",
        """
def softmax_jacobian(a):
    e = np.exp(a - max(a))
    yhat = e / sum(e)
    return yhat[:, None] * (np.eye(len(a)) - yhat)
""",
        """
def softmax_jacobian(a):
    y = softmax(a[None])[0]
    J = -np.outer(y,y)
    J[np.diag_indices(len(a))] = y*(1-y)
    return J
""",
        """
def softmax_jacobian(a):
    y = np.exp(a-np.logaddexp.reduce(a))
    return np.diagflat(y)-y[:,None]@y[None,:]
""",
    ],
    "unmatched_delta": [
        """
def unmatched_delta(a, Y, sigma):
    if sigma == "softmax":
        return np.array([softmax_jacobian(row) @ (softmax(row[None])[0] - y) for row, y in zip(a, Y)])
    yhat = sigmoid(a)
    return (yhat - yhat**2) * (yhat - Y)
""",
        """
def unmatched_delta(a, Y, sigma):
    if sigma == "sigmoid":
        return sigmoid(a) * sigmoid(-a) * (sigmoid(a) - Y)
    yhat = softmax(a)
    J = np.einsum("nj,jk->njk", yhat, np.eye(a.shape[1])) - np.einsum("nj,nk->njk", yhat, yhat)
    return np.einsum("njk,nj->nk", J, yhat - Y)
""",
        """
def unmatched_delta(a, Y, sigma):
    if sigma == 'sigmoid':
        p = sigmoid(a)
        return p*(1-p)*(p-Y)
    p = softmax(a)
    n, K = a.shape
    D = np.zeros((n,K))
    for i in range(n):
        for k in range(K):
            for j in range(K):
                D[i,k] += (p[i,j]-Y[i,j])*p[i,j]*((j==k)-p[i,k])
    return D
""",
        """
def unmatched_delta(a, Y, sigma):
    if sigma == 'sigmoid':
        p = sigmoid(a)
        return (p-Y)*(p-p*p)
    return [(p-y)*p - p*np.dot(p-y, p) for p, y in zip(softmax(a), Y)]
""",
    ],
    "steps_until_right": [
        """
def steps_until_right(beta, x, y, alpha, most):
    def count(delta):
        b, z = np.array(beta, dtype=float), np.array([1.0, x])
        for steps in range(most):
            yhat = 1 / (1 + np.exp(-(b @ z)))
            if (yhat > 0.5) == (y == 1):
                return steps
            b -= alpha * delta(yhat) * z
        return most

    return [count(lambda yhat: yhat - y), count(lambda yhat: yhat * (1 - yhat) * (yhat - y))]
""",
        """
def steps_until_right(beta, x, y, alpha, most):
    counts = []
    target = np.array([[float(y)]])
    for delta in (lambda a: matched_delta(a, target, "binary"), lambda a: unmatched_delta(a, target, "sigmoid")):
        a, steps = np.array([[beta[0] + beta[1] * x]]), 0
        while steps < most and abs(sigmoid(a)[0, 0] - y) >= 0.5:
            a = a - alpha * (1 + x**2) * delta(a)  # both weights move along (1, x)
            steps += 1
        counts.append(steps)
    return np.array(counts)
""",
        """
def steps_until_right(beta, x, y, alpha, most):
    def run(f):
        b = list(beta)
        for k in range(most):
            p = float(sigmoid(b[0]+b[1]*x))
            if abs(p-y) < .5:
                return k
            g = f(p)
            b = [b[0]-alpha*g, b[1]-alpha*g*x]
        return most
    return run(lambda p: p-y), run(lambda p: p*(1-p)*(p-y))
""",
    ],
    "best_constant": [
        """
def best_constant(Y, pair):
    n, K = Y.shape
    yhat, F = [sum(Y[:, k]) / n for k in range(K)], 0.0
    for k in range(K):
        if pair == "squares":
            F += np.var(Y[:, k]) / 2
            continue
        for q in [yhat[k], 1 - yhat[k]] if pair == "binary" else [yhat[k]]:
            F -= q * np.log(q) if q > 0 else 0
    return yhat, F
""",
        """
def best_constant(Y, pair):
    yhat = np.mean(Y, axis=0)
    if pair == "squares":
        return [yhat, np.mean(sum_of_squares(np.tile(yhat, (len(Y), 1)), Y))]
    with np.errstate(all="ignore"):
        F = np.nansum(-yhat * np.log(yhat))
        if pair == "binary":
            F += np.nansum(-(1 - yhat) * np.log(1 - yhat))
    return [yhat, F]
""",
        """
def best_constant(Y, pair):
    m = np.mean(Y, axis=0)
    if pair == 'squares':
        return m, np.sum(np.var(Y, axis=0))/2
    def e(q):
        return sum(-v*np.log(v) for v in q if v > 0)
    return m, e(m)+e(1-m) if pair == 'binary' else e(m)
""",
        """
def best_constant(Y, pair):
    n = len(Y)
    m = Y.sum(axis=0)/n
    E = []
    for y in Y:
        if pair == 'squares':
            E.append(0.5*((m-y)**2).sum())
        elif pair == 'classes':
            E.append(-np.log(m[y.argmax()]))
        else:
            E.append(-sum(np.log(p) if t == 1 else np.log(1-p) for p, t in zip(m, y)))
    return m, sum(E)/n
""",
    ],
}

# wrong at every seed, and seen before handing in: each does something that the task excludes
WRONG = {
    "sum_of_squares": [
        """
def sum_of_squares(a, Y):
    return np.mean((a-Y)**2, axis=1)
""",
        """
def sum_of_squares(a, Y):
    return 0.5*np.sum((a-Y)**2, axis=1, keepdims=True)
""",
        """
def sum_of_squares(a, Y):
    return np.sum((a-Y)**2, axis=1)/(2*len(a))
""",
        """
def sum_of_squares(a, Y):
    a -= Y
    a *= a
    return a.sum(axis=1)/2
""",
        """
def sum_of_squares(a, Y):
    E = []
    for i in range(len(a)):
        s = 0
        for k in range(a.shape[1]):
            s = (a[i,k]-Y[i,k])**2
        E.append(s/2)
    return np.array(E)
""",
        """
def sum_of_squares(a, Y):
    return 0.5*np.sum(a**2-Y**2, axis=1)
""",
    ],
    "binary_cross_entropy": [
        """
def binary_cross_entropy(a, Y):
    p = np.clip(sigmoid(a), 1e-7, 1-1e-7)
    return -np.sum(Y*np.log(p)+(1-Y)*np.log(1-p), axis=1)
""",
        """
def binary_cross_entropy(a, Y):
    p = sigmoid(a)
    return -np.sum(Y*np.log(p+1e-12)+(1-Y)*np.log(1-p+1e-12), axis=1)
""",
        """
def binary_cross_entropy(a, Y):
    a = np.clip(a, -500, 500)
    return np.sum(np.maximum(a,0)-Y*a+np.log(1+np.exp(-np.abs(a))), axis=1)
""",
        """
def binary_cross_entropy(a, Y):
    return np.mean(np.sum(np.maximum(a,0)-Y*a+np.log1p(np.exp(-np.abs(a))), axis=1))
""",
        """
def binary_cross_entropy(a, Y):
    p = sigmoid(a)
    return -np.sum(np.nan_to_num(Y*np.log(p))+np.nan_to_num((1-Y)*np.log(1-p)), axis=1)
""",
        """
def binary_cross_entropy(a, Y):
    return np.sum(np.minimum(a,0)-Y*a+np.log1p(np.exp(-np.abs(a))), axis=1)
""",
        """
def binary_cross_entropy(a, Y):
    b = np.abs(a)
    t = Y*a
    np.maximum(a, 0, out=a)
    return np.sum(a-t+np.log1p(np.exp(-b)), axis=1)
""",
    ],
    "cross_entropy": [
        """
def cross_entropy(a, Y):
    return -np.sum(Y*np.log(np.clip(softmax(a),1e-15,1)), axis=1)
""",
        """
def cross_entropy(a, Y):
    return -np.sum(Y*np.log(softmax(a)+1e-8), axis=1)
""",
        """
def cross_entropy(a, Y):
    s = a-a.max(axis=0)
    return np.log(np.exp(s).sum(axis=1))-np.sum(Y*s, axis=1)
""",
        """
def cross_entropy(a, Y):
    s = a-a.max(axis=1, keepdims=True)
    k = a.argmax(axis=1)
    return np.log(np.exp(s).sum(axis=1))-s[np.arange(len(a)),k]
""",
        """
def cross_entropy(a, Y):
    p = softmax(a)
    return -np.sum(Y*np.log(p)+(1-Y)*np.log(1-p), axis=1)
""",
        """
def cross_entropy(a, Y):
    a -= a.max(axis=1, keepdims=True)
    return np.log(np.exp(a).sum(axis=1))-np.sum(Y*a, axis=1)
""",
        """
def cross_entropy(a, Y):
    a = np.clip(a, -500, 500)
    return np.log(np.exp(a).sum(axis=1))-np.sum(Y*a, axis=1)
""",
    ],
    "matched_delta": [
        """
def matched_delta(a, Y, pair):
    if pair == 'squares':
        return a-Y
    if pair == 'binary':
        p = sigmoid(a)
        return (p-Y)*p*(1-p)
    return softmax(a)-Y
""",
        """
def matched_delta(a, Y, pair):
    if pair == 'squares':
        return 0.5*(a-Y)
    if pair == 'binary':
        return sigmoid(a)-Y
    return softmax(a)-Y
""",
        """
def matched_delta(a, Y, pair):
    if pair == 'squares':
        return a-Y
    if pair == 'binary':
        p = sigmoid(a)
        return -Y/p+(1-Y)/(1-p)
    return -Y/softmax(a)
""",
        """
def matched_delta(a, Y, pair):
    p = {'squares': lambda v: v, 'binary': sigmoid, 'classes': softmax}[pair](a)
    return np.sum(p-Y, axis=0)
""",
        """
def matched_delta(a, Y, pair):
    if pair == 'binary':
        a = sigmoid(a)
    elif pair == 'classes':
        a = softmax(a)
    a -= Y
    return a
""",
        """
def matched_delta(a, Y, pair):
    if pair == 'squares':
        return a-Y
    if pair == 'binary':
        return sigmoid(a)-Y
    return Y*(softmax(a)-Y)
""",
    ],
    "softmax_jacobian": [
        """
def softmax_jacobian(a):
    y = softmax(a[None])[0]
    return y*(1-y)
""",
        """
def softmax_jacobian(a):
    e = np.exp(a)
    y = e/e.sum()
    return np.diag(y)-np.outer(y,y)
""",
        """
def softmax_jacobian(a):
    y = softmax(a[None])[0]
    return np.diag(y)-y*y
""",
        """
def softmax_jacobian(a):
    y = softmax(a[None])[0]
    return np.diag(y)-np.dot(y,y)
""",
        """
def softmax_jacobian(a):
    y = softmax(a[None])[0]
    J = -np.tile(y, (len(a),1))
    for j in range(len(a)):
        J[j,j] = y[j]*(1-y[j])
    return J
""",
        """
def softmax_jacobian(a):
    y = softmax(a[None])[0]
    return (np.diag(y)-np.outer(y,y))[None]
""",
    ],
    "unmatched_delta": [
        """
def unmatched_delta(a, Y, sigma):
    if sigma == 'sigmoid':
        return sigmoid(a)-Y
    p = softmax(a)
    v = p-Y
    return p*(v-np.sum(p*v, axis=1, keepdims=True))
""",
        """
def unmatched_delta(a, Y, sigma):
    if sigma == 'sigmoid':
        p = sigmoid(a)
        return p*(1-p)*(p-Y)
    p = softmax(a)
    v = p-Y
    return p*(v-np.sum(p*v, axis=0))
""",
        """
def unmatched_delta(a, Y, sigma):
    if sigma == 'sigmoid':
        p = sigmoid(a)
        return p*(1-p)*(p-Y)
    p = softmax(a)
    v = p-Y
    return p*(v+np.sum(p*v, axis=1, keepdims=True))
""",
        """
def unmatched_delta(a, Y, sigma):
    if sigma == 'sigmoid':
        p = sigmoid(a)
        return p*(1-p)*(p-Y)
    J = softmax_jacobian(a[0])
    return (softmax(a)-Y) @ J
""",
        """
def unmatched_delta(a, Y, sigma):
    if sigma == 'sigmoid':
        p = sigmoid(a)
        return p*(1-p)*(p-Y)
    p = softmax(a)
    v = p-Y
    return p*v-np.sum(p*v, axis=1, keepdims=True)
""",
        """
def unmatched_delta(a, Y, sigma):
    if sigma == 'sigmoid':
        p = sigmoid(a)
        return p*(1-p)*(p-Y)
    a -= a.max(axis=1, keepdims=True)
    p = np.exp(a)/np.exp(a).sum(axis=1, keepdims=True)
    v = p-Y
    return p*(v-np.sum(p*v, axis=1, keepdims=True))
""",
    ],
    "steps_until_right": [
        """
def steps_until_right(beta, x, y, alpha, most):
    counts = []
    pass
    for mode in (0, 1):
        b0, b1 = beta[0], beta[1]
        n = 0
        while n < most:
            p = float(sigmoid(b0+b1*x))
            if abs(p-y) <= 0.5:
                break
            d = p-y if mode == 0 else (p-y)*p*(1-p)
            b0 -= alpha*d
            b1 -= alpha*d*x
            n += 1
        counts.append(n)
    return counts[0], counts[1]
""",
        """
def steps_until_right(beta, x, y, alpha, most):
    counts = []
    for mode in (0, 1):
        b0, b1 = beta
        n = 0
        p = float(sigmoid(b0+b1*x))
        while n < most:
            dd = p-y if mode == 0 else (p-y)*p*(1-p)
            b0 -= alpha*dd
            b1 -= alpha*dd*x
            p = float(sigmoid(b0+b1*x))
            n += 1
            if abs(p-y) < 0.5:
                break
        counts.append(n)
    return counts[0], counts[1]
""",
        """
def steps_until_right(beta, x, y, alpha, most):
    counts = []
    pass
    for mode in (0, 1):
        b0, b1 = beta[0], beta[1]
        n = 0
        while n <= most:
            p = float(sigmoid(b0+b1*x))
            if abs(p-y) < 0.5:
                break
            d = p-y if mode == 0 else (p-y)*p*(1-p)
            b0 -= alpha*d
            b1 -= alpha*d*x
            n += 1
        counts.append(n)
    return counts[0], counts[1]
""",
        """
def steps_until_right(beta, x, y, alpha, most):
    counts = []
    pass
    for mode in (0, 1):
        b0, b1 = beta[0], beta[1]
        n = 0
        while n < most:
            p = float(sigmoid(b0+b1*x))
            if abs(p-y) < 0.5:
                break
            d = p-y if mode == 0 else 2*(p-y)*p*(1-p)
            b0 -= alpha*d
            b1 -= alpha*d*x
            n += 1
        counts.append(n)
    return counts[0], counts[1]
""",
        """
def steps_until_right(beta, x, y, alpha, most):
    counts = []
    for mode in (0, 1):
        b = beta
        n = 0
        while n < most:
            p = float(sigmoid(b[0]+b[1]*x))
            if abs(p-y) < 0.5:
                break
            dd = p-y if mode == 0 else (p-y)*p*(1-p)
            b -= alpha*dd*np.array([1, x])
            n += 1
        counts.append(n)
    return counts[0], counts[1]
""",
        """
def steps_until_right(beta, x, y, alpha, most):
    counts = []
    for mode in (0, 1):
        b0, b1 = beta
        n = 0
        while n < most:
            p = float(sigmoid(b0+b1*x))
            if abs(p-y) < 0.5:
                break
            f = lambda p: p-y if mode == 0 else (p-y)*p*(1-p)
            b0 -= alpha*f(p)
            p = float(sigmoid(b0+b1*x))
            b1 -= alpha*f(p)*x
            n += 1
        counts.append(n)
    return counts[0], counts[1]
""",
        """
def steps_until_right(beta, x, y, alpha, most):
    counts = []
    pass
    for mode in (0, 1):
        b0, b1 = beta[0], beta[1]
        n = 0
        while n < most:
            p = float(sigmoid(b0+b1*x))
            if abs(p-y) < 0.5:
                break
            d = p-y if mode == 0 else (p-y)*p*(1-p)
            b0 -= alpha*d
            b1 -= alpha*d*x**2
            n += 1
        counts.append(n)
    return counts[0], counts[1]
""",
    ],
    "best_constant": [
        """
def best_constant(Y, pair):
    m = Y.mean(axis=0)
    def F(q):
        q = np.asarray(q)
        q = q[q > 0]
        return -np.sum(q*np.log(q))
    if pair == 'squares':
        return m, 0.5*np.mean(np.sum((Y-m)**2, axis=1))
    if pair == 'binary':
        return m, 2*F(m)
    return m, F(m)
""",
        """
def best_constant(Y, pair):
    m = Y.mean(axis=0)
    def F(q):
        q = np.asarray(q)
        return -np.sum(q*np.log(q+1e-8))
    if pair == 'squares':
        return m, 0.5*np.mean(np.sum((Y-m)**2, axis=1))
    if pair == 'binary':
        return m, F(m)+F(1-m)
    return m, F(m)
""",
        """
def best_constant(Y, pair):
    m = Y.mean(axis=0)
    def F(q):
        q = np.asarray(q)
        q = q[q > 0]
        return -np.sum(q*np.log(q))
    if pair == 'squares':
        return m, 0.5*np.mean(np.sum((Y-m)**2, axis=1))
    if pair == 'binary':
        return m, F(m)-np.sum((1-m)*np.log(1-m))
    return m, F(m)
""",
        """
def best_constant(Y, pair):
    m = Y.mean(axis=0)
    def F(q):
        q = np.asarray(q)
        q = q[q > 0]
        return -np.sum(q*np.log(q))
    if pair == 'squares':
        return m, 0.5*np.sum(np.var(Y, axis=0, ddof=1))
    if pair == 'binary':
        return m, F(m)+F(1-m)
    return m, F(m)
""",
        """
def best_constant(Y, pair):
    m = Y.mean(axis=0)
    def F(q):
        q = np.clip(np.asarray(q), 1e-7, 1)
        return -np.sum(q*np.log(q))
    if pair == 'squares':
        return m, 0.5*np.mean(np.sum((Y-m)**2, axis=1))
    if pair == 'binary':
        return m, F(m)+F(1-m)
    return m, F(m)
""",
        """
def best_constant(Y, pair):
    m = Y.mean(axis=0)
    if pair == 'squares':
        return 0.5*np.mean(np.sum((Y-m)**2, axis=1)), m
    f = lambda q: -np.sum(q*np.log(np.where(q>0,q,1)))
    return (f(m)+f(1-m) if pair == 'binary' else f(m)), m
""",
        """
def best_constant(Y, pair):
    m = np.eye(Y.shape[1])[Y.sum(axis=0).argmax()]
    def F(q):
        q = np.asarray(q)
        q = q[q > 0]
        return -np.sum(q*np.log(q))
    if pair == 'squares':
        return m, 0.5*np.mean(np.sum((Y-m)**2, axis=1))
    if pair == 'binary':
        return m, F(m)+F(1-m)
    return m, F(m)
""",
        """
def best_constant(Y, pair):
    m = Y.mean(axis=0)
    if pair == 'squares':
        Y -= m
        return m, 0.5*np.mean(np.sum(Y**2, axis=1))
    f = lambda q: -np.sum(q*np.log(np.where(q>0,q,1)))
    return m, (f(m)+f(1-m) if pair == 'binary' else f(m))
""",
    ],
}

# the library does it
BORROWED = {
    "binary_cross_entropy": [
        """
def binary_cross_entropy(a, Y):
    from nnlib.errors import BinaryCrossEntropy
    return BinaryCrossEntropy().value(a, Y)
""",
    ],
    "cross_entropy": [
        """
def cross_entropy(a, Y):
    from scipy.special import log_softmax
    return -(Y * log_softmax(a, axis=1)).sum(axis=1)
""",
        """
def cross_entropy(a, Y):
    import nnlib
    return nnlib.CrossEntropy().value(a, Y)
""",
    ],
    "softmax_jacobian": [
        """
def softmax_jacobian(a):
    import torch
    return torch.autograd.functional.jacobian(lambda u: torch.softmax(u, 0), torch.tensor(a)).numpy()
""",
    ],
}

# right values by another way than the task asks for: what is said of it, the source, and the points that are left
DETOURS = {
    "matched_delta": [
        (
            r"matched_delta called sum_of_squares \d+ times; the task asks for the derivative as a formula",
            """
def matched_delta(a, Y, pair):
    E = {"squares": sum_of_squares, "binary": binary_cross_entropy, "classes": cross_entropy}[pair]
    h = 1.0 if pair == "squares" else 1e-5
    return np.array([(E(a + step, Y) - E(a - step, Y)) / (2 * h) for step in h * np.eye(a.shape[1])]).T
""",
        ),
    ],
    "softmax_jacobian": [
        (
            "softmax_jacobian computes with complex numbers; the task asks for the derivative as a formula",
            """
def softmax_jacobian(a):
    e = np.exp(a - a.max() + 1e-30j * np.eye(len(a)))
    return (e / e.sum(axis=1, keepdims=True)).imag.T / 1e-30
""",
        ),
    ],
    "unmatched_delta": [
        (
            "computes with complex numbers",
            """
def unmatched_delta(a, Y, sigma):
    columns = []
    for step in 1e-30j * np.eye(a.shape[1]):
        e = np.exp(a + step - a.max(axis=1, keepdims=True))
        yhat = 1 / (1 + np.exp(-(a + step))) if sigma == "sigmoid" else e / e.sum(axis=1, keepdims=True)
        columns.append(np.sum((yhat - Y) ** 2, axis=1).imag / 2e-30)
    return np.array(columns).T
""",
        ),
    ],
}

# items where each mistake costs all points, and why that is fair
ALL_OR_NOTHING = {}

# lines of solutions that say nothing, because they stand in given code too
PLAIN = set()
