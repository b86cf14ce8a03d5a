"""nnlib on a GPU in one run of less than six minutes: ``make gpu``.

It needs NumPy, PyTorch with CUDA and pytest where it runs, and installs nothing. Three things are done there: the tests
marked gpu; the same training with NumPy and on the GPU, whose weights have to agree; and the time of a training step
over the size of its batch, for a dense and a convolutional network, with NumPy, with PyTorch on the CPU and on the GPU,
always by nnlib's own code. What comes out goes into one folder, with the machine's name: copy it to ``benchmarks/gpu``,
and chapter 12 draws it.

Places take turns, the device is waited for before the clock is read, and the first run of each is not counted. A place
is measured for larger batches as long as its share of the time lasts.

    python3 benchmarks/gpu.py                       writes benchmarks/gpu/results.json, results.md and results.txt
    python3 benchmarks/gpu.py --cpu --output DIR    tries the script without a GPU, on tiny sizes: DIR/dry-run.json
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]  # nnlib need not be installed here

import bench  # noqa: E402

GPU = "PyTorch, cuda"
CURVES = {
    "784-512-512-10": replace(bench.TASKS["mlp"], layers=(512, 512, 10)),  # the network of chapter 12's model
    "CNN": bench.TASKS["cnn"],
}
BATCHES = [8, 32, 128, 512, 2048, 8192]
FEWEST = 4  # steps of a run: fit ends with one more pass forward, which should not weigh much
TURN = 0.2  # seconds that a run is made to take, where steps are short
AGREE = {"float64": 1e-9, "float32": 1e-3}  # how far the weights may be apart, relative to their size


def obstacle(dry: bool) -> str:
    """Why this machine cannot do the run, in a sentence, or nothing."""
    try:
        import numpy
        import torch
    except ModuleNotFoundError as missing:
        return f"{sys.executable} has no {missing.name}; name a Python that has NumPy and PyTorch: make gpu PYTHON=..."
    if int(numpy.__version__.split(".")[0]) < 2:
        return f"nnlib needs NumPy 2 or newer, and {sys.executable} has {numpy.__version__}."
    if not (dry or torch.cuda.is_available()):
        return f"PyTorch {torch.__version__} finds no GPU with CUDA here; --cpu --output DIR tries the script without."
    return ""


def machine(dry: bool) -> dict[str, Any]:
    """What the figures were taken on."""
    import torch

    from nnlib import device

    gpu = {"gpu": "none, a dry run on the CPU"}
    if not dry:
        memory = torch.cuda.get_device_properties(0).total_memory / 2**30
        gpu = {"gpu": torch.cuda.get_device_name(0), "gpu memory": f"{memory:.0f} GiB", "cuda": torch.version.cuda}
    threads = {"NumPy's threads": device.threads(), "PyTorch's threads": torch.get_num_threads()}
    return {**gpu, **bench.machine(), **threads, "date": time.strftime("%Y-%m-%d", time.gmtime())}


def places(dry: bool) -> dict[str, tuple[Any, Callable[[], object]]]:
    """An array at each place, and a function that waits for it; a dry run takes the CPU for a GPU."""
    from nnlib import device

    found = {name: (like, wait) for name, like, wait in device.places() if name != "PyTorch, mps"}
    return {**found, GPU: found["PyTorch, CPU"]} if dry else found


def tests(seconds: float, said: Path) -> dict[str, Any]:
    """How many of the tests marked gpu passed, failed, were skipped; what pytest printed goes into the file `said`."""
    with tempfile.TemporaryDirectory() as scratch, said.open("w", encoding="utf-8") as output:
        report = Path(scratch) / "tests.xml"
        command = [sys.executable, "-m", "pytest", "-m", "gpu", "tests/nnlib", "-q", "-p", "no:cacheprovider"]
        try:
            code = subprocess.run(
                [*command, f"--junitxml={report}"],
                cwd=HERE.parent,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=seconds,
            ).returncode
            outcome = "passed" if code == 0 else f"failed with pytest's exit code {code}"
        except subprocess.TimeoutExpired:
            outcome = f"not done after {seconds:.0f} s"
        cases = list(ElementTree.parse(report).iter("testcase")) if report.exists() else []
    states = Counter(case[0].tag if len(case) else "passed" for case in cases if case.get("classname"))
    if outcome == "passed" and not states["passed"]:
        outcome = "skipped"
    failed = states["failure"] + states["error"]
    return {"outcome": outcome, "passed": states["passed"], "failed": failed, "skipped": states["skipped"]}


def parity(there: Any, steps: int, batch: int | None = None) -> list[dict[str, Any]]:
    """How far NumPy's weights and those at `there` are apart after some steps from one seed, for every network."""
    import numpy as np
    import torch

    import nnlib
    from nnlib.backend import move, to_numpy

    found = []
    for task in bench.TASKS.values():
        X, Y = bench.digits(task, steps * (batch or task.batch))
        for dtype, allowed in AGREE.items():
            w = []
            for like in (np.zeros(0, dtype), there.to(getattr(torch, dtype))):
                network = bench.nnlib_network(task, like)
                optimizer = nnlib.Adam(1e-3) if task.optimizer == "adam" else nnlib.Momentum(0.01)
                data = (move(A, like=like) for A in (X, Y))
                network.fit(*data, optimizer, epochs=1, batch_size=batch or task.batch, progress=False)
                w.append(to_numpy(network.w).astype(np.float64))
            apart = float(np.linalg.norm(w[1] - w[0]) / np.linalg.norm(w[0]))
            found.append({"network": task.what, "dtype": dtype, "steps": steps, "apart": apart, "allowed": allowed})
    return found


def curve(name: str, at: dict[str, Any], batches: list[int], seconds: float, repeats: int) -> list[dict[str, Any]]:
    """Milliseconds of a step of a network, for each batch size and place, in about so many seconds at each place."""
    import torch

    from nnlib.backend import move

    X, Y = bench.digits(CURVES[name], FEWEST * batches[-1])
    left = dict.fromkeys(at, seconds)
    last = dict.fromkeys(at, 0.0)  # seconds of a step of the batch before
    points = []

    def runner(place: str, batch: int, steps: int) -> Callable[[], object]:
        like, wait = at[place]
        data = (move(A[: steps * batch], like=like) for A in (X, Y))
        train = bench.with_nnlib(replace(CURVES[name], batch=batch), *data, like)
        return lambda: (train(1), wait())

    for batch, before in zip(batches, [batches[0], *batches], strict=False):
        runs, steps = {}, {}
        for place in list(left):
            # a step takes at most so many times as long as there are more observations in it
            if last[place] * batch / before * FEWEST * (3 + repeats) > left[place]:
                del left[place]
                continue
            try:
                last[place] = statistics.median(bench.paired({place: runner(place, batch, FEWEST)}, 1)[place]) / FEWEST
                steps[place] = min(max(FEWEST, int(TURN / last[place])), len(X) // batch)
                runs[place] = runner(place, batch, steps[place])
            except (MemoryError, torch.cuda.OutOfMemoryError):
                del left[place]
        for place, times in bench.paired(runs, repeats).items():
            last[place] = statistics.median(times) / steps[place]
            left[place] -= last[place] * (2 * FEWEST + (1 + repeats) * steps[place])
        if runs:
            points.append({"network": name, "batch": batch, "ms": {place: 1e3 * last[place] for place in runs}})
    return points


def good(results: dict[str, Any]) -> bool:
    """Did the tests pass (a dry run skips them), and do the weights agree?"""
    ran = results["tests"]["outcome"] in (("passed", "skipped") if results["dry_run"] else ("passed",))
    return ran and all(row["apart"] <= row["allowed"] for row in results["parity"])


def table(results: dict[str, Any]) -> str:
    """The results as Markdown."""
    about = ", ".join(f"{key} {value}" for key, value in results["machine"].items())
    title = "A dry run, without a GPU" if results["dry_run"] else "nnlib on a GPU"
    outcome = ", ".join(f"{results['tests'][key]} {key}" for key in ("passed", "failed", "skipped"))
    lines = [f"# {title}", "", f"Made by `make gpu` on: {about}.", ""]
    lines += [f"Tests marked gpu: {results['tests']['outcome']} ({outcome}).", ""]
    lines += ["| network | numbers | steps | weights differ from NumPy's by | allowed |", "|---|---|--:|--:|--:|"]
    for row in results["parity"]:
        apart = f"{row['apart']:.0e} | {row['allowed']:.0e}"
        lines.append(f"| {row['network']} | {row['dtype']} | {row['steps']} | {apart} |")
    who = list(results["growth"][0]["ms"]) if results["growth"] else []
    lines += ["", f"| milliseconds of a step | batch | {' | '.join(who)} |", "|---|--:|" + "--:|" * len(who)]
    for point in results["growth"]:
        cells = " | ".join(f"{point['ms'][place]:.3g}" if place in point["ms"] else "" for place in who)
        lines.append(f"| {point['network']} | {point['batch']} | {cells} |")
    return "\n".join(lines) + "\n"


def write(path: Path, text: str) -> None:
    """The file is there whole, or as it was."""
    draft = path.with_name(path.name + ".new")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


def main() -> int:
    """The whole run; what is measured is written as soon as it is there."""
    parser = argparse.ArgumentParser(description="nnlib on a GPU: tests, parity with NumPy, times of a step")
    parser.add_argument("--output", type=Path, default=os.environ.get("OUT") or HERE / "gpu", help="folder for results")
    parser.add_argument("--cpu", action="store_true", help="a dry run on tiny sizes, marked as such, in dry-run.json")
    options = parser.parse_args()
    dry, folder = options.cpu, Path(options.output)
    if why := obstacle(dry):
        print(why, file=sys.stderr)
        return 2
    start, stem = time.perf_counter(), "dry-run" if dry else "results"
    folder.mkdir(parents=True, exist_ok=True)
    at = places(dry)
    results: dict[str, Any] = {"dry_run": dry, "machine": machine(dry), "tests": {}, "parity": [], "growth": []}

    def step(what: str) -> None:
        print(f"{time.perf_counter() - start:4.0f} s  {what} ...", file=sys.stderr, flush=True)

    step("the tests marked gpu")
    results["tests"] = tests(120, folder / f"{stem}.txt")
    step("NumPy's weights beside the GPU's")
    results["parity"] = parity(at[GPU][0], *((2, 8) if dry else (20,)))
    for name in CURVES:
        step(f"steps of {name}")
        results["growth"] += curve(name, at, BATCHES[:2] if dry else BATCHES, 25, 1 if dry else 5)
        write(folder / f"{stem}.json", json.dumps(results, indent=1) + "\n")
        write(folder / f"{stem}.md", table(results))
    print(table(results))
    print(f"{time.perf_counter() - start:.0f} s in all; written to {folder}", file=sys.stderr)
    return 0 if good(results) else 1


if __name__ == "__main__":
    raise SystemExit(main())
