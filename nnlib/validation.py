"""What comes from outside, checked where it comes in: at the public edge, and in no inner loop.

A wrong argument is answered in a sentence: its name, what was expected, what came, and what to do. So is a name that
another library uses, for an argument (`keywords`) or for a class, as a string or as an attribute (`translated`).
"""

import difflib
import functools
import inspect
import math
import operator
from collections.abc import Callable, Collection, Sequence
from typing import Any, ClassVar, ParamSpec, TypeVar

import numpy as np

from .backend import Array, is_tensor, move, to_numpy

P = ParamSpec("P")
T = TypeVar("T")

# What PyTorch, Keras and scikit-learn call an argument, and what it is called here: the first that the function has.
ARGUMENTS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("lr", "learning_rate", "learning_rate_init", "step_size", "eta", "eta0"), ("alpha",)),
    **dict.fromkeys(("momentum", "beta"), ("mu", "b")),
    **dict.fromkeys(("beta1", "beta_1"), ("b1",)),
    **dict.fromkeys(("beta2", "beta_2"), ("b2",)),
    **dict.fromkeys(("rho", "decay", "smoothing"), ("b",)),
    "betas": ("b1", "b2"),
    **dict.fromkeys(("epsilon", "h", "delta"), ("eps",)),
    **dict.fromkeys(("weight_decay", "l1", "l2", "regularizer", "kernel_regularizer"), ("penalty", "lam")),
    **dict.fromkeys(("strength", "lambda_", "lmbda", "l1_ratio"), ("lam",)),
    **dict.fromkeys(("max_norm", "clipnorm", "clip_norm", "threshold", "c"), ("limit",)),
    **dict.fromkeys(("units", "out_features", "n_units", "neurons"), ("outputs", "units")),
    **dict.fromkeys(("filters", "out_channels", "channels"), ("maps",)),
    **dict.fromkeys(("kernel_size", "pool_size", "kernel", "window"), ("size",)),
    "strides": ("stride",),
    "pad": ("padding",),
    **dict.fromkeys(("rate", "dropout", "prob"), ("p",)),
    **dict.fromkeys(("activation", "nonlinearity", "func", "name"), ("hidden", "output", "h")),
    **dict.fromkeys(("kernel_initializer", "initializer", "weight_init"), ("init",)),
    **dict.fromkeys(("std", "stddev", "scale", "sigma"), ("sd",)),
    **dict.fromkeys(("loss", "criterion", "objective", "cost"), ("error",)),
    **dict.fromkeys(("layer_sizes", "hidden_layer_sizes", "dims", "widths"), ("sizes",)),
    **dict.fromkeys(("input_dim", "in_features", "in_shape"), ("input_shape",)),
    **dict.fromkeys(("random_state", "rng_seed", "generator"), ("seed", "rng")),
    **dict.fromkeys(("device", "backend"), ("like",)),
    **dict.fromkeys(("n_epochs", "num_epochs", "nb_epoch", "epoch", "max_epochs"), ("epochs",)),
    **dict.fromkeys(("max_iter", "n_iter", "maxiter", "steps", "num_steps", "T_max"), ("epochs", "iterations", "T")),
    **dict.fromkeys(("batch", "bs", "minibatch_size", "batchsize"), ("batch_size",)),
    **dict.fromkeys(("validation_data", "val_data", "eval_set"), ("validation",)),
    "verbose": ("progress",),
    **dict.fromkeys(("n_iter_no_change", "early_stopping"), ("patience",)),
    "callback": ("callbacks",),
    "callbacks": ("callback",),
    **dict.fromkeys(("x", "inputs", "data"), ("X",)),
    **dict.fromkeys(("y", "targets", "target"), ("Y", "y")),
    **dict.fromkeys(("w0", "x0", "params", "weights", "start"), ("w",)),
    **dict.fromkeys(("num_classes", "n_classes"), ("K",)),
    **dict.fromkeys(("n_splits", "n_components"), ("k",)),
    "eta_min": ("end",),
    **dict.fromkeys(("gamma", "drop"), ("factor",)),
    "step": ("every",),
    **dict.fromkeys(("optim", "solver"), ("optimizer",)),
    **dict.fromkeys(("filename", "file", "filepath"), ("path",)),
}

# Arguments of others that no argument here answers to, and what does.
INSTEAD: dict[str, str] = {
    "activation": "an activation is a layer of its own: Activation('relu') after it",
    "in_features": "the number of inputs is what comes in: Network(..., input_shape=...) says it once",
    "in_channels": "the number of channels is what comes in: Network(..., input_shape=(C, H, W)) says it once",
    "bias": "every unit has a bias",
    "use_bias": "every unit has a bias",
    "from_logits": "values are computed from a, the logits; predict gives ŷ = σ(a)",
    "reduction": "the error is the mean over the observations",
    "nesterov": "Nesterov is an optimizer of its own",
    "momentum": "momentum is an optimizer of its own: Momentum(alpha, mu)",
    "weight_decay": "the penalty belongs to the network: Network(..., penalty=L2(lam))",
    "validation_split": "keep data aside, and give them as validation=(X, Y)",
    "early_stopping": "early stopping is patience=..., with validation=(X, Y)",
    "shuffle": "every epoch draws a new order",
    "loss": "the error belongs to the network: Network(..., error=...)",
    "metrics": "fit records error and accuracy; callbacks can measure more",
    "learning_rate": "the rate belongs to the optimizer: fit(X, Y, SGD(alpha))",
    "lr": "the rate belongs to the optimizer: fit(X, Y, SGD(alpha))",
    "device": "the network goes where `like` is: like=torch.empty(0, device='cuda')",
}

# Classes of others, in lower case and without _ and -, and those here.
CLASSES: dict[str, str] = {
    **dict.fromkeys(("mse", "mseloss", "meansquarederror", "squarederror", "quadratic", "l2loss"), "SumOfSquares"),
    **dict.fromkeys(("crossentropyloss", "categoricalcrossentropy", "nllloss", "logloss"), "CrossEntropy"),
    **dict.fromkeys(("sparsecategoricalcrossentropy",), "CrossEntropy"),
    **dict.fromkeys(("bce", "bceloss", "bcewithlogitsloss", "logistic"), "BinaryCrossEntropy"),
    **dict.fromkeys(("linear", "fullyconnected", "lazylinear"), "Dense"),
    **dict.fromkeys(("maxpooling2d", "maxpool"), "MaxPool2D"),
    **dict.fromkeys(("avgpooling2d", "averagepooling2d", "avgpool"), "AvgPool2D"),
    **dict.fromkeys(("conv", "convolution2d"), "Conv2D"),
    **dict.fromkeys(("sequential", "model", "mlpclassifier", "mlpregressor"), "Network"),
    **dict.fromkeys(("nag",), "Nesterov"),
    **dict.fromkeys(("gd", "batchgd"), "GradientDescent"),
    **dict.fromkeys(("average", "averaging", "swa", "averagedmodel"), "PolyakAveraging"),
    **dict.fromkeys(("clipnorm", "clipgradnorm"), "Clipped"),
    **dict.fromkeys(("ridge", "weightdecay"), "L2"),
    **dict.fromkeys(("lasso",), "L1"),
}

# Attributes of the networks of others, and what is done here.
METHODS: dict[str, str] = {
    "compile": "the error is given to Network, the optimizer to fit",
    **dict.fromkeys(("train", "eval", "training"), "fit trains; no layer has a mode that could be forgotten"),
    **dict.fromkeys(("parameters", "weights", "coefs_", "get_weights", "set_weights"), "all weights are the vector w"),
    "state_dict": "save(path) writes the weights and the layers",
    "load_state_dict": "Network.load(path) reads what save wrote",
    "zero_grad": "gradient(X, Y) overwrites g, and nothing is added up",
    "backward": "gradient(X, Y) goes forward and back, and returns g",
    "predict_proba": "predict(X) gives ŷ, which for CrossEntropy are probabilities",
    "predict_classes": "predict(X).argmax(axis=1) are the classes",
    **dict.fromkeys(("evaluate", "score"), "error(X, Y) and accuracy(X, Y) measure it"),
    **dict.fromkeys(("to", "cuda", "cpu", "device"), "Network.load(path, like=...) puts it elsewhere"),
    **dict.fromkeys(("loss", "criterion"), "the error is output_error, and error(X, Y) its mean"),
    "add": "give all layers to Network at once",
}


# Values ---------------------------------------------------------------------------------------------------------------


def whole(name: str, value: Any, least: int = 1, most: int | None = None, expected: str = "") -> int:
    """`value` as an int from `least` to `most`."""
    try:
        if isinstance(value, bool | np.bool_):
            raise TypeError
        found = operator.index(value)
    except TypeError:
        what = f"a whole number of at least {least}" if most is None else f"a whole number from {least} to {most}"
        raise ValueError(f"{name}: expected {expected or what}, got {shown(value)}") from None
    if found < least or (most is not None and found > most):
        what = f"{least} or more" if most is None else f"{least} to {most}"
        raise ValueError(f"{name}: expected {expected or what}, got {found}")
    return found


def number(
    name: str, value: Any, expected: str = "a finite number", test: Callable[[float], bool] = math.isfinite
) -> float:
    """`value` as a float that passes the test."""
    try:
        if isinstance(value, str | bytes | bool | np.bool_) or np.ndim(value) > 0:
            raise TypeError
        found = float(value)
    except (TypeError, ValueError):
        found = math.nan
    if not test(found):
        raise ValueError(f"{name}: expected {expected}, got {shown(value)}")
    return found


def positive(name: str, value: Any) -> float:
    """`value` as a float above 0."""
    return number(name, value, "a positive number", lambda x: 0 < x < math.inf)


def not_negative(name: str, value: Any) -> float:
    """`value` as a float of at least 0."""
    return number(name, value, "a number of at least 0", lambda x: 0 <= x < math.inf)


def fraction(name: str, value: Any) -> float:
    """`value` as a float in [0, 1)."""
    return number(name, value, "a fraction in [0, 1)", lambda x: 0 <= x < 1)


def one_of(name: str, value: Any, options: Collection[str], or_else: str = "") -> Any:
    """`value`, if it is one of the options."""
    if not isinstance(value, str) or value not in options:
        listed = [repr(option) for option in options]
        close = difflib.get_close_matches(value.lower(), options, 1) if isinstance(value, str) else []
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise ValueError(
            f"{name}: expected {', '.join(listed[:-1])} or {listed[-1]}{or_else}, got {shown(value)}{hint}"
        )
    return value


def function(name: str, value: Any, expected: str) -> Any:
    """`value`, if it can be called."""
    if not callable(value) or isinstance(value, type):
        raise ValueError(f"{name}: expected {expected}, got {shown(value)}")
    return value


def generator(name: str, value: Any) -> np.random.Generator:
    """`value`, if it draws as NumPy's Generator does; its older class does not."""
    if not hasattr(value, "integers"):
        raise ValueError(f"{name}: expected a generator, as np.random.default_rng(0), got {shown(value)}")
    return value  # type: ignore[no-any-return]


def seeded(seed: Any) -> np.random.Generator:
    """The generator of a seed."""
    return np.random.default_rng(whole("seed", seed, 0))


def instance(name: str, value: Any, kind: type[T], example: str) -> T:
    """`value`, if it is an object of this kind; else what to write for a class, or for a name of another library."""
    if isinstance(value, kind):
        return value
    names = [part.__name__ for part in subclasses(kind)]
    there = {known.lower(): known for known in names}
    hint = f"as {example}"
    if isinstance(value, type) and issubclass(value, kind):
        hint = f"write {value.__name__}(...)"
    elif isinstance(value, str) and (ours := translated(value)).lower() in there:
        hint = f"write {there[ours.lower()]}(...)"
    article = "an" if kind.__name__[0] in "AEIOU" else "a"
    raise ValueError(f"{name}: expected {article} {kind.__name__}, got {shown(value)}; {hint}")


def subclasses(kind: type[Any]) -> list[type[Any]]:
    """All classes below this one."""
    return [kind, *(below for part in kind.__subclasses__() for below in subclasses(part))]


def sequence(name: str, value: Any, expected: str) -> list[Any]:
    """`value` as a list."""
    if isinstance(value, str | bytes | dict) or not hasattr(value, "__iter__") or getattr(value, "ndim", 1) == 0:
        raise ValueError(f"{name}: expected {expected}, got {shown(value)}")
    return list(value)


def floating(dtype: Any, like: Any) -> tuple[Any, Any]:
    """`dtype` and `like`, if they make an array of floating-point numbers."""
    tensor = is_tensor(like)
    if like is not None and not tensor and not isinstance(like, np.ndarray):
        raise ValueError(
            "like: expected an array whose library, dtype and device are taken, as np.zeros(0) or "
            f"torch.empty(0, device='cuda'), got {shown(like)}"
        )
    if dtype is None:
        if like is not None and not _is_floating(like):
            raise ValueError(
                f"like: expected an array of floating-point numbers, got dtype {like.dtype}; "
                "weights are no integers: say dtype='float32' too"
            )
        return dtype, like
    if tensor and getattr(dtype, "is_floating_point", False):
        return dtype, like
    try:
        kind = np.dtype(dtype).kind
    except TypeError:
        kind = "?"
    if kind != "f":
        raise ValueError(f"dtype: expected floating-point numbers, as 'float32' or 'float64', got {shown(dtype)}")
    return dtype, like


def _is_floating(x: Array) -> bool:
    return bool(x.is_floating_point()) if is_tensor(x) else x.dtype.kind == "f"


def vector(name: str, value: Any, p: int | None = None) -> Array:
    """`value`, if it is a vector of (p) finite floating-point numbers; a list is made one, integers too."""
    x = value if is_tensor(value) or isinstance(value, np.ndarray) else _read(name, value)
    wanted = "(p,)" if p is None else f"({p},)"
    if x.ndim != 1 or (p is not None and len(x) != p):
        raise ValueError(f"{name}: expected one vector, shape {wanted}, got shape {tuple(x.shape)}")
    if not _is_floating(x):
        if not is_tensor(x) and x.dtype.kind not in "iu":
            raise ValueError(f"{name}: expected numbers of shape {wanted}, got dtype {x.dtype}")
        x = x.double() if is_tensor(x) else x.astype(float)
    if not np.isfinite(to_numpy(x)).all():
        raise ValueError(f"{name}: expected finite numbers, got NaN or infinity")
    return x


def matrix(name: str, value: Any, columns: int | None = None, least: int = 1) -> Array:
    """`value`, if it is a matrix of at least so many rows; a list of rows is made one."""
    x = value if is_tensor(value) else _read(name, value)
    if x.ndim != 2 or len(x) < least or columns not in (None, x.shape[1]):
        wanted = f"(n, {'p' if columns is None else columns}) with n ≥ {least}"
        raise ValueError(f"{name}: expected shape {wanted}, got {tuple(x.shape)}")
    if not is_tensor(x) and x.dtype.kind not in "fiu":
        raise ValueError(f"{name}: expected numbers, got dtype {x.dtype}")
    return x if _is_floating(x) else (x.double() if is_tensor(x) else x.astype(float))


def _read(name: str, value: Any) -> Any:
    try:
        return np.asarray(value)
    except (TypeError, ValueError):
        raise ValueError(f"{name}: expected an array of numbers, got rows of different lengths") from None


def write(name: str, into: Array, value: Any) -> None:
    """Write numbers into an array that others hold views of; they replace nothing but its entries."""
    if value is into:
        return  # what `into += ...` ends with
    found = value if is_tensor(value) else _read(name, value)
    if tuple(found.shape) != tuple(into.shape):
        raise ValueError(f"{name}: expected shape {tuple(into.shape)}, got {tuple(found.shape)}")
    if not is_tensor(found) and found.dtype.kind not in "fiub":
        raise ValueError(f"{name}: expected numbers, got dtype {found.dtype}")
    into[:] = move(found, like=into)


def shown(value: Any) -> str:
    """A value in a few words."""
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if is_tensor(value) or isinstance(value, np.ndarray):
        return f"an array of shape {tuple(value.shape)}" if value.ndim else str(value)
    if inspect.isroutine(value):
        return f"the function {value.__name__}"
    text = str(value) if isinstance(value, np.generic) else repr(value)
    if " object at 0x" in text:
        return f"an object of the class {type(value).__name__}"
    return text if len(text) <= 60 else f"{text[:50]}..., of type {type(value).__name__}"


class _Setting:
    def __init__(self, check: Callable[[str, Any], Any]) -> None:
        self.check = check


class _Absent:
    def __init__(self, says: str) -> None:
        self.says = says

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, whose: Any, owner: type) -> Any:
        raise AttributeError(f"{owner.__name__}: no attribute {self.name}; {self.says}")


class _Refused(_Absent):
    def __set__(self, whose: Any, value: Any) -> None:
        self.__get__(whose, type(whose))


def absent(says: str) -> Any:
    """An attribute that is not there yet. Unlike `__getattr__`, it costs nothing to read those that are."""
    return _Absent(says)


def refused(says: str) -> Any:
    """An attribute that other libraries have; to read or to set it says what to do instead."""
    return _Refused(says)


def setting(check: Callable[[str, Any], Any]) -> Any:
    """In the body of a `Named` class: an attribute that is checked whenever it is set, by its constructor or later."""
    return _Setting(check)


# Names ----------------------------------------------------------------------------------------------------------------


def translated(name: str) -> str:
    """The name here of another library's class."""
    return CLASSES.get(name.lower().replace("_", "").replace("-", ""), name.replace("_", "").replace("-", ""))


def answer(name: str, there: Sequence[str]) -> str:
    """What to say to a keyword that a function with the arguments `there` does not have."""
    ours = [argument for argument in ARGUMENTS.get(name, ()) if argument in there]
    if ours:
        return f"it is {' and '.join(ours if name == 'betas' else ours[:1])} here"
    if name in INSTEAD:
        return INSTEAD[name]
    close = difflib.get_close_matches(name, there, 1)
    if close:
        return f"did you mean {close[0]}?"
    return f"there are {', '.join(there)}" if there else "it takes none"


def keywords(f: Callable[P, T]) -> Callable[P, T]:
    """`f`, which answers a wrong keyword with the right one."""
    signature = inspect.signature(f)

    @functools.wraps(f)
    def checked(*args: P.args, **kwargs: P.kwargs) -> T:
        name = type(args[0]).__name__ if f.__name__ == "__init__" else f.__name__
        callable_so(name, signature, args, kwargs)
        return f(*args, **kwargs)

    return checked


def callable_so(name: str, signature: inspect.Signature, args: Any, kwargs: Any) -> None:
    """Raise TypeError, in a sentence, where a function of this signature cannot be called so."""
    try:
        signature.bind(*args, **kwargs)
    except TypeError as e:
        there = _arguments(signature)
        unknown = [keyword for keyword in kwargs if keyword not in there]
        if unknown:
            raise TypeError(f"{name}: no argument {unknown[0]}; {answer(unknown[0], there)}") from None
        raise TypeError(f"{name}({', '.join(there)}): {e}") from None


def _arguments(signature: inspect.Signature) -> list[str]:
    open_ended = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [name for name, p in signature.parameters.items() if name != "self" and p.kind not in open_ended]


def named(cls: type[T]) -> type[T]:
    """The class, whose constructor answers a wrong keyword with the right one."""
    cls.__init__ = keywords(cls.__init__)  # type: ignore[method-assign]
    return cls


class Named:
    """What is made with arguments that have names: it answers wrong ones, also as attributes, and shows its own."""

    fixed: ClassVar[tuple[str, ...]] = ()  # attributes that everything else was made for: set once
    _checks: ClassVar[dict[str, Callable[[str, Any], Any]]] = {}
    _foreign: ClassVar[dict[str, str]] = {}
    _watched: ClassVar[frozenset[str]] = frozenset()

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "__init__" in vars(cls):
            named(cls)
        own = {name: value.check for name, value in vars(cls).items() if isinstance(value, _Setting)}
        for name in own:
            delattr(cls, name)  # what is set is read as any attribute is: a step reads some, and sets none
        cls._checks = {**cls._checks, **own}
        if cls.__module__.startswith("nnlib."):
            there = _arguments(inspect.signature(cls.__init__))
            ours = {name: [known for known in names if known in there] for name, names in ARGUMENTS.items()}
            cls._foreign = {
                name: known[0] for name, known in ours.items() if known and name not in there and not hasattr(cls, name)
            }
        cls._watched = frozenset((*cls._checks, *cls._foreign, *cls.fixed))

    def __setattr__(self, name: str, value: Any) -> None:
        """Check a `setting`, refuse what is `fixed`, and another library's name, which nothing would read."""
        if name in self._watched:  # one look for all that a step sets
            kind = type(self).__name__
            if name in self._checks:
                value = self._checks[name](name, value)
            elif name in self._foreign:
                raise AttributeError(f"{kind}: no attribute {name}; it is {self._foreign[name]} here")
            elif hasattr(self, name):
                raise AttributeError(f"{kind}: {name} is fixed, for other things were made for it; make a new {kind}")
        object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        names = [name for name in _arguments(inspect.signature(type(self).__init__)) if hasattr(self, name)]
        return f"{type(self).__name__}({', '.join(f'{name}={shown(getattr(self, name))}' for name in names)})"
