"""The graded items of `autoencoder`: inputs, groups for partial credit, and the mistakes that people make."""

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from grading.engine import Case, Draw, Group, Item, Mistake, Reference, Rng, group, untrained
from nnlib.data import mnist

PAGE = "chapters/11-autoencoders"
f32 = np.float32


def normal(rng: Rng, *shape: int, dtype: Any = float) -> np.ndarray:
    return rng.normal(size=shape).astype(dtype)


def mistake(name: str, hint: str, *edits: tuple[str, str]) -> Mistake:
    return Mistake(name, hint, PAGE, edits)


def orthonormal(rng: Rng, k: int, p: int) -> np.ndarray:
    """k orthonormal rows."""
    return np.linalg.qr(rng.normal(size=(p, p)))[0][:k]


def clouds(n: int, p: int, k: int) -> Draw:
    """Points far from zero, with another spread along each of p directions; k axes are asked for."""
    spread = 0.6 ** np.arange(p)
    return lambda r: (normal(r, n, p) * spread @ orthonormal(r, p, p) + 2 * normal(r, p), k)


def lines(value: Any) -> np.ndarray:
    """What is left of the axes if their signs do not count: v v^T for each of them."""
    return np.einsum("ji,jk->jik", value[1], value[1])


CLOUDS = (clouds(30, 5, 2), clouds(20, 4, 4), clouds(40, 6, 1))

PRINCIPAL_AXES = Item(
    "principal-axes",
    "principal_axes",
    (
        group("the mean", 1, *CLOUDS, part=lambda value: value[0]),
        group("the eigenvalues", 1, *CLOUDS, part=lambda value: value[2], at=100),
        group("the axes, whatever their signs", 1, *CLOUDS, part=lines, at=1e4),
        group(
            "fewer observations than pixels",
            1,
            clouds(6, 9, 3),
            part=lambda value: [lines(value), value[2]],
            at=1e4,
        ),
    ),
    (
        mistake(
            "not centred",
            "C holds the squares of x - mean. What does the largest eigenvalue measure if the mean stays in?",
            ("centred = X - mean", "centred = X"),
        ),
        mistake(
            "sum in place of the mean in C",
            "An eigenvalue is the variance along its axis. By what is the sum over the observations divided?",
            (" / len(X)", ""),
        ),
        mistake(
            "divided by n - 1",
            "The equation divides by n. Then the eigenvalues give the mean error exactly. By what does yours divide?",
            (" / len(X)", " / (len(X) - 1)"),
        ),
        mistake(
            "smallest eigenvalues first",
            "In which order does eigh return the eigenvalues, and along which axes do the data vary most?",
            ("np.argsort(eigenvalues)[::-1]", "np.argsort(eigenvalues)"),
        ),
        mistake(
            "axes in columns",
            "The task wants an axis in each row. What shape have k axes with p entries?",
            ("vectors[:, order[:k]].T", "vectors[:, order[:k]]"),
        ),
        mistake(
            "rows of the matrix of eigenvectors",
            "Where does eigh put an eigenvector, in a row or in a column? Multiply C with what you took.",
            ("vectors[:, order[:k]].T", "vectors[order[:k]]"),
        ),
        mistake(
            "standard deviations in place of variances",
            "An eigenvalue is a variance. Of what is your number the square root?",
            ("eigenvalues[order]", "np.sqrt(np.maximum(eigenvalues[order], 0))"),
        ),
    ),
)


def planes(n: int, p: int, k: int, dtype: Any = float) -> Draw:
    return lambda r: (normal(r, n, p, dtype=dtype), normal(r, p, dtype=dtype), orthonormal(r, k, p).astype(dtype))


PLANES = (planes(6, 5, 2), planes(4, 3, 3), planes(5, 4, 1))

PROJECT = Item(
    "pca-reconstruction",
    "project",
    (
        group("codes", 1, *PLANES, part=lambda value: value[0]),
        group("reconstructions", 1, *PLANES, part=lambda value: value[1]),
        group("one image, and float32", 1, planes(1, 4, 2), planes(5, 6, 3, f32)),
    ),
    (
        mistake(
            "codes of images that are not centred",
            "The code 0 belongs to the mean image. Which code has the mean image in your program?",
            ("(X - mean) @", "X @"),
        ),
        mistake(
            "mean not added back",
            "The plane goes through the mean. Through which point does yours go?",
            ("mean + Z @ axes", "Z @ axes"),
        ),
        mistake(
            "mean of these images in place of the given one",
            "The plane was found with other images. Which mean belongs to it?",
            ("(X - mean) @", "(X - X.mean(axis=0)) @"),
            ("mean + Z", "X.mean(axis=0) + Z"),
        ),
        mistake(
            "rows and columns of the axes exchanged",
            "An axis is a row of axes. Over which index does v_j (x - mean) sum?",
            ("(X - mean) @ axes.T", "(X - mean) @ axes"),
            ("Z @ axes", "Z @ axes.T"),
        ),
        mistake(
            "codes and reconstructions exchanged",
            "The task states (Z, Xhat), in this order. Which of them has k columns?",
            ("return Z, mean + Z @ axes", "return mean + Z @ axes, Z"),
        ),
    ),
)


def pairs(n: int, p: int, dtype: Any = float) -> Draw:
    return lambda r: (normal(r, n, p, dtype=dtype), normal(r, n, p, dtype=dtype))


RECONSTRUCTION_ERROR = Item(
    "reconstruction-error",
    "reconstruction_error",
    (
        group("one image", 1, pairs(1, 4), pairs(1, 7)),
        group("several images, and float32", 1, pairs(5, 3), pairs(4, 4), pairs(6, 8, f32)),
    ),
    (
        mistake(
            "mean over the pixels",
            "The equation sums over the pixels. By which factor is your number smaller?",
            (".sum(axis=1)", ".mean(axis=1)"),
        ),
        mistake(
            "one half in front",
            "The sum of squares of other chapters has a factor 1/2. Has this one?",
            (".sum(axis=1)", ".sum(axis=1) / 2"),
        ),
        mistake(
            "the distance in place of its square",
            "The equation has the square of the norm. What did your root take away?",
            ("((Xhat - X) ** 2).sum(axis=1)", "np.sqrt(((Xhat - X) ** 2).sum(axis=1))"),
        ),
        mistake(
            "absolute values in place of squares",
            "How much more does a difference of 2 count than one of 1?",
            ("((Xhat - X) ** 2)", "np.abs(Xhat - X)"),
        ),
        mistake(
            "sum over the images",
            "Each image has an error of its own. Over which axis are the pixels?",
            ("axis=1", "axis=0"),
        ),
        mistake(
            "one number for all images",
            "Each image has an error of its own. The mean over the images comes later. Which axis must stay?",
            (".sum(axis=1)", ".sum(axis=1).mean()"),
        ),
    ),
)


def spectra(p: int) -> Draw:
    return lambda r: (np.sort(r.exponential(size=p))[::-1].copy(),)


SPECTRA = (spectra(6), spectra(3), spectra(11))

PCA_ERROR = Item(
    "pca-error",
    "pca_error",
    (
        group("no axis and all axes", 1, *SPECTRA, part=lambda value: [value[:1], value[-1:]]),
        group("every number of axes", 1, *SPECTRA),
    ),
    (
        mistake(
            "what is kept in place of what is lost",
            "With no axis everything is lost but the mean. What does your curve say for k = 0?",
            ("np.append(rest, 0.0)", "np.append(0.0, np.cumsum(eigenvalues))"),
        ),
        mistake(
            "largest eigenvalues left out first",
            "The axes with the largest eigenvalues are kept. Which one is kept with k = 1?",
            ("np.cumsum(eigenvalues[::-1])[::-1]", "np.cumsum(eigenvalues)[::-1]"),
        ),
        mistake(
            "no entry for k = p",
            "From none to all there are p + 1 numbers of axes. What is lost if all are kept?",
            ("np.append(rest, 0.0)", "rest"),
        ),
        mistake(
            "shares in place of errors",
            "A share of the variance has no unit. Which unit has the error of the equation?",
            ("np.append(rest, 0.0)", "np.append(rest, 0.0) / rest[0]"),
        ),
        mistake(
            "the eigenvalues themselves",
            "With k axes all of the others are lost, not the next one alone. What is missing?",
            ("np.cumsum(eigenvalues[::-1])[::-1]", "eigenvalues"),
        ),
        mistake(
            "mean over the pixels",
            "The error is summed over the pixels. By which factor is your number smaller?",
            ("np.append(rest, 0.0)", "np.append(rest, 0.0) / len(rest)"),
        ),
    ),
)


def spans(k: int, m: int, p: int) -> Draw:
    return lambda r: (normal(r, k, p), normal(r, m, p))


def orthonormal_spans(k: int, p: int) -> Draw:
    return lambda r: (orthonormal(r, k, p), orthonormal(r, k, p))


def same_plane(rng: Rng) -> list[Case]:
    A = normal(rng, 3, 7) / 10
    return [Case((A, (normal(rng, 3, 3) + 3 * np.eye(3)) @ A))]


def all_zero(angles: Any, case: Case, reference: Reference) -> str | None:
    """A complaint if a plane has an angle with itself."""
    if np.shape(angles) != (3,):
        return f"the result has shape {np.shape(angles)}, expected (3,)"
    fine = np.all(np.isfinite(angles)) and np.max(np.abs(angles)) < 1e-4
    return None if fine else "the same plane in other coordinates has an angle that is not 0"


PRINCIPAL_ANGLES = Item(
    "principal-angles",
    "principal_angles",
    (
        group("orthonormal bases", 1, orthonormal_spans(2, 6), orthonormal_spans(3, 7), at=1e4),
        group("any bases, and planes of other dimensions", 1, spans(2, 2, 5), spans(3, 2, 6), spans(1, 3, 8), at=1e4),
        Group("the same plane in other coordinates", 1, same_plane, judge=all_zero),
    ),
    (
        mistake(
            "bases that are not orthonormal",
            "The equation needs orthonormal rows. What happens to a product of vectors if one becomes twice as long?",
            ("np.linalg.qr(A.T)[0].T", "A"),
            ("np.linalg.qr(B.T)[0].T", "B"),
        ),
        mistake(
            "rows of length 1, but not at right angles",
            "Length 1 is half of it. What does orthonormal ask for besides?",
            ("np.linalg.qr(A.T)[0].T", "A / np.linalg.norm(A, axis=1, keepdims=True)"),
            ("np.linalg.qr(B.T)[0].T", "B / np.linalg.norm(B, axis=1, keepdims=True)"),
        ),
        mistake(
            "cosines in place of angles",
            "What is the singular value for two planes that are the same, and what is the angle?",
            ("np.arccos(np.clip(cosines, -1, 1))", "np.clip(cosines, -1, 1)"),
        ),
        mistake(
            "sines taken for cosines",
            "For the same plane all singular values are 1. What does your function make of 1?",
            ("np.arccos", "np.arcsin"),
        ),
        mistake(
            "degrees",
            "The task asks for radians. What is a right angle in radians?",
            ("np.arccos(np.clip(cosines, -1, 1))", "np.degrees(np.arccos(np.clip(cosines, -1, 1)))"),
        ),
        mistake(
            "largest angle first",
            "The smallest angle comes first. Which angle belongs to the largest cosine?",
            ("np.arccos(np.clip(cosines, -1, 1))", "np.arccos(np.clip(cosines, -1, 1))[::-1]"),
        ),
        mistake(
            "vector by vector",
            "Each basis may be turned within its plane. Which products are left out in yours?",
            (
                "np.linalg.svd(Q_A @ Q_B.T, compute_uv=False)",
                "np.abs([a @ b for a, b in zip(Q_A, Q_B)])",
            ),
        ),
    ),
)


def linear(n: int, p: int, k: int, dtype: Any = float, *more: Any) -> Draw:
    shapes = (k, p), (k,), (p, k), (p,)
    return lambda r: ([normal(r, *shape, dtype=dtype) for shape in shapes], normal(r, n, p, dtype=dtype), *more)


def one_far(p: int, k: int, decoder: bool) -> Draw:
    """A large F that hides the gradient from differences, and from no formula: huge residuals meet tiny numbers.

    For the encoder the bias of a pixel to which hardly anything leads is huge. For the decoder a pixel of one image is,
    which hardly changes the code.
    """

    def draw(r: Rng) -> tuple[Any, ...]:
        (W1, b1, W2, b2), X = linear(4, p, k)(r)
        if decoder:
            W1[:, 0] *= 1e-18
            b1[:] = X[0] = 0
            X[0, 0] = 1e9
        else:
            W2[0] *= 1e-9
            b2[0] = 1e9
        return [W1, b1, W2, b2], X

    return draw


BATCHES = (linear(5, 4, 2), linear(4, 3, 3), linear(6, 5, 1), linear(5, 6, 3, f32))


def one_image(r: Rng) -> tuple[Any, ...]:
    """As for the encoder, with one image."""
    weights, X = one_far(3, 2, False)(r)
    return weights, X[:1]


LINEAR_GRADIENT = Item(
    "linear-autoencoder",
    "linear_gradient",
    (
        group("the decoder, W2 and b2", 1, *BATCHES, one_far(4, 2, True), part=lambda g: g[2:]),
        group("the encoder, W1 and b1", 2, *BATCHES, one_far(4, 2, False), part=lambda g: g[:2]),
        group("one image", 1, linear(1, 4, 2), linear(1, 3, 3), one_image),
    ),
    (
        mistake(
            "factor 2 missing",
            "This error has no factor 1/2. What is the derivative of a square?",
            ("delta = 2 * (", "delta = ("),
        ),
        mistake(
            "sum over the images in place of the mean",
            "F is the mean of the E_i. By what is the sum over the rows divided?",
            (" / n", ""),
        ),
        mistake(
            "mean over the pixels, too",
            "The error of an image is a sum over its pixels. How often is something divided?",
            ("delta = 2 * (", "delta = 2 / X.shape[1] * ("),
        ),
        mistake(
            "decoder transposed on the way back",
            "Forward, W2 sums over the code. Over what does the way back sum, and which index of W2 is that?",
            ("delta @ W2", "delta @ W2.T"),
        ),
        mistake(
            "x - xhat",
            "The sign: does the error grow or fall when xhat grows beyond x?",
            ("back = delta @ W2", "delta = -delta\n    back = delta @ W2"),
        ),
        mistake(
            "b1 left out of the code",
            "z = W1 x + b1. What enters the decoder in your program?",
            (" + b1", ""),
        ),
        mistake(
            "encoder's gradient copied from the decoder's",
            "W1 and W2 are two matrices, each with a derivative of its own. Through what does W1 act on the error?",
            ("return [back.T @ X / n", "return [Z.T @ delta / n"),
        ),
    ),
    asks="backpropagation",
    formula=True,
)


def tiny(images: np.ndarray, side: int) -> np.ndarray:
    """Images of side by side pixels: means over blocks."""
    block = 28 // side
    return images.astype(float).reshape(-1, side, block, side, block).mean(axis=(2, 4)).reshape(-1, side * side)


def linear_digits(rng: Rng) -> list[Case]:
    """500 steps on 400 digits of 7 by 7 pixels, with a code of 4 numbers."""
    X = tiny(mnist().X_train[:400], 7)
    weights = [normal(rng, 4, 49) / 10, np.zeros(4), normal(rng, 49, 4) / 10, np.zeros(49)]
    return [Case((weights, X - X.mean(axis=0), 500, 0.2))]


def at_idle_inputs(found: Any, start: np.ndarray, X: np.ndarray) -> str:
    """A complaint if weights of inputs that are 0 in every image have changed: their derivative is 0 all the time."""
    idle = ~np.any(X, axis=0)
    same = np.allclose(np.asarray(found)[:, idle], start[:, idle], atol=1e-6)
    return "" if same else "weights of pixels that are always 0 have changed: steps along the gradient leave them alone"


def near_pca(weights: Any, case: Case, reference: Reference) -> str | None:
    """A complaint if the error is more than 5 % above PCA's."""
    (W, *_), X = case.args[:2]
    W1, b1, W2, b2 = weights
    if said := untrained([W1, W2], [W, case.args[0][2]]) or at_idle_inputs(W1, W, X):
        return said
    error = np.mean(np.sum(((X @ W1.T + b1) @ W2.T + b2 - X) ** 2, axis=1))
    ratio = float(error / reference["pca_error"](reference["principal_axes"](X, 1)[2])[4])
    return None if ratio <= 1.05 else f"the error on digits is {ratio:.2f} times PCA's, at most 1.05 is asked for"


TRAIN_LINEAR = Item(
    "linear-autoencoder-train",
    "train_linear",
    (
        group("one step", 1, linear(5, 4, 2, float, 1, 0.1), linear(4, 3, 3, float, 1, 0.05)),
        group("several steps", 1, linear(6, 4, 2, float, 4, 0.02), at=100),
        Group("real digits", 1, linear_digits, judge=near_pca, deadline=20.0),
    ),
    (
        mistake(
            "step uphill",
            "The gradient points to where F grows. Which way does the step go?",
            ("w - alpha", "w + alpha"),
        ),
        mistake(
            "one step too few",
            "steps says how many steps to take. How many does your loop take with steps = 1?",
            ("range(steps)", "range(1, steps)"),
        ),
        mistake(
            "returned inside the loop",
            "How many steps does the function take before it returns?",
            ("    return weights", "        return weights"),
        ),
        mistake(
            "gradient taken at the first weights",
            "Each step starts where the one before ended. Where is its gradient taken?",
            (
                "    for _ in range(steps):\n        g = linear_gradient(weights, X)",
                "    g = linear_gradient(weights, X)\n    for _ in range(steps):",
            ),
        ),
        mistake(
            "mean taken again",
            "linear_gradient is the mean over the images already. What divides it once more?",
            ("alpha * dw", "alpha * dw / len(X)"),
        ),
        mistake(
            "biases not trained",
            "b1 and b2 are weights, too. Which entries of the list does your step change?",
            (
                "[w - alpha * dw for w, dw in zip(weights, g)]",
                "[w - alpha * dw if w.ndim == 2 else w for w, dw in zip(weights, g)]",
            ),
        ),
    ),
)


def network(rng: Rng, sizes: Sequence[int], dtype: Any = float) -> list[np.ndarray]:
    """One beta (outputs, 1 + inputs) for each pair of neighbouring layers."""
    return [(rng.normal(size=(m, 1 + p)) / np.sqrt(p)).astype(dtype) for p, m in itertools.pairwise(sizes)]


def deep(n: int, sizes: Sequence[int], dtype: Any = float) -> Draw:
    return lambda r: (
        network(r, sizes, dtype),
        normal(r, n, sizes[0], dtype=dtype),
        r.random(size=(n, sizes[0])).astype(dtype),
    )


def copying(n: int, sizes: Sequence[int]) -> Draw:
    """The target is the input."""

    def draw(r: Rng) -> tuple[Any, ...]:
        X = r.random(size=(n, sizes[0]))
        return network(r, sizes), X, X

    return draw


DEEP_GRADIENT = Item(
    "deep-autoencoder-gradient",
    "deep_gradient",
    (
        group("one layer before and after the code", 1, deep(5, (4, 2, 4)), deep(4, (3, 3, 3))),
        group(
            "several layers", 2, deep(5, (5, 4, 2, 4, 5)), deep(6, (4, 5, 4, 2, 4, 5, 4), f32), deep(4, (3, 3, 3, 3, 3))
        ),
        group("the target is the input, and one image", 1, copying(5, (5, 4, 2, 4, 5)), copying(1, (6, 20, 3, 20, 6))),
    ),
    (
        mistake(
            "compared with the input in place of the target",
            "target is an argument of its own. For which training is it not the input?",
            ("z[-1] - target", "z[-1] - X"),
        ),
        mistake(
            "slope of the sigmoid at the output",
            "Sigmoid with binary cross entropy is a matched pair. What cancels?",
            ("z[-1] - target", "z[-1] * (1 - z[-1]) * (z[-1] - target)"),
        ),
        mistake(
            "ReLU at the code",
            "The code is linear. What is the slope of a linear unit?",
            ("if l != len(betas) // 2:", "if True:"),
        ),
        mistake(
            "slope of the ReLU missing",
            "A ReLU that is 0 passes nothing back. Which factor does the chain rule add?",
            ("delta * (z[l] > 0)", "delta"),
        ),
        mistake(
            "the code's place one layer off",
            "With 4 layers the code is z[2], which enters layer 2. Which z has no ReLU in yours?",
            ("l != len(betas) // 2", "l != len(betas) // 2 - 1"),
        ),
        mistake(
            "sum over the images in place of the mean",
            "F is the mean of the E_i. By what is the sum over the rows divided?",
            (" / len(X)", ""),
        ),
        mistake(
            "mean over the pixels, too",
            "The error of an image is a sum over its pixels. How often is something divided?",
            (" / len(X)", " / X.size"),
        ),
    ),
    asks="backpropagation, which goes forward once",
    calls={"deep_forward": (0, 36), "cross_entropy": (0, 4)},  # once for each weight or unit is too often
    formula=True,
)


def runs(sizes: Sequence[int], k: int, sigma: float, alpha: float) -> Draw:
    """k steps of 3 images each, with noise of size sigma."""

    def draw(r: Rng) -> tuple[Any, ...]:
        noises = [sigma * normal(r, 3, sizes[0]) for _ in range(k)]
        batches = [r.choice(8, size=3, replace=False) for _ in range(k)]
        return network(r, sizes), r.random(size=(8, sizes[0])), noises, batches, alpha

    return draw


def digits(sizes: Sequence[int], n: int, epochs: int, sigma: float) -> Callable[[Rng], list[Case]]:
    """Some epochs on n digits of 14 by 14 pixels, in batches of 20."""

    def cases(rng: Rng) -> list[Case]:
        betas = [np.sqrt(2) * beta for beta in network(rng, sizes)]
        for beta in betas:
            beta[:, 0] = 0
        batches = [batch for _ in range(epochs) for batch in np.split(rng.permutation(n), n // 20)]
        noises = [sigma * normal(rng, 20, 196) if sigma else np.zeros((20, 196)) for _ in batches]
        return [Case((betas, tiny(mnist().X_train[:n], 14), noises, batches, 0.03))]

    return cases


def left(most: float, sigma: float) -> Callable[[Any, Case, Reference], str | None]:
    """A judge: the mean error of the test images against the clean ones, at most `most`, and got there by descent."""

    def judge(betas: Any, case: Case, reference: Reference) -> str | None:
        start, clean = case.args[:2]
        if said := untrained(betas, start):
            return said
        if said := "" if sigma else at_idle_inputs(np.asarray(betas[0])[:, 1:], start[0][:, 1:], clean):
            return said
        X = tiny(mnist().X_test, 14)
        noise = sigma * np.random.default_rng(0).normal(size=X.shape)
        error = float(reference["denoising_error"](betas, X, noise)[1])
        return None if error <= most else f"the error of the test images is {error:.1f}, at most {most:g} is asked for"

    return judge


TRAIN = Item(
    "denoising",
    "train",
    (
        group("one step without noise", 1, runs((5, 4, 2, 4, 5), 1, 0, 0.5), runs((4, 2, 4), 1, 0, 0.1)),
        group("several steps with noise", 2, runs((5, 4, 2, 4, 5), 3, 0.5, 0.3), runs((4, 3, 4), 2, 1, 0.5)),
        Group(
            "digits, 196-64-8-64-196", 1, digits((196, 64, 8, 64, 196), 2000, 10, 0), judge=left(6, 0), deadline=20.0
        ),
        Group(
            "noisy digits, 196-128-196", 1, digits((196, 128, 196), 1000, 8, 0.3), judge=left(4.5, 0.3), deadline=20.0
        ),
    ),
    (
        mistake(
            "noisy target",
            "The network must return the clean image. With what is its output compared?",
            ("deep_gradient(betas, clean + noise, clean)", "deep_gradient(betas, clean + noise, clean + noise)"),
        ),
        mistake(
            "noise forgotten",
            "The network must not see what it is to draw. What does it see in your program?",
            ("clean + noise, clean)", "clean, clean)"),
        ),
        mistake(
            "clean input and noisy target",
            "Which image goes in, and which one should come out?",
            ("deep_gradient(betas, clean + noise, clean)", "deep_gradient(betas, clean, clean + noise)"),
        ),
        mistake(
            "noisy pixels cut off",
            "The task adds the noise as it is. What becomes of a white pixel with negative noise in your program?",
            ("clean + noise, clean)", "np.clip(clean + noise, 0, 1), clean)"),
        ),
        mistake(
            "step uphill",
            "The gradient points to where F grows. Which way does the step go?",
            ("beta - alpha", "beta + alpha"),
        ),
        mistake(
            "returned inside the loop",
            "How many batches does the function see before it returns?",
            ("    return betas", "        return betas"),
        ),
        mistake(
            "gradient taken at the first weights",
            "Each step starts where the one before ended. Where is its gradient taken?",
            ("    for batch, noise", "    start = betas\n    for batch, noise"),
            ("deep_gradient(betas,", "deep_gradient(start,"),
        ),
    ),
)


def noisy(n: int, sizes: Sequence[int], dtype: Any = float) -> Draw:
    return lambda r: (
        network(r, sizes, dtype),
        r.random(size=(n, sizes[0])).astype(dtype),
        normal(r, n, sizes[0], dtype=dtype),
    )


NOISY = (noisy(5, (4, 2, 4)), noisy(4, (5, 4, 3, 4, 5)), noisy(6, (4, 3, 4), f32))

DENOISING_ERROR = Item(
    "denoising-error",
    "denoising_error",
    (
        group("before", 1, *NOISY, part=lambda value: value[0]),
        group("after", 1, *NOISY, part=lambda value: value[1]),
    ),
    (
        mistake(
            "compared with the noisy image",
            "Which image would a perfect denoiser return? What is its error in your program?",
            ("reconstruction_error(X, xhat)", "reconstruction_error(noisy, xhat)"),
        ),
        mistake(
            "noise not shown to the network",
            "What does the network get to see, and what does it have to remove?",
            ("deep_forward(betas, noisy)", "deep_forward(betas, X)"),
        ),
        mistake(
            "mean over the pixels",
            "The unit is that of part 3: summed over the pixels. By which factor are your numbers smaller?",
            (".mean()", ".mean() / X.shape[1]"),
        ),
        mistake(
            "sum over the images",
            "The task asks for means over the images. What happens with twice as many of them?",
            (".mean()", ".sum()"),
        ),
        mistake(
            "noisy pixels cut off",
            "The noise is added as it is. How large is the error before, for a white pixel with noise of +1?",
            ("noisy = X + noise", "noisy = np.clip(X + noise, 0, 1)"),
        ),
        mistake(
            "after and before exchanged",
            "The task states (before, after), in this order. Which one should be the smaller?",
            (
                "return reconstruction_error(X, noisy).mean(), reconstruction_error(X, xhat).mean()",
                "return reconstruction_error(X, xhat).mean(), reconstruction_error(X, noisy).mean()",
            ),
        ),
    ),
)

ITEMS = (
    PRINCIPAL_AXES,
    PROJECT,
    RECONSTRUCTION_ERROR,
    PCA_ERROR,
    PRINCIPAL_ANGLES,
    LINEAR_GRADIENT,
    TRAIN_LINEAR,
    DEEP_GRADIENT,
    TRAIN,
    DENOISING_ERROR,
)
