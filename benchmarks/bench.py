"""nnlib beside scikit-learn and PyTorch, in one run: ``make bench``.

Everybody gets the same data in float32, the same batch size, the same number of updates and of threads, and starts from
the same weights. Repetitions are interleaved, and each ratio is taken inside one repetition: what slows the machine for
a while slows all of them. Printed are medians with quartiles.

Each number of threads is a process of its own, because BLAS reads it when it is loaded. Memory is measured in a process
for each competitor: the highest resident size while it trains, above the size with everything imported, a tiny
network trained and the data loaded.
"""

import argparse
import ctypes
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
LIMITS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class Task:
    """What is trained, and how fast nnlib should be: the least ratio of a competitor's time to nnlib's."""

    what: str
    layers: tuple[Any, ...]  # an int is a dense layer, ("conv", maps) a 5×5 convolution with ReLU and 2×2 max pooling
    hidden: str
    optimizer: str
    batch: int
    rows: int
    targets: dict[str, float]

    @property
    def images(self) -> bool:
        """Does it begin with a convolution?"""
        return isinstance(self.layers[0], tuple)

    @property
    def autoencoder(self) -> bool:
        """Does it reproduce its inputs?"""
        return self.layers[-1] == 784


TASKS = {
    "mlp": Task(
        "784-512-256-10, ReLU, momentum",
        *((512, 256, 10), "relu", "momentum", 128, 12800),
        {"bare products": 1 / 1.25, "scikit-learn": 1.3, "PyTorch": 1.0},
    ),
    "small": Task(
        "784-30-10, sigmoid, SGD", (30, 10), "sigmoid", "sgd", 10, 5000, {"scikit-learn": 3.0, "PyTorch": 3.0}
    ),
    "autoencoder": Task(
        "784-1000-500-250-2-250-500-1000-784, sigmoid, Adam",
        *((1000, 500, 250, 2, 250, 500, 1000, 784), "sigmoid", "adam", 256, 2048),
        {"PyTorch": 1.0},
    ),
    "cnn": Task(
        "28×28, 20 and 40 maps of 5×5, pooled, 100, 10, ReLU, momentum",
        *((("conv", 20), ("conv", 40), 100, 10), "relu", "momentum", 64, 640),
        {"PyTorch": 1.0},
    ),
}


# The competitors: each is a function that trains for some epochs ------------------------------------------------------


def digits(task: Task, rows: int) -> tuple[Any, Any]:
    """Images of digits and their unit vectors, as often as it takes to have so many rows."""
    import numpy as np

    import nnlib

    data = nnlib.data.mnist()
    X, Y = (np.resize(part, (rows, part.shape[1])).astype(np.float32) for part in (data.X_train, data.Y_train))
    return (X.reshape(-1, 1, 28, 28) if task.images else X), (X if task.autoencoder else Y)


def nnlib_network(task: Task, like: Any = None) -> Any:
    """The task's network in nnlib."""
    import numpy as np

    import nnlib

    init = nnlib.initializers.he_normal if task.hidden == "relu" else nnlib.initializers.glorot_normal
    layers: list[Any] = []
    for layer in task.layers:
        if isinstance(layer, tuple):
            layers += [nnlib.Conv2D(layer[1], 5, init=init), nnlib.Activation("relu"), nnlib.MaxPool2D(2)]
        else:
            if layers and isinstance(layers[-1], nnlib.MaxPool2D):
                layers.append(nnlib.Flatten())
            layers += [nnlib.Dense(layer, init), nnlib.Activation(task.hidden)]
    error = nnlib.BinaryCrossEntropy() if task.autoencoder else nnlib.CrossEntropy()
    like = np.zeros(0, np.float32) if like is None else like
    return nnlib.Network(layers[:-1], error, (1, 28, 28) if task.images else 784, like=like)


def with_nnlib(task: Task, X: Any, Y: Any, like: Any = None) -> Callable[[int], Any]:
    """Training with `Network.fit`."""
    import nnlib

    network = nnlib_network(task, like)
    optimizer = {"sgd": nnlib.SGD(0.1), "momentum": nnlib.Momentum(0.01), "adam": nnlib.Adam(1e-3)}[task.optimizer]

    def train(epochs: int) -> float:
        return network.fit(X, Y, optimizer, epochs, task.batch, progress=False).error[-1]

    return train


def with_torch(task: Task, X: Any, Y: Any) -> Callable[[int], Any]:
    """The usual eager loop: a Sequential, a loss, an optimizer, batches by index from tensors in memory."""
    import torch
    from torch import nn

    import nnlib

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    mine = nnlib_network(task)
    h = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid}[task.hidden]
    parts: list[Any] = []
    for layer in mine.layers:
        if isinstance(layer, nnlib.Activation):
            parts.append(h())
        elif isinstance(layer, nnlib.MaxPool2D):
            parts.append(nn.MaxPool2d(2))
        elif isinstance(layer, nnlib.Flatten):
            parts.append(nn.Flatten())
        else:
            if isinstance(layer, nnlib.Conv2D):
                part: Any = nn.Conv2d(layer.input[0], layer.outputs, 5)
            else:
                part = nn.Linear(layer.inputs, layer.outputs)
            part.weight.data = torch.tensor(layer.beta[:, 1:]).reshape(part.weight.shape)
            part.bias.data = torch.tensor(layer.beta[:, 0])
            parts.append(part)
    model = nn.Sequential(*parts)
    optimizer = {
        "sgd": lambda w: torch.optim.SGD(w, 0.1),
        "momentum": lambda w: torch.optim.SGD(w, 0.01, momentum=0.9),
        "adam": lambda w: torch.optim.Adam(w, 1e-3),
    }[task.optimizer](model.parameters())
    x = torch.tensor(X)
    y = x if task.autoencoder else torch.tensor(Y.argmax(axis=1))
    if task.autoencoder:
        sums = nn.BCEWithLogitsLoss(reduction="sum")
        loss: Any = lambda a, y: sums(a, y) / len(y)  # noqa: E731
    else:
        loss = nn.CrossEntropyLoss()

    def train(epochs: int) -> float:
        total = torch.zeros(())
        for _ in range(epochs):
            order, total = torch.randperm(len(x)), torch.zeros(())
            for i in range(0, len(x), task.batch):
                J = order[i : i + task.batch]
                E = loss(model(x[J]), y[J])
                optimizer.zero_grad(set_to_none=True)
                E.backward()
                optimizer.step()
                total += E.detach() * len(J)
        return float(total) / len(x)

    return train


def with_sklearn(task: Task, X: Any, Y: Any) -> Callable[[int], Any]:
    """MLPClassifier.fit, which goes on from its weights (warm_start)."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    labels = Y.argmax(axis=1)
    momentum = 0.9 if task.optimizer == "momentum" else 0.0
    model = MLPClassifier(
        task.layers[:-1],
        activation={"relu": "relu", "sigmoid": "logistic"}[task.hidden],
        solver="sgd",
        alpha=0,
        batch_size=task.batch,
        learning_rate_init=0.1 if task.optimizer == "sgd" else 0.01,
        momentum=momentum,
        nesterovs_momentum=False,
        max_iter=1,
        n_iter_no_change=10**6,
        warm_start=True,
    )
    warnings.simplefilter("ignore", ConvergenceWarning)  # it is asked for an epoch at a time
    model.fit(X, labels)  # makes the arrays
    mine = nnlib_network(task)
    weighted = [layer for layer in mine.layers if layer.n_weights]
    model.coefs_ = [layer.beta[:, 1:].T.copy() for layer in weighted]
    model.intercepts_ = [layer.beta[:, 0].copy() for layer in weighted]

    def train(epochs: int) -> float:
        model.set_params(max_iter=epochs)
        return float(model.fit(X, labels).loss_)

    return train


def bare_products(task: Task, X: Any, Y: Any) -> Callable[[int], Any]:
    """The matrix products of an epoch and nothing else: forward, dE/dβ, and delta except for the first layer."""
    import numpy as np

    rng = np.random.default_rng(0)
    sizes = (784, *task.layers)
    z = [rng.standard_normal((task.batch, size), np.float32) for size in sizes]
    out = [np.empty_like(part) for part in z]
    beta = [rng.standard_normal((outputs, inputs), np.float32) for inputs, outputs in pairwise(sizes)]
    dbeta = [np.empty_like(part) for part in beta]

    def train(epochs: int) -> None:
        for _ in range(epochs * len(X) // task.batch):
            for layer in range(len(beta)):
                np.matmul(z[layer], beta[layer].T, out=out[layer + 1])
            for layer in reversed(range(len(beta))):
                np.matmul(z[layer + 1].T, z[layer], out=dbeta[layer])
                if layer > 0:
                    np.matmul(z[layer + 1], beta[layer], out=out[layer])

    return train


COMPETITORS = {
    "nnlib": with_nnlib,
    "bare products": bare_products,
    "scikit-learn": with_sklearn,
    "PyTorch": with_torch,
}


def installed(name: str) -> bool:
    """Can this competitor run here?"""
    from importlib.util import find_spec

    return find_spec({"PyTorch": "torch", "scikit-learn": "sklearn"}.get(name, "numpy")) is not None


# Measuring ------------------------------------------------------------------------------------------------------------


def paired(runs: dict[str, Callable[[], object]], repeats: int) -> dict[str, list[float]]:
    """Seconds of each run, repetition by repetition, after one that is not counted."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for repetition in range(1 + repeats):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            if repetition:
                times[name].append(time.perf_counter() - start)
    return times


def quartiles(values: list[float]) -> list[float]:
    """The lower quartile, the median, the upper quartile."""
    return statistics.quantiles(values, n=4) if len(values) > 1 else values * 3


def time_task(name: str, repeats: int, rows: int | None = None, epochs: int = 2) -> dict[str, Any]:
    """Milliseconds of an epoch, and the ratios of the competitors' times to nnlib's."""
    task = TASKS[name]
    X, Y = digits(task, rows or task.rows)
    names = ["nnlib", *(competitor for competitor in task.targets if installed(competitor))]
    runs = {competitor: COMPETITORS[competitor](task, X, Y) for competitor in names}
    times = paired({competitor: lambda run=run: run(epochs) for competitor, run in runs.items()}, repeats)
    return {
        "steps": -(-len(X) // task.batch),
        "ms": {who: 1e3 * statistics.median(taken) / epochs for who, taken in times.items()},
        "ratios": {
            who: quartiles([theirs / ours for theirs, ours in zip(times[who], times["nnlib"], strict=True)])
            for who in names[1:]
        },
    }


def peak_memory(name: str, competitor: str, rows: int | None = None) -> dict[str, float]:
    """MiB that training needs above data and imports, and in all (Linux)."""
    task = TASKS[name]
    tiny = replace(task, layers=(("conv", 1), 10) if task.images else (2, task.layers[-1]))
    COMPETITORS[competitor](tiny, *digits(tiny, 10 * task.batch))(1)  # what is imported and set up at the first step
    X, Y = digits(task, rows or task.rows)

    def status(key: str) -> float:
        line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(key))
        return int(line.split()[1]) / 1024

    ctypes.CDLL(None).malloc_trim(0)  # what making the data took and gave back
    before = status("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
    COMPETITORS[competitor](task, X, Y)(2)
    return {"training": status("VmHWM") - before, "total": status("VmHWM")}


def growth(repeats: int, small: bool = False) -> list[dict[str, Any]]:
    """Milliseconds of a step of 784-w-w-10 against the batch size and the width w."""
    batches, widths = ([8], [16]) if small else ([8, 32, 128, 512, 2048], [32, 128, 512, 2048])
    cases = [("batch size", batch, 512, batch) for batch in batches] + [("width", w, w, 128) for w in widths]
    found = []
    for axis, size, width, batch in cases:
        task = Task("", (width, width, 10), "relu", "momentum", batch, 0, {})
        steps = 2 if small else max(3, 200_000 // (width + 200) // batch)
        X, Y = digits(task, steps * batch)
        runs = {who: COMPETITORS[who](task, X, Y) for who in ("nnlib", "bare products", "PyTorch") if installed(who)}
        if installed("PyTorch"):
            import torch

            for device in ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]:
                like = torch.zeros(0, device=device)
                runs[f"nnlib on {device} tensors"] = with_nnlib(task, *(torch.tensor(A).to(like) for A in (X, Y)), like)
        times = paired({who: lambda run=run: run(1) for who, run in runs.items()}, repeats)
        ms = {who: 1e3 * statistics.median(taken) / steps for who, taken in times.items()}
        found.append({"axis": axis, "size": size, "ms": ms})
    return found


# Reporting ------------------------------------------------------------------------------------------------------------


def machine() -> dict[str, Any]:
    """What the figures were taken on."""
    from importlib.metadata import PackageNotFoundError, version

    cpu = platform.processor()
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        cpu = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), cpu)
    versions = {"python": platform.python_version()}
    for package in ("numpy", "scikit-learn", "torch"):
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = "not installed"
    return {"cpu": cpu, "cores": os.cpu_count(), **versions}


def table(results: dict[str, Any]) -> str:
    """The results as Markdown."""
    lines = [
        "| task | threads | against | nnlib is so many times as fast | quartiles | asked | |",
        "|---|--:|---|--:|--:|--:|---|",
    ]
    for threads, tasks in results["time"].items():
        for name, measured in tasks.items():
            for who, (low, middle, high) in measured["ratios"].items():
                asked = TASKS[name].targets[who]
                if who == "bare products":  # there nnlib's time over theirs is what one wants to read
                    low, middle, high, asked = 1 / high, 1 / middle, 1 / low, 1 / asked
                    who, met, sign = "its bare matrix products: time ratio", middle <= asked, "≤"
                else:
                    met, sign = middle >= asked, "≥"
                row = f"{middle:.2f} | {low:.2f} to {high:.2f} | {sign} {asked:.2f} | {'met' if met else 'missed'}"
                lines.append(f"| {name} | {threads} | {who} | {row} |")
    lines += ["", "| task | memory for training, MiB: nnlib | PyTorch | scikit-learn |", "|---|--:|--:|--:|"]
    for name, measured in results["memory"].items():
        cells = [
            f"{measured[who]['training']:.0f}" if who in measured else ""
            for who in ("nnlib", "PyTorch", "scikit-learn")
        ]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def picture(results: dict[str, Any], path: Path) -> None:
    """Ratios of time on the left; growth with batch size and width on the right."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    plt.style.use(HERE.parent / "book" / "course.mplstyle")
    figure, axes = plt.subplots(1, 3, figsize=(12, 4), layout="constrained")
    bars = [
        (f"{name}, {threads} thread{'s' if threads != '1' else ''}: {who}", middle, TASKS[name].targets[who])
        for threads, tasks in results["time"].items()
        for name, measured in tasks.items()
        for who, (_, middle, _) in measured["ratios"].items()
    ]
    places = range(len(bars), 0, -1)
    axes[0].barh(places, [middle for _, middle, _ in bars])
    axes[0].plot([asked for *_, asked in bars], places, "k|", markersize=9, markeredgewidth=2, label="asked")
    axes[0].set_yticks(places, [label for label, *_ in bars], fontsize=8)
    axes[0].set(xlabel="their time / nnlib's time")
    axes[0].legend()
    for ax, axis in zip(axes[1:], ("batch size", "width"), strict=True):
        points = [point for point in results["growth"] if point["axis"] == axis]
        for marker, who in zip("osv^D", points[0]["ms"], strict=False):
            ax.loglog(
                [point["size"] for point in points], [point["ms"][who] for point in points], marker + "-", label=who
            )
        ax.set(xlabel=axis, ylabel="milliseconds a step")
        ax.legend()
    figure.savefig(path)
    plt.close(figure)


def child(threads: int, *arguments: str) -> Any:
    """Run this file again with so many threads, and read what it prints."""
    environment = {**os.environ, **dict.fromkeys(LIMITS, str(threads)), "PYTHONWARNINGS": "ignore"}
    command = [sys.executable, __file__, "--child", *arguments]
    return json.loads(subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout)


def main() -> None:
    """The whole run."""
    parser = argparse.ArgumentParser(description="nnlib beside scikit-learn and PyTorch")
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--repeats", type=int, default=11)
    parser.add_argument("--output", type=Path, default=HERE, help="folder for results.json, results.md, results.png")
    parser.add_argument("--child", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        what, *rest = options.child
        work: Any = {
            "time": lambda name, repeats: time_task(name, int(repeats)),
            "memory": peak_memory,
            "growth": lambda repeats: growth(int(repeats)),
        }
        print(json.dumps(work[what](*rest)))
        return

    results: dict[str, Any] = {"machine": machine(), "time": {}, "memory": {}, "growth": []}
    for threads in options.threads:
        results["time"][str(threads)] = {}
        for name in options.tasks:
            print(f"{name}, threads: {threads} ...", file=sys.stderr)
            results["time"][str(threads)][name] = child(threads, "time", name, str(options.repeats))
    for name in options.tasks:
        whose = [who for who in ("nnlib", "PyTorch", "scikit-learn") if who in ("nnlib", *TASKS[name].targets)]
        results["memory"][name] = {who: child(1, "memory", name, who) for who in whose if installed(who)}
    print("growth ...", file=sys.stderr)
    results["growth"] = child(1, "growth", str(max(3, options.repeats // 2)))
    text = table(results)
    (options.output / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    about = ", ".join(f"{key} {value}" for key, value in results["machine"].items())
    (options.output / "results.md").write_text(f"# Results\n\nMade by `make bench` on: {about}.\n\n{text}\n")
    picture(results, options.output / "results.png")
    print(text)


if __name__ == "__main__":
    main()
