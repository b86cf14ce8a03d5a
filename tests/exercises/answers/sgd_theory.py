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
    ],
    "safe_step": ["def safe_step(L, M_G, size):\n    return size / (L * (size + M_G - 1))"],
    "theorem1_right": [
        """
def theorem1_right(F_1, F_inf, T, alpha, L, M, M_G):
    if alpha <= 0 or alpha * L * M_G > 1:
        return float("inf")
    return L * M * alpha + (F_1 - F_inf) * 2 / T / alpha
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

# mistakes that cannot run at all in the visible check: Python tells, in the student's own line

# items where each mistake costs all points, and why that is fair
ALL_OR_NOTHING = {}

# lines of solutions that say nothing, because they stand in given code too
PLAIN = set()
