"""What this computer offers to nnlib: ``python -m nnlib.device``.

It lists NumPy with its BLAS, PyTorch and GPUs where there are any, and the memory; it times one matrix product on each,
and says how to put a network there. This is the only file of nnlib that imports PyTorch by itself.
"""

import importlib
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .backend import move


def optional(name: str) -> Any:
    """The module of that name, or None where it is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def threads() -> str:
    """How many threads a product takes: asked of BLAS where threadpoolctl is installed, else of the environment."""
    threadpoolctl = optional("threadpoolctl")
    if threadpoolctl is not None:
        found = {pool["num_threads"] for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"}
        return str(max(found)) if found else "unknown"
    for variable in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
        if variable in os.environ:
            return f"{os.environ[variable]} ({variable})"
    return f"unknown, at most {os.cpu_count()} (threadpoolctl would tell)"


def memory() -> str:
    """The computer's main memory."""
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # Windows has no sysconf
        psutil = optional("psutil")
        if psutil is None:
            return "unknown (psutil would tell)"
        total = psutil.virtual_memory().total
    return f"{total / 2**30:.1f} GiB"


def found() -> list[tuple[str, str]]:
    """What there is, as pairs of a name and a text."""
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    rows = [
        ("Python", f"{platform.python_version()} on {platform.system()} {platform.machine()}, {os.cpu_count()} cores"),
        ("memory", memory()),
        ("NumPy", f"{np.__version__}, BLAS {blas['name']} {blas['version']}, threads: {threads()}"),
    ]
    torch = optional("torch")
    if torch is None:
        return [*rows, ("PyTorch", "not installed, and not needed; to use a GPU: pip install torch")]
    rows.append(("PyTorch", f"{torch.__version__}, threads: {torch.get_num_threads()}"))
    for number in range(torch.cuda.device_count()):
        free, total = torch.cuda.mem_get_info(number)
        name = torch.cuda.get_device_name(number)
        rows.append((f"cuda:{number}", f"{name}, {free / 2**30:.1f} of {total / 2**30:.1f} GiB free"))
    if torch.backends.mps.is_available():
        rows.append(("mps", "Apple's GPU, float32 only"))
    if len(rows) == 4:
        rows.append(("GPU", "none that PyTorch can use"))
    return rows


def places() -> Iterator[tuple[str, Any, Callable[[], object]]]:
    """Where a product can be computed: name, an array there to give as `like`, and a function that waits for it."""
    yield "NumPy", np.zeros(0, np.float32), lambda: None
    torch = optional("torch")
    if torch is None:
        return
    yield "PyTorch, CPU", torch.empty(0), lambda: None
    if torch.cuda.is_available():
        yield "PyTorch, cuda", torch.empty(0, device="cuda"), torch.cuda.synchronize
    if torch.backends.mps.is_available():
        yield "PyTorch, mps", torch.empty(0, device="mps"), torch.mps.synchronize


def seconds(like: Any, wait: Callable[[], object], size: int = 1024, repeats: int = 7) -> float:
    """The median time of one product of two (size, size) matrices in float32, after a first one that is not counted."""
    A = move(np.random.default_rng(0).standard_normal((size, size)), like=like)
    times = []
    for _ in range(1 + repeats):
        wait()
        start = time.perf_counter()
        A @ A
        wait()
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])


def main(size: int = 1024) -> None:
    """Print what was found, and the time of one product on each."""
    for name, text in found():
        print(f"{name:14} {text}")
    print(f"\nOne product of two {size}×{size} matrices, float32:")
    for name, like, wait in places():
        took = seconds(like, wait, size)
        print(f"{name:14} {1e3 * took:8.2f} ms {2 * size**3 / took / 1e9:10,.0f} GFlop/s")
    print(
        "\nA network goes where its arrays are: nnlib.mlp([784, 100, 10]) computes with NumPy,\n"
        'nnlib.mlp([784, 100, 10], like=torch.empty(0, device="cuda")) on a GPU.'
    )


if __name__ == "__main__":
    main()
