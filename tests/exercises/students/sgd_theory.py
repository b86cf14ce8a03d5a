# Blind answers of students to `sgd-theory`; ../test_students.py says what the heads mean.

# %% lipschitz, right: norm of the largest Hessian
def lipschitz(model, X, lam):
    c = {"least squares": 1.0, "logistic": 0.25}[model]
    return np.linalg.norm(c / len(X) * X.T @ X + 2 * lam * np.eye(X.shape[1]), 2)

# %% lipschitz, right: singular values
def lipschitz(model, X, lam):
    s = np.linalg.svd(X / np.sqrt(len(X)), compute_uv=False)[0]
    return (s * s if model[0] == "l" and model[1] == "e" else (s / 2) ** 2) + lam + lam

# %% lipschitz, wrong: lambda added once (factor 2 forgotten)
# named: lam in place of 2 lam
def lipschitz(model, X, lam):
    L = np.linalg.eigvalsh(X.T @ X / len(X)).max()
    if model == "logistic":
        L = L / 4
    return L + lam

# %% lipschitz, wrong: singular value not squared
# named: singular value not squared
def lipschitz(model, X, lam):
    s = np.linalg.norm(X, 2)
    c = 1 if model == "least squares" else 0.25
    return c * s / len(X) + 2 * lam

# %% lemma1_sides, right: all w at once
def lemma1_sides(model, w, X, y, lam, alpha, L):
    G = gradients(model, w, X, y, lam)
    F = lambda v: sum(errors(model, v, X, y, lam)) / len(y)
    left = sum(F(w - alpha * g) - F(w) for g in G) / len(G)
    m = sum(G) / len(G)
    return np.array([left, alpha * (alpha * L / 2 * np.einsum("ij,ij->", G, G) / len(G) - m @ m)])

# %% lemma1_sides, wrong: F at the mean step (E inside F)
# named: F after the mean step
def lemma1_sides(model, w, X, y, lam, alpha, L):
    G = gradients(model, w, X, y, lam)
    g = G.mean(axis=0)
    left = errors(model, w - alpha * g, X, y, lam).mean() - errors(model, w, X, y, lam).mean()
    right = -alpha * g @ g + 0.5 * L * alpha ** 2 * (G ** 2).sum(axis=1).mean()
    return left, right

# %% lemma1_sides, wrong: each draw evaluated at its own E_j only
# named: own error alone after each draw
def lemma1_sides(model, w, X, y, lam, alpha, L):
    G = gradients(model, w, X, y, lam)
    n = len(G)
    after = 0
    for j in range(n):
        after += errors(model, w - alpha * G[j], X, y, lam)[j]
    left = after / n - np.mean(errors(model, w, X, y, lam))
    gf = G.mean(axis=0)
    right = -alpha * np.dot(gf, gf) + alpha ** 2 * L / 2 * np.mean(np.sum(G ** 2, axis=1))
    return left, right

# %% moments, wrong: variance with n - 1
# named: n - 1 in the variance
def moments(G, size):
    m = G.mean(axis=0)
    return float(m @ m), float(m @ m + G.var(axis=0, ddof=1).sum() / size)

# %% moments, wrong: second moment without the squared mean
# named: variance in place of the second moment
def moments(G, size):
    mean = np.mean(G, axis=0)
    sq = np.sum(mean ** 2)
    var = np.sum(np.var(G, axis=0)) / size
    return sq, var

# %% safe_step, right: size/(L (size + M_G - 1))
def safe_step(L, M_G, size):
    return size / (L * (size + M_G - 1))

# %% theorem1_right, right: condition as alpha <= 1/L/M_G
def theorem1_right(F_1, F_inf, T, alpha, L, M, M_G):
    if not 0 < alpha <= 1 / L / M_G:
        return np.inf
    return alpha * L * M + 2 / T * (F_1 - F_inf) / alpha

# %% theorem1_right, right: calls safe_step(L, M_G, 1)
def theorem1_right(F_1, F_inf, T, alpha, L, M, M_G):
    if alpha <= 0 or alpha > safe_step(L, M_G, 1):
        return np.inf
    return alpha * L * M + 2 * (F_1 - F_inf) / T / alpha

# %% theorem1_right, wrong: alpha <= 0 not refused
# named: rates that are not positive allowed
def theorem1_right(F_1, F_inf, T, alpha, L, M, M_G):
    if alpha > 1 / (L * M_G):
        return np.inf
    return alpha * L * M + 2 * (F_1 - F_inf) / (T * alpha)

# %% plan, right: 4 D / eps / alpha
def plan(eps, D, L, M, M_G):
    alpha = 1 / L / max(M_G, 2 * M / eps)
    return alpha, int(-(-4 * D / eps / alpha // 1))

# %% plan, right: (eps/2)/(L M), ceil(2 D/(alpha (eps/2)))
def plan(eps, D, L, M, M_G):
    half = eps / 2
    alpha = 1 / (L * M_G)
    if M > 0:
        alpha = min(alpha, half / (L * M))
    return alpha, math.ceil(2 * D / (alpha * half))

# %% plan, right: smallest T by looking
def plan(eps, D, L, M, M_G):
    alpha = 1 / (L * M_G) if M == 0 else min(1 / (L * M_G), eps / 2 / (L * M))
    T = max(1, int(4 * D / (alpha * eps)) - 2)
    while 2 * D / (T * alpha) > eps / 2:
        T += 1
    return [alpha, T]

# %% plan, wrong: safe step forgotten
# named: safe step ignored
def plan(eps, D, L, M, M_G):
    if M == 0:
        alpha = 1 / (L * M_G)
    else:
        alpha = eps / (2 * L * M)
    return alpha, int(np.ceil(4 * D / (eps * alpha)))

# %% read_off, right: Welford
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

# %% read_off, wrong: verdict from the bare mean
# named: verdict by the bare mean
def read_off(squares, right):
    Z = squares.mean(1)
    mean = Z.mean()
    upper = mean + 2.3263 * Z.std(ddof=1) / len(Z) ** 0.5
    return mean, upper, mean <= right

# %% theorem2_sides, right: triangular matrix
def theorem2_sides(squares, alphas, D, L, M):
    T = len(alphas)
    tri = np.tri(T)
    A = tri @ alphas
    return [tri @ (alphas * squares.mean(0)) / A, (2 * D + L * M * (tri @ alphas ** 2)) / A]

# %% theorem2_sides, wrong: (sum alpha)^2 instead of sum of squares
# named: square of the sum in place of the sum of the squares
def theorem2_sides(squares, alphas, D, L, M):
    A = np.cumsum(alphas)
    left = np.cumsum(alphas * squares.mean(axis=0)) / A
    right = (2 * D + L * M * A ** 2) / A
    return left, right

# %% theorem2_sides, wrong: steps not weighted with their rates
# named: divided by the number of steps; steps not weighted
def theorem2_sides(squares, alphas, D, L, M):
    A = np.cumsum(alphas)
    T = np.arange(1, len(alphas) + 1)
    left = np.cumsum(squares.mean(axis=0)) / T
    right = (2 * D + L * M * np.cumsum(alphas ** 2)) / A
    return left, right
