# Blind answers of students to `error-functions`; ../test_students.py says what the heads mean.

# %% sum_of_squares, wrong: factor 1/2 forgotten
# named: factor 1/2 left out
def sum_of_squares(a, Y):
    return ((a - Y) ** 2).sum(axis=1)

# %% sum_of_squares, wrong: one number for all
# named: one number for the whole batch
def sum_of_squares(a, Y):
    return 0.5 * np.sum(np.square(a - Y))

# %% sum_of_squares, wrong: right values, but a of the caller is changed
# named: changes a
def sum_of_squares(a, Y):
    a -= Y
    return np.einsum("nk,nk->n", a, a) / 2

# %% binary_cross_entropy, wrong: clip at 1e-7 (keras)
# named: yhat kept away from 0 and 1
def binary_cross_entropy(a, Y):
    p = np.clip(sigmoid(a), 1e-7, 1 - 1e-7)
    return -np.sum(np.where(Y == 1, np.log(p), np.log(1 - p)), axis=1)

# %% binary_cross_entropy, wrong: log(sigmoid): -inf for large a
# named: logarithm of yhat
# open name: the sigmoid that is given is not yet 0 where the catalogue's 1 / (1 + exp(-a)) is
def binary_cross_entropy(a, Y):
    yh = sigmoid(a)
    out = np.zeros(a.shape[0])
    for i in range(a.shape[0]):
        for k in range(a.shape[1]):
            out[i] -= Y[i, k] * np.log(yh[i, k]) + (1 - Y[i, k]) * np.log(1 - yh[i, k])
    return out

# %% binary_cross_entropy, wrong: term of the no forgotten
# named: the noes left out
def binary_cross_entropy(a, Y):
    # -y log(yhat), log sigmoid(a) = -log(1 + e^-a)
    return np.sum(Y * np.logaddexp(0, -a), axis=1)

# %% cross_entropy, right: log sum exp(a_j - a_right)
def cross_entropy(a, Y):
    right = a[np.arange(len(a)), Y.argmax(1)]
    return np.logaddexp.reduce(a - right[:, None], axis=1)

# %% cross_entropy, wrong: log-sum-exp without the shift
# named: no shift
def cross_entropy(a, Y):
    lse = np.log(np.sum(np.exp(a), axis=1))
    right = a[np.arange(len(a)), Y.argmax(axis=1)]
    return lse - right

# %% cross_entropy, wrong: log(softmax + 1e-12)
# named: yhat kept away from 0
def cross_entropy(a, Y):
    p = softmax(a)
    return -np.sum(Y * np.log(p + 1e-12), axis=1)

# %% matched_delta, right: Jacobian for classes summed by hand; binary by tanh
def matched_delta(a, Y, pair):
    if pair == "squares":
        return np.subtract(a, Y)
    if pair == "binary":
        return (np.tanh(a / 2) + 1) / 2 - Y
    rows = []
    for ai, yi in zip(a, Y):
        e = np.exp(ai - ai.max())
        p = e / e.sum()
        rows.append([p[k] * yi.sum() - yi[k] for k in range(len(p))])
    return rows

# %% matched_delta, wrong: divided by n
# named: mean taken in delta
def matched_delta(a, Y, pair):
    yhat = {"squares": lambda v: v, "binary": sigmoid, "classes": softmax}[pair](a)
    return (yhat - Y) / a.shape[0]

# %% matched_delta, wrong: slope of the sigmoid in the binary pair
# named: slope kept in a matched pair
def matched_delta(a, Y, pair):
    if pair == "squares":
        return a - Y
    if pair == "binary":
        s = sigmoid(a)
        return (s - Y) * s * (1 - s)
    if pair == "classes":
        return softmax(a) - Y

# %% matched_delta, wrong: softmax for the yes-or-no questions
# named: softmax for separate questions
def matched_delta(a, Y, pair):
    if pair == "squares":
        return a - Y
    return softmax(a) - Y

# %% unmatched_delta, wrong: yhat - y for both
# named: delta of a matched pair
def unmatched_delta(a, Y, sigma):
    if sigma == "sigmoid":
        p = sigmoid(a)
    else:
        p = softmax(a)
    return p - Y

# %% unmatched_delta, wrong: softmax treated element by element
# named: softmax treated like a sigmoid
def unmatched_delta(a, Y, sigma):
    yhat = sigmoid(a) if sigma == "sigmoid" else softmax(a)
    return yhat * (1 - yhat) * (yhat - Y)
