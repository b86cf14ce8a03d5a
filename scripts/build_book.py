"""Build the site into _build/html: every page executed, every warning an error, nothing executed twice.

The execution cache of Jupyter Book knows a page by its code cells alone. So it is thrown away when anything else that
an executed page depends on has changed; and a build that failed is followed by a full one, because Sphinx warns about
a page only when it reads it. Notebooks that are not in the cache are executed beside each other, one on each core,
before Jupyter Book comes to them one by one.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from jupyter_cache import get_cache
from jupyter_cache.executors import load_executor

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "_build"
CACHE = BUILD / ".jupyter_cache"
MADE_FOR = BUILD / ".made-for"  # holds the digest of the inputs of the last build that succeeded
CACHED_FOR = CACHE / ".made-for"  # the same for the cached outputs, which survive a failed build
TIMEOUT = 180  # seconds for a cell


def digest() -> str:
    """SHA-256 of what an executed page depends on besides its own cells."""
    files = [ROOT / name for name in ("requirements.txt", "_config.yml", "book/_toc.yml", "benchmarks/results.json")]
    files += [
        *(ROOT / "nnlib").rglob("*"),
        *(ROOT / "book" / "_ext").rglob("*.py"),
        *(ROOT / "book").glob("*.mplstyle"),
    ]
    files += (ROOT / "book" / "_data").rglob("*")
    sha = hashlib.sha256(sys.version.encode())
    for file in sorted(file for file in files if file.is_file() and "__pycache__" not in file.parts):
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
    start, now = time.perf_counter(), digest()
    command = [str(Path(sys.executable).with_name("jupyter-book")), "build", "book", "--config", "_config.yml"]
    command += ["--path-output", ".", "-W", "--keep-going", "-n"]
    if read(MADE_FOR) != now:
        command.append("--all")
    if read(CACHED_FOR) != now:
        shutil.rmtree(CACHE, ignore_errors=True)
        CACHE.mkdir(parents=True)
        CACHED_FOR.write_text(now)
    MADE_FOR.unlink(missing_ok=True)
    # one BLAS thread: as fast on pages of this size, and the same sums on every machine
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    execute()
    done = subprocess.run(command, cwd=ROOT)
    if done.returncode == 0:
        MADE_FOR.write_text(now)
        print(
            f"\nBuilt in {time.perf_counter() - start:.0f} s. Open _build/html/index.html in a browser, or: make serve"
        )
    return done.returncode


if __name__ == "__main__":
    raise SystemExit(main())
