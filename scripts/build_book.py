"""Build the site into _build/html: every page executed, every warning an error, nothing executed twice.

Sphinx builds it; its conf.py is what `jupyter-book config sphinx` makes of _config.yml, and lies in _build/config.
The cache of executed pages knows a page by its code cells alone. So it is thrown away when anything else that
an executed page depends on has changed; and a build that failed, or one with other extensions or another configuration,
is a full one, because Sphinx warns about a page only when it reads it. Notebooks that are not in the cache are executed
beside each other, one on each core, before Sphinx comes to them one by one.

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
CONFIG = BUILD / "config"  # holds conf.py
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
AROUND_THE_CELLS = ("_config.yml", "CITATION.cff", "book/_toc.yml", "book/_ext/*.py", "scripts/build_book.py")
CONFIGURED = """
# Beside what _config.yml says: where its paths begin, and that a reference to nothing is a fault. Nothing here knows
# where the repository lies, and to do it twice changes nothing.
import sys
from pathlib import Path

root, own, nitpicky = Path(__file__).resolve().parents[2], globals(), True
sys.path += [str(root / folder) for folder in {folders!r}]
extensions = [name for name in extensions if name not in ("sphinx_thebe", "sphinx_comments")]  # need a network
html_static_path = [str(root / "book" / path) for path in own.get("html_static_path", [])]
bibtex_bibfiles = [str(root / "book" / path) for path in own.get("bibtex_bibfiles", [])]
html_favicon = str(root / "book" / html_favicon) if own.get("html_favicon") else ""
"""
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


def configure() -> None:
    """Write conf.py: _config.yml in Sphinx's own words, and where the book's folder lies."""
    CONFIG.mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / "_config.yml", CONFIG)
    words = ["config", "sphinx", "book", "--config", str(CONFIG / "_config.yml")]
    jupyter_book = Path(sys.executable).with_name("jupyter-book")
    subprocess.run([str(jupyter_book), *words], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    extensions = yaml.safe_load((ROOT / "_config.yml").read_text()).get("sphinx", {}).get("local_extensions", {})
    with (CONFIG / "conf.py").open("a", encoding="utf-8") as file:
        file.write(CONFIGURED.format(folders=sorted({*extensions.values()})))


def main() -> int:
    """Build; the return value is Sphinx's."""
    start, under, now = time.perf_counter(), digest(*UNDER_THE_CELLS), digest(*UNDER_THE_CELLS, *AROUND_THE_CELLS)
    command = [sys.executable, "-m", "sphinx", "--builder", "html", "--conf-dir", str(CONFIG)]
    command += ["--doctree-dir", str(BUILD / ".doctrees"), "--fail-on-warning", "--keep-going"]
    command += [str(ROOT / "book"), str(BUILD / "html")]
    if read(MADE_FOR) != now:
        command.append("--fresh-env")
        configure()
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
