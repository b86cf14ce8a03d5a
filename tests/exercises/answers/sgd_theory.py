"""Right solutions of `sgd-theory` in other words, and solutions that leave the work to a library."""

# right, by other ways: loops, other formulas, lists
RIGHT = {
    "lipschitz": [
        """
def lipschitz(model, X, lam):
    bend = {"least squares": 1.0, "logistic": 0.25}[model]
    return bend * np.linalg.norm(X, 2) ** 2 / X.shape[0] + lam + lam
""",
        """
def lipschitz(model, X, lam):
    s = np.linalg.svd(X, compute_uv=False)
    L = s[0] * s[0] / len(X)
    return 2 * lam + (L if model == "least squares" else L / 4)
""",
        """
def lipschitz(model, X, lam):
    n, p = X.shape
    H = np.einsum('ia,ib->ab', X, X) / n
    L = max(np.linalg.eigvals(H).real)
    return float(L * (1 if model == 'least squares' else 0.25) + 2 * lam)
""",
        """
def lipschitz(model, X, lam):
    n, p = X.shape
    big = np.linalg.eigh(X @ X.T / n)[0][-1]
    if model == 'least squares':
        return big + 2*lam
    elif model == 'logistic':
        return 0.25*big + 2*lam
""",
        """
def lipschitz(model, X, lam):
    c = {"least squares": 1.0, "logistic": 0.25}[model]
    return np.linalg.norm(c / len(X) * X.T @ X + 2 * lam * np.eye(X.shape[1]), 2)
""",
        """
def lipschitz(model, X, lam):
    s = np.linalg.svd(X / np.sqrt(len(X)), compute_uv=False)[0]
    return (s * s if model[0] == "l" and model[1] == "e" else (s / 2) ** 2) + lam + lam
""",
    ],
    "lemma1_sides": [
        """
def lemma1_sides(model, w, X, y, lam, alpha, L):
    G, n = gradients(model, w, X, y, lam), len(X)
    before, left, right = np.sum(errors(model, w, X, y, lam)) / n, 0.0, 0.0
    slope = sum(G) / n
    for j in range(n):
        g = G[j]
        left += (np.sum(errors(model, w - alpha * g, X, y, lam)) / n - before) / n
        right += (-alpha * slope @ g + alpha**2 * L / 2 * (g @ g)) / n
    return [left, right]
""",
        """
def lemma1_sides(model, w, X, y, lam, alpha, L):
    G = gradients(model, w, X, y, lam)
    F = lambda v: errors(model, v, X, y, lam).mean()
    gF = G.mean(axis=0)
    left = sum([F(w - alpha*G[j]) for j in range(len(G))])/len(G) - F(w)
    right = -alpha * np.sum(gF**2) + 0.5 * L * alpha**2 * np.mean(np.linalg.norm(G, axis=1)**2)
    return left, right
""",
        """
def lemma1_sides(model, w, X, y, lam, alpha, L):
    G = gradients(model, w, X, y, lam)
    F = lambda v: errors(model, v, X, y, lam).mean()
    gF = G.mean(axis=0)
    after = [F(w - alpha*g) for g in G]
    left = np.average(np.array(after) - F(w))
    second = np.trace(G @ G.T) / len(G)
    return left, -alpha*np.dot(gF, gF) + alpha*alpha*L*second/2
""",
        """
def lemma1_sides(model, w, X, y, lam, alpha, L):
    G = gradients(model, w, X, y, lam)
    F = lambda v: sum(errors(model, v, X, y, lam)) / len(y)
    left = sum(F(w - alpha * g) - F(w) for g in G) / len(G)
    m = sum(G) / len(G)
    return np.array([left, alpha * (alpha * L / 2 * np.einsum("ij,ij->", G, G) / len(G) - m @ m)])
""",
    ],
    "moments": [
        """
def moments(G, size):
    mean = np.mean(G, axis=0)
    spread = np.var(G, axis=0).sum()
    return mean @ mean, mean @ mean + spread / size
""",
        """
def moments(G, size):
    n = len(G)
    inner = G @ G.T
    square = inner.sum() / n**2
    second = np.trace(inner) / n
    return np.array([square, second / size + square * (size - 1) / size])
""",
        """
def moments(G, size):
    n = G.shape[0]
    mean = sum(G[i] for i in range(n)) / n
    var = sum(np.sum((G[i] - mean)**2) for i in range(n)) / n
    return np.sum(mean**2), np.sum(mean**2) + var/size
""",
        """
def moments(G, size):
    a = np.linalg.norm(np.average(G, axis=0))**2
    b = np.average(np.linalg.norm(G, axis=1)**2)
    return [a, (1 - 1/size)*a + b/size]
""",
    ],
    "smallest_M": [
        """
def smallest_M(G, M_G):
    M = 0.0
    for each in G:
        square, second = moments(each, 1)
        if second > M + M_G * square:
            M = second - M_G * square
    return M
""",
        """
def smallest_M(G, M_G):
    needed = (G**2).sum(axis=2).mean(axis=1) - M_G * (G.mean(axis=1) ** 2).sum(axis=1)
    return np.clip(needed, 0, None).max()
""",
        """
def smallest_M(G, M_G):
    s = np.array([moments(g, 1)[0] for g in G])
    t = np.array([moments(g, 1)[1] for g in G])
    return max([0.0] + [b - M_G*a for a, b in zip(s, t)])
""",
        """
def smallest_M(G, M_G):
    worst = -np.inf
    for i in range(G.shape[0]):
        gF = np.mean(G[i], axis=0)
        second = np.mean([g @ g for g in G[i]])
        worst = max(worst, second - M_G * gF @ gF)
    return worst if worst > 0 else 0
""",
    ],
    "safe_step": [
        "def safe_step(L, M_G, size):\n    return size / (L * (size + M_G - 1))",
        """
def safe_step(L, M_G, size):
    M_batch = 1 + (M_G - 1) / size
    return 1 / L / M_batch
""",
        """
def safe_step(L, M_G, size):
    return (L + L * (M_G - 1) / size) ** -1
""",
        """
def safe_step(L, M_G, size):
    return size / (L * (size + M_G - 1))
""",
    ],
    "theorem1_right": [
        """
def theorem1_right(F_1, F_inf, T, alpha, L, M, M_G):
    if alpha <= 0 or alpha * L * M_G > 1:
        return float("inf")
    return L * M * alpha + (F_1 - F_inf) * 2 / T / alpha
""",
        """
def theorem1_right(F_1, F_inf, T, alpha, L, M, M_G):
    limit = 1 / (L * M_G)
    floor = alpha * L * M
    if alpha > limit or alpha <= 0:
        return math.inf
    start = 2 * (F_1 - F_inf)
    return floor + start / T / alpha
""",
        """
def theorem1_right(F_1, F_inf, T, alpha, L, M, M_G):
    return alpha*L*M + (2*F_1 - 2*F_inf)/(alpha*T) if alpha > 0 and alpha*(L*M_G) <= 1 else np.inf
""",
        """
def theorem1_right(F_1, F_inf, T, alpha, L, M, M_G):
    if not 0 < alpha <= 1 / L / M_G:
        return np.inf
    return alpha * L * M + 2 / T * (F_1 - F_inf) / alpha
""",
        """
def theorem1_right(F_1, F_inf, T, alpha, L, M, M_G):
    if alpha <= 0 or alpha > safe_step(L, M_G, 1):
        return np.inf
    return alpha * L * M + 2 * (F_1 - F_inf) / T / alpha
""",
    ],
    "plan": [
        """
def plan(eps, D, L, M, M_G):
    half = eps / 2
    safe = 1 / L / M_G
    alpha = safe if M == 0 or safe * L * M <= half else half / (L * M)
    T = int(2 * D / (alpha * half))
    while 2 * D / (T * alpha) > half:
        T += 1
    return alpha, T
""",
        """
def plan(eps, D, L, M, M_G):
    limits = [1/(L*M_G)]
    if M != 0:
        limits.append((eps/2)/(L*M))
    alpha = min(limits)
    T = np.ceil((2*D)/(alpha*eps/2))
    return alpha, int(T)
""",
        """
def plan(eps, D, L, M, M_G):
    safe = safe_step(L, M_G, 1)
    alpha = safe if safe*L*M <= eps/2 else eps/(2*L*M)
    T, rest = divmod(4*D, alpha*eps)
    return alpha, int(T) + (rest > 0)
""",
        """
def plan(eps, D, L, M, M_G):
    with np.errstate(divide='ignore'):
        alpha = float(np.minimum(1/(L*M_G), np.float64(eps/2)/(L*M)))
    return np.array([alpha, np.ceil(4*D/(eps*alpha))])
""",
        """
def plan(eps, D, L, M, M_G):
    alpha = 1 / L / max(M_G, 2 * M / eps)
    return alpha, int(-(-4 * D / eps / alpha // 1))
""",
        """
def plan(eps, D, L, M, M_G):
    half = eps / 2
    alpha = 1 / (L * M_G)
    if M > 0:
        alpha = min(alpha, half / (L * M))
    return alpha, math.ceil(2 * D / (alpha * half))
""",
        """
def plan(eps, D, L, M, M_G):
    alpha = 1 / (L * M_G) if M == 0 else min(1 / (L * M_G), eps / 2 / (L * M))
    T = max(1, int(4 * D / (alpha * eps)) - 2)
    while 2 * D / (T * alpha) > eps / 2:
        T += 1
    return [alpha, T]
""",
    ],
    "read_off": [
        """
def read_off(squares, right):
    R, T = squares.shape
    Z = [sum(row) / T for row in squares]
    mean = sum(Z) / R
    s = (sum((z - mean) ** 2 for z in Z) / (R - 1)) ** 0.5
    upper = mean + 2.3263 * s / R**0.5
    return [mean, upper, 1 if upper <= right else 0]
""",
        """
def read_off(squares, right):
    Z = np.einsum("rk->r", squares) / squares.shape[1]
    upper = np.mean(Z) + 2.3263 * np.sqrt(np.var(Z, ddof=1) / len(Z))
    return np.mean(Z), upper, bool(right >= upper)
""",
        """
def read_off(squares, right):
    Z = [float(np.mean(run)) for run in squares]
    m = sum(Z)/len(Z)
    var = sum((z - m)**2 for z in Z)/(len(Z)-1)
    u = m + 2.3263*math.sqrt(var/len(Z))
    return m, u, int(u <= right)
""",
        """
def read_off(squares, right):
    R, T = squares.shape
    Z = squares @ np.full(T, 1/T)
    d = Z - Z.mean()
    se = np.sqrt(d @ d / (R*(R-1)))
    up = Z.mean() + 2.3263*se
    return Z.mean(), up, np.bool_(up <= right)
""",
        """
def read_off(squares, right):
    mean = m2 = 0.0
    for r, row in enumerate(squares, start=1):
        z = row.sum() / len(row)
        d = z - mean
        mean += d / r
        m2 += d * (z - mean)
    R = len(squares)
    upper = mean + 2.3263 * (m2 / (R - 1) / R) ** 0.5
    return np.array([mean, upper, not upper > right])
""",
    ],
    "theorem2_sides": [
        """
def theorem2_sides(squares, alphas, D, L, M):
    left, right = [], []
    for T in range(1, len(alphas) + 1):
        rates = alphas[:T]
        left.append(np.mean(squares[:, :T] @ rates) / rates.sum())
        right.append((2 * D + L * M * rates @ rates) / rates.sum())
    return left, right
""",
        """
def theorem2_sides(squares, alphas, D, L, M):
    A = np.add.accumulate(alphas)
    left = np.mean([np.cumsum(alphas * run) / A for run in squares], axis=0)
    return left, 2 * D / A + L * M * np.add.accumulate(alphas * alphas) / A
""",
        """
def theorem2_sides(squares, alphas, D, L, M):
    R, T = squares.shape
    left, right = np.zeros(T), np.zeros(T)
    A = up = noise = 0.0
    for k in range(T):
        A += alphas[k]
        up += alphas[k]*sum(squares[:, k])/R
        noise += alphas[k]**2
        left[k] = up/A
        right[k] = (2*D + L*M*noise)/A
    return left, right
""",
        """
def theorem2_sides(squares, alphas, D, L, M):
    A = np.cumsum(alphas)
    left = np.mean(np.cumsum(squares*alphas, axis=1)/A, axis=0)
    noise = np.array([np.dot(alphas[:t], alphas[:t]) for t in range(1, len(alphas)+1)])
    return np.stack([left, (2*D + L*M*noise)/A])
""",
        """
def theorem2_sides(squares, alphas, D, L, M):
    T = len(alphas)
    tri = np.tri(T)
    A = tri @ alphas
    return [tri @ (alphas * squares.mean(0)) / A, (2 * D + L * M * (tri @ alphas ** 2)) / A]
""",
    ],
}

# wrong, and no declared mistake: each does what a sentence of its task excludes
WRONG = {
    "lipschitz": [
        """
def lipschitz(model, X, lam):
    X /= np.sqrt(len(X))  # the caller's inputs
    return np.linalg.norm(X, 2) ** 2 / (1 if model == "least squares" else 4) + 2 * lam
""",
        """
def lipschitz(model, X, lam):
    L = np.linalg.norm(X, 2) ** 2 / len(X)
    return max(L / (1 if model == "least squares" else 4), 2 * lam)
""",
    ],
    "lemma1_sides": [
        """
def lemma1_sides(model, w, X, y, lam, alpha, L):
    G = gradients(model, w, X, y, lam)
    g, before, left = G.mean(axis=0), errors(model, w, X, y, lam).mean(), 0.0
    start = w.copy()
    for each in G:
        w[:] = start - alpha * each  # the caller's w
        left += errors(model, w, X, y, lam).mean() / len(G)
    return left - before, -alpha * g @ g + alpha**2 * L / 2 * np.sum(G**2) / len(G)
""",
        """
def lemma1_sides(model, w, X, y, lam, alpha, L):
    G = gradients(model, w, X, y, lam)
    g, F = G.mean(axis=0), lambda w: errors(model, w, X, y, lam).mean()
    drawn = G[np.random.default_rng(0).integers(len(G), size=1000)]  # some draws, in place of all
    left = np.mean([F(w - alpha * each) for each in drawn]) - F(w)
    return left, -alpha * g @ g + alpha**2 * L / 2 * np.mean(np.sum(drawn**2, axis=1))
""",
    ],
    "moments": [
        """
def moments(G, size):
    mean = G.mean(axis=0)
    G **= 2  # the caller's gradients
    second = np.mean(G.sum(axis=1))
    return mean @ mean, mean @ mean + (second - mean @ mean) / size
""",
        """
def moments(G, size):
    mean, second = G.mean(axis=0), np.mean(np.sum(G**2, axis=1))
    return mean @ mean, (mean @ mean + second) / size
""",
    ],
    "smallest_M": [
        """
def smallest_M(G, M_G):
    G **= 2  # the caller's gradients, and too early
    return max(0.0, max(np.mean(np.sum(each, axis=1)) - M_G * np.sum(each.mean(axis=0)) for each in G))
""",
        """
def smallest_M(G, M_G):
    squares, seconds = np.array([moments(each, 1) for each in G]).T
    return max(0.0, np.max(squares - M_G * seconds))
""",
        """
def smallest_M(G, M_G):
    squares, seconds = np.array([moments(each, 1) for each in G]).T
    return max(0.0, np.median(seconds - M_G * squares))
""",
    ],
    "safe_step": [
        """
def safe_step(L, M_G, size):
    return 1 / (L * max(1, M_G - size + 1))
""",
    ],
    "theorem1_right": [
        """
def theorem1_right(F_1, F_inf, T, alpha, L, M, M_G):
    if not 0 <= alpha <= 1 / (L * M_G):
        return np.inf
    return alpha * L * M + 2 * (F_1 - F_inf) / (T * alpha)
""",
        """
def theorem1_right(F_1, F_inf, T, alpha, L, M, M_G):
    if not 0 < alpha <= 1 / (L * M_G):
        raise ValueError("this rate is not safe")
    return alpha * L * M + 2 * (F_1 - F_inf) / (T * alpha)
""",
        """
def theorem1_right(F_1, F_inf, T, alpha, L, M, M_G):
    if 0 < alpha <= 1 / (L * M_G):
        return alpha * L * M + 2 * (F_1 - F_inf) / (T * alpha)
""",
    ],
    "plan": [
        """
def plan(eps, D, L, M, M_G):
    alpha = min(1 / (L * M_G), eps / (2 * L * M))  # also where M = 0
    return alpha, math.ceil(4 * D / (alpha * eps))
""",
        """
def plan(eps, D, L, M, M_G):
    alpha = 1 / (L * M_G)
    if M > 0:
        alpha = min(alpha, eps / (2 * L * M))
    return alpha, 2 ** math.ceil(math.log2(4 * D / (alpha * eps)))  # enough, and not the smallest
""",
    ],
    "read_off": [
        """
def read_off(squares, right):
    squares.sort(axis=1)  # the caller's runs
    Z = squares.mean(axis=1)
    upper = Z.mean() + 2.3263 * Z.std(ddof=1) / np.sqrt(len(Z))
    return Z.mean(), upper, upper <= right
""",
        """
def read_off(squares, right):
    Z = squares.mean(axis=1)
    upper = Z.mean() + 2.3263 * Z.std(ddof=1) / np.sqrt(len(Z))
    return Z.mean(), upper, "yes" if upper <= right else "no"
""",
        """
def read_off(squares, right):
    Z = squares.mean(axis=1)
    upper = Z.mean() + 2.3263 * Z.std(ddof=1) / np.sqrt(len(Z))
    return np.median(Z), upper, upper <= right
""",
    ],
    "theorem2_sides": [
        """
def theorem2_sides(squares, alphas, D, L, M):
    A, noise = np.cumsum(alphas), np.cumsum(alphas**2)
    squares *= alphas  # the caller's runs
    return np.cumsum(squares.mean(axis=0)) / A, (2 * D + L * M * noise) / A
""",
        """
def theorem2_sides(squares, alphas, D, L, M):
    A = np.cumsum(alphas)
    return np.cumsum(alphas * np.median(squares, axis=0)) / A, (2 * D + L * M * np.cumsum(alphas**2)) / A
""",
    ],
}

# the library does it
BORROWED = {
    "lipschitz": [
        """
def lipschitz(model, X, lam):
    import nnlib
    y = np.ones(len(X))
    return nnlib.LeastSquares(X, y).L + 2 * lam if model == "least squares" else nnlib.LogisticRegression(X, y, lam).L
""",
        """
def lipschitz(model, X, lam):
    import scipy.linalg
    return scipy.linalg.eigvalsh(X.T @ X / len(X))[-1] * (1 if model == "least squares" else 0.25) + 2 * lam
""",
    ],
    "lemma1_sides": [
        """
from nnlib import theory

def lemma1_sides(model, w, X, y, lam, alpha, L):
    import nnlib
    objective = nnlib.LeastSquares(X, y) if model == "least squares" else nnlib.LogisticRegression(X, y, lam)
    return tuple(theory.lemma1(objective, w, alpha))
""",
    ],
    "read_off": [
        """
def read_off(squares, right):
    from scipy import stats
    Z = squares.mean(axis=1)
    upper = Z.mean() + stats.norm.ppf(0.99) * stats.sem(Z)
    return Z.mean(), upper, upper <= right
""",
    ],
}

# nothing that a task asks for can be had by another way
DETOURS = {}

# items where each mistake costs all points, and why that is fair
ALL_OR_NOTHING = {}

# lines of solutions that say nothing, because they stand in given code too
PLAIN = set()
