"""Build the site into _build/html: every page executed, every warning an error, nothing executed twice.

Sphinx builds it; its conf.py is what `jupyter-book config sphinx` makes of _config.yml, and lies in _build/config.
The cache of executed pages knows a page by its code cells alone. So a page is thrown out of it when anything else that
the page depends on has changed: what is under all pages, or what its code names. A build that failed, or one with other
extensions or another configuration, is a full one, because Sphinx warns about a page only when it reads it. Notebooks
that are not in the cache are executed beside each other, one on each core, before Sphinx comes to them one by one. What
is wrong is said last: Sphinx says it where it stands, among a thousand lines.

    python scripts/build_book.py              builds
    python scripts/build_book.py --digest     prints what all cached outputs depend on, as one number, for a cache's key
"""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import yaml
from jupyter_cache import get_cache
from jupyter_cache.cache.main import JupyterCacheBase
from jupyter_cache.executors.basic import ExecutionWorkerLocalMProc, JupyterExecutorLocalMproc
from jupyter_cache.executors.utils import single_nb_execution
from traitlets.config import Config

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "_build"
CACHE = BUILD / ".jupyter_cache"
CONFIG = BUILD / "config"  # holds conf.py
DOCTREES = BUILD / ".doctrees"  # the pages as Sphinx has read them
MADE_FOR = BUILD / ".made-for"  # holds the digests of the inputs of the last build that succeeded
CACHED_FOR = CACHE / ".made-for"  # the same for the cached outputs, which survive a failed build
WARNINGS = BUILD / "warnings.txt"  # of the last build, as Sphinx has them
TIMEOUT = 180  # seconds for a cell
UNDER_ALL = ("requirements.txt", "nnlib/**/*", "book/*.mplstyle")
GRADED = ("grading/*.py", "grading/*/*.py", "solutions/*", "solutions/*/*", "exercises/*/*")
UNDER_SOME = {  # what else is under the pages whose code has this word
    "grading": GRADED,
    "solutions": GRADED,
    "exercises": GRADED,
    "interactive": ("book/_ext/interactive.py", "book/_static/interactive/*"),
    "_data": ("book/_data/**/*",),
    "benchmarks": ("benchmarks/results.json", "benchmarks/gpu/results.json"),
}
ANYTHING = re.compile(r"""(?<!\.)\.\./?["']|__file__|import_module|cwd\(""")  # code that finds these without the word
IN_BOOK = re.compile(r"\b(?:file|root): *([\w./-]+)")  # in the table of contents
COLOUR = re.compile(r"\x1b\[[\d;]*m")
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


def under(*around: str) -> dict[str, str]:
    """The digest of what is under all pages, by the empty word, and of what is under those whose code has a word."""
    return {"": digest(*UNDER_ALL, *around)} | {word: digest(*files) for word, files in UNDER_SOME.items()}


def write(stamp: Path, digests: dict[str, str]) -> None:
    """Keep the digests, each on a line."""
    stamp.write_text("".join(f"{number} {word}\n" for word, number in digests.items()))


def changed(stamp: Path, digests: dict[str, str]) -> set[str]:
    """The words whose digests a stamp does not hold: all, if there is no stamp."""
    kept = stamp.read_text().split("\n") if stamp.is_file() else []
    return {word for word, number in digests.items() if f"{number} {word}" not in kept}


def concerns(words: set[str], code: str) -> bool:
    """Could the outputs of this code be others because what is under these words has changed?"""
    return any(word in code for word in words) or bool(words and ANYTHING.search(code))


def code(notebook: nbformat.NotebookNode) -> str:
    """What stands in its code cells."""
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")


def forget(words: set[str]) -> None:
    """Throw out of the cache what these words concern."""
    if "" in words:
        shutil.rmtree(CACHE, ignore_errors=True)
        CACHE.mkdir(parents=True)
    else:
        cache = get_cache(CACHE)
        for record in cache.list_cache_records():
            if concerns(words, code(cache.get_cache_bundle(record.pk).nb)):
                cache.remove_cache(record.pk)


def read_again(words: set[str]) -> None:
    """Let Sphinx read the pages that these words concern; of one in Markdown all text is taken for code."""
    for page in (ROOT / "book").rglob("*.*"):
        if page.suffix in (".ipynb", ".md"):
            text = code(nbformat.read(page, 4)) if page.suffix == ".ipynb" else page.read_text(encoding="utf-8")
            if concerns(words, text):
                (DOCTREES / page.relative_to(ROOT / "book").with_suffix(".doctree")).unlink(missing_ok=True)


class Worker(ExecutionWorkerLocalMProc):
    """Executes a page in the Python of this environment, whatever the editor called the kernel: VS Code, .venv.

    Where the system has sockets that are files, a kernel talks through those: over TCP the whole machine could listen,
    and every kernel warns of it.
    """

    @staticmethod
    def execute(project_nb, data):
        notebook = project_nb.nb
        python = notebook.metadata.get("kernelspec", {}).get("language", "python") == "python"
        more = {"kernel_name": "python3"} if python else {}
        with tempfile.TemporaryDirectory(prefix="page-") as sockets:
            if os.name != "nt":
                more["config"] = Config({"KernelManager": {"transport": "ipc", "ip": f"{sockets}/kernel"}})
            folder = str(Path(project_nb.uri).parent)
            return single_nb_execution(notebook, folder, data.timeout, data.allow_errors, **more)


class Cache(JupyterCacheBase):
    """Forgets nothing by itself: of two workers at once, each took the other's newest page for the oldest of all."""

    def truncate_caches(self) -> None:
        pass


class Executor(JupyterExecutorLocalMproc):
    """Pages beside each other."""

    _EXECUTION_WORKER = Worker


def execute() -> dict[str, str]:
    """Fill the cache; what is said of the pages that failed."""
    cache = Cache(CACHE)
    pages = [str(page) for page in (ROOT / "book").rglob("*.ipynb") if ".ipynb_checkpoints" not in page.parts]
    for page in pages:
        cache.add_nb_to_project(page)
    done, said = Executor(cache).run_and_cache(filter_uris=pages, timeout=TIMEOUT), {}
    for page in sorted({*done.excepted, *done.errored}):
        why = (
            COLOUR.sub("", cache.get_project_record(page).traceback or "").rpartition("CellExecutionError: ")[2].strip()
        )
        name = Path(page).relative_to(ROOT / "book").with_suffix("").as_posix()
        said[name] = f"book/{name}.ipynb: {why or 'it cannot be executed, see above'}"
    return said


def in_book() -> list[str]:
    """The pages of the table of contents."""
    return IN_BOOK.findall((ROOT / "book" / "_toc.yml").read_text(encoding="utf-8"))


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
    """Build; 0 if nothing is wrong."""
    start, cells, pages = time.perf_counter(), under(), under(*AROUND_THE_CELLS)
    command = [sys.executable, "-m", "sphinx", "--builder", "html", "--conf-dir", str(CONFIG)]
    command += ["--doctree-dir", str(DOCTREES), "--fail-on-warning", "--keep-going"]
    command += ["--warning-file", str(WARNINGS)]
    command += [str(ROOT / "book"), str(BUILD / "html")]
    if "" in (words := changed(MADE_FOR, pages)):
        command.append("--fresh-env")
        configure()
    elif words:
        read_again(words)
    if words := changed(CACHED_FOR, cells):
        forget(words)
        write(CACHED_FOR, cells)
    MADE_FOR.unlink(missing_ok=True)
    # one BLAS thread: as fast on pages of this size, and the same sums on every machine
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    if failed := [said for page, said in execute().items() if page in in_book()]:
        print(f"\nThe build failed, {len(failed)} of its pages cannot be executed:", *failed, sep="\n")
        return 1
    WARNINGS.unlink(missing_ok=True)
    done = subprocess.run(command, cwd=ROOT)
    if done.returncode:
        warned = WARNINGS.read_text(encoding="utf-8") if WARNINGS.is_file() else ""
        print(f"\nThe build failed; a warning is an error here. What was said of it, once more:\n{warned}")
    else:
        write(MADE_FOR, pages)
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
        print(digest(*UNDER_ALL))
    else:
        raise SystemExit(main())
