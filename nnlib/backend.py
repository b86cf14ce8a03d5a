"""The only file that knows whether an array is NumPy's or PyTorch's.

Everything else in nnlib is written in what both share: ``@``, slices, ``+=``, ``axis=``, ``keepdims=``.
PyTorch is never imported here: whoever hands over a tensor has imported it already.
"""

import sys
from types import ModuleType
from typing import Any, TypeAlias

import numpy as np

# numpy.ndarray or torch.Tensor. The two have no common type, and torch is optional.
Array: TypeAlias = Any


def is_tensor(x: object) -> bool:
    """Is `x` a torch.Tensor?"""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(x, torch.Tensor)


def namespace(x: object) -> ModuleType:
    """The library of `x`: the module torch for a tensor, else numpy. ``exp``, ``where``, ``matmul``... are in both."""
    if type(x) is np.ndarray:  # the usual case first: a small network's step is a few dozen calls
        return np
    return sys.modules["torch"] if is_tensor(x) else np


def zeros(size: int, dtype: Any = None, like: Array = None) -> Array:
    """A vector of zeros in the library and on the device of `like` (NumPy where it is None)."""
    if is_tensor(like):
        return like.new_zeros(size, dtype=like.dtype if dtype is None else _torch_dtype(dtype))
    if dtype is None:
        dtype = like.dtype if isinstance(like, np.ndarray) else np.float64
    return np.zeros(size, dtype=dtype)


def empty(shape: tuple[int, ...], like: Array) -> Array:
    """An array of this shape, not filled, in the library, dtype and device of `like`."""
    return like.new_empty(shape) if is_tensor(like) else np.empty(shape, like.dtype)


def move(x: Array, like: Array) -> Array:
    """`x` as an array of the library, dtype and device of `like`; no copy where it is one already."""
    if is_tensor(like):
        torch = namespace(like)
        return torch.as_tensor(x, dtype=like.dtype, device=like.device)
    return np.asarray(to_numpy(x), dtype=like.dtype)


def row_max(a: Array) -> Array:
    """The largest entry of each row, shape (n, 1)."""
    return a.amax(-1, keepdim=True) if is_tensor(a) else a.max(axis=-1, keepdims=True)


def to_numpy(x: Array) -> Any:
    """`x` as a numpy.ndarray, from whatever device."""
    return x.detach().cpu().numpy() if is_tensor(x) else np.asarray(x)


def take(x: Array, rows: Any) -> Array:
    """The rows `rows` (NumPy integers) of `x`."""
    return x[namespace(x).as_tensor(rows, device=x.device)] if is_tensor(x) else x[rows]


def _torch_dtype(dtype: Any) -> Any:
    torch = sys.modules["torch"]
    return dtype if isinstance(dtype, torch.dtype) else getattr(torch, np.dtype(dtype).name)
