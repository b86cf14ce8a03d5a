"""Build the site into _build/html: every page executed, every warning an error, nothing executed twice.

The execution cache of Jupyter Book knows a page by its code cells alone. So it is thrown away when anything else that
an executed page depends on has changed; and a build that failed, or one with other extensions or another configuration,
is a full one, because Sphinx warns about a page only when it reads it. Notebooks that are not in the cache are executed
beside each other, one on each core, before Jupyter Book comes to them one by one.

    python scripts/build_book.py              builds
    python scripts/build_book.py --digest     prints what the cached outputs depend on, as one number, for a cache's key
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import yaml
from jupyter_cache import get_cache
from jupyter_cache.executors import load_executor

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "_build"
CACHE = BUILD / ".jupyter_cache"
MADE_FOR = BUILD / ".made-for"  # holds the digest of the inputs of the last build that succeeded
CACHED_FOR = CACHE / ".made-for"  # the same for the cached outputs, which survive a failed build
TIMEOUT = 180  # seconds for a cell
UNDER_THE_CELLS = (
    "requirements.txt",
    "nnlib/**/*",
    "book/_data/**/*",
    "book/*.mplstyle",
    "book/_ext/interactive.py",  # cells run it
    "book/_static/interactive/*",
    "benchmarks/results.json",
    "benchmarks/gpu/results.json",
    "grading/*.py",  # book/reading.md shows its words
    "grading/*/*.py",
    "solutions/backprop/*",
    "exercises/backprop/*",
)
AROUND_THE_CELLS = ("_config.yml", "CITATION.cff", "book/_toc.yml", "book/_ext/*.py")
PLACEHOLDER = "/nn-course/nn-course"  # how the repository's address ends until there is one


def digest(*patterns: str) -> str:
    """SHA-256 of Python's version and the files below the root that match."""
    sha = hashlib.sha256(sys.version.encode())
    for file in sorted({file for pattern in patterns for file in ROOT.glob(pattern)}):
        if file.is_file() and "__pycache__" not in file.parts:
            sha.update(f"{file.relative_to(ROOT)} {file.stat().st_size}\n".encode())
            sha.update(file.read_bytes())
    return sha.hexdigest()


def read(stamp: Path) -> str:
    """What a stamp says, or nothing."""
    return stamp.read_text() if stamp.is_file() else ""


def execute() -> None:
    """Fill the cache; what fails here is left to Jupyter Book, which says so."""
    cache = get_cache(CACHE)
    pages = [str(page) for page in (ROOT / "book").rglob("*.ipynb") if ".ipynb_checkpoints" not in page.parts]
    for page in pages:
        cache.add_nb_to_project(page)
    load_executor("local-parallel", cache).run_and_cache(filter_uris=pages, timeout=TIMEOUT)


def main() -> int:
    """Build; the return value is jupyter-book's."""
    start, under, now = time.perf_counter(), digest(*UNDER_THE_CELLS), digest(*UNDER_THE_CELLS, *AROUND_THE_CELLS)
    command = [str(Path(sys.executable).with_name("jupyter-book")), "build", "book", "--config", "_config.yml"]
    command += ["--path-output", ".", "-W", "--keep-going", "-n"]
    if read(MADE_FOR) != now:
        command.append("--all")
    if read(CACHED_FOR) != under:
        shutil.rmtree(CACHE, ignore_errors=True)
        CACHE.mkdir(parents=True)
        CACHED_FOR.write_text(under)
    MADE_FOR.unlink(missing_ok=True)
    # one BLAS thread: as fast on pages of this size, and the same sums on every machine
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    execute()
    done = subprocess.run(command, cwd=ROOT)
    if done.returncode == 0:
        MADE_FOR.write_text(now)
        print(f"\nBuilt in {time.perf_counter() - start:.0f} s: {BUILD / 'html' / 'index.html'}, or: make serve")
        repository = yaml.safe_load((ROOT / "_config.yml").read_text()).get("repository", {}).get("url", "")
        if repository.endswith(PLACEHOLDER):
            print(
                f"Before you publish: {repository} is a placeholder; put your address at repository.url in _config.yml"
            )
    return done.returncode


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="build the site into _build/html")
    parser.add_argument("--digest", action="store_true", help="build nothing; print what cached outputs depend on")
    if parser.parse_args().digest:
        print(digest(*UNDER_THE_CELLS))
    else:
        raise SystemExit(main())
