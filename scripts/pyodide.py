"""Python for a reader's browser: get Pyodide, compare each file with the lock, keep it in _build/pyodide.

    python scripts/pyodide.py                   gets what is missing
    python scripts/pyodide.py --update 0.27.7   writes the lock of another version: book/_run/pyodide.json

Pyodide's core is on npm and its packages on a CDN. Where only package registries can be reached, somebody's package on
PyPI may hold the same files. No source has to be trusted: what has another SHA-256 than the lock says is refused, and
the next source is asked. Pip and npm say by their own settings which registries these are.
"""

import argparse
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import urllib.request
import zipfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "book" / "_run" / "pyodide.json"
CACHE = ROOT / "_build" / "pyodide"
CDN = "https://cdn.jsdelivr.net/pyodide/v{version}/full/"
CORE = ("pyodide.mjs", "pyodide.asm.js", "pyodide.asm.wasm", "python_stdlib.zip")
WANTED = ("numpy", "matplotlib", "openblas")
NOT_NEEDED = {"fonttools", "pytz", "matplotlib-pyodide"}  # by Matplotlib for PDF, for pandas, in a page's main thread
PATIENCE = 30  # seconds without a byte from a source

Lock = dict[str, Any]


class Refused(Exception):
    """A file is not the one that Pyodide released."""


def read(lock: Path = LOCK) -> Lock:
    """The lock: version, where else to ask, the files with size and SHA-256, and Pyodide's own list of packages."""
    return json.loads(lock.read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def same(name: str, data: bytes, wanted: Mapping[str, Any]) -> bytes:
    """The data, if they are those of the lock."""
    if hashlib.sha256(data).hexdigest() != wanted["sha256"]:
        raise Refused(f"{name} is not the file that Pyodide released")
    return data


# Sources. Each yields names and contents of what it has of the files that are asked for.

Source = Callable[[Lock, Iterable[str]], Iterable[tuple[str, bytes]]]


def download(address: str) -> bytes:
    """What is at an address."""
    with urllib.request.urlopen(address, timeout=PATIENCE) as answer:
        return answer.read()  # type: ignore[no-any-return]


def from_cdn(lock: Lock, names: Iterable[str]) -> Iterable[tuple[str, bytes]]:
    """Pyodide's own CDN has all files."""
    return ((name, download(CDN.format(version=lock["version"]) + name)) for name in names)


def registry() -> str:
    """The npm registry, as npm's settings say."""
    named = [value for name, value in os.environ.items() if name.lower() == "npm_config_registry" and value]
    if named:
        return named[0].rstrip("/")
    settings = Path.home() / ".npmrc"
    lines = settings.read_text(encoding="utf-8").splitlines() if settings.is_file() else []
    found = [line.partition("=")[2].strip() for line in lines if line.partition("=")[0].strip() == "registry"]
    return (found or ["https://registry.npmjs.org"])[-1].rstrip("/")


def npm(version: str) -> dict[str, bytes]:
    """The files of Pyodide's package on npm."""
    archive = io.BytesIO(download(f"{registry()}/pyodide/-/pyodide-{version}.tgz"))
    with tarfile.open(fileobj=archive) as tar:
        return {Path(each.name).name: tar.extractfile(each).read() for each in tar if each.isfile()}  # type: ignore[union-attr]


def from_npm(lock: Lock, names: Iterable[str]) -> Iterable[tuple[str, bytes]]:
    """npm has the core."""
    core = [name for name in names if name in CORE]
    return ((name, data) for name, data in npm(lock["version"]).items() if name in core) if core else ()


def from_pypi(lock: Lock, names: Iterable[str]) -> Iterable[tuple[str, bytes]]:
    """A wheel that holds the same files, if the lock names one."""
    if not lock.get("wheel"):
        return
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
        done = subprocess.run([*pip, "--dest", folder, lock["wheel"]], capture_output=True, text=True)
        if done.returncode:
            raise OSError(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "pip download failed")
        with zipfile.ZipFile(next(Path(folder).glob("*.whl"))) as wheel:
            inside = {Path(entry).name: entry for entry in wheel.namelist()}
            yield from ((name, wheel.read(inside[name])) for name in names if name in inside)


SOURCES: dict[str, Source] = {"the CDN": from_cdn, "npm": from_npm, "PyPI": from_pypi}


def collect(lock: Lock, cache: Path = CACHE, sources: Mapping[str, Source] = SOURCES) -> list[str]:
    """Fill the cache from the first sources that answer; what could not be had is said in the list, by source."""
    folder, files, trouble = cache / lock["version"], lock["files"], []
    folder.mkdir(parents=True, exist_ok=True)

    def missing() -> list[str]:
        return [name for name in files if not kept(folder / name, files[name])]

    for source, ask in sources.items():
        try:
            for name, data in ask(lock, wanted) if (wanted := missing()) else ():
                part = folder / f"{name}.part"
                part.write_bytes(same(name, data, files[name]))
                part.replace(folder / name)
        except (OSError, Refused, tarfile.TarError, zipfile.BadZipFile) as error:
            trouble.append(f"{source}: {error}")
    return [*trouble, f"missing: {', '.join(left)}"] if (left := missing()) else []


def kept(file: Path, wanted: Mapping[str, Any]) -> bool:
    """Is the file there, and is it the right one?"""
    return file.is_file() and hashlib.sha256(file.read_bytes()).hexdigest() == wanted["sha256"]


def needed(packages: Mapping[str, Any]) -> dict[str, Any]:
    """The packages that the pages import, with what these need, as Pyodide lists them."""
    found: dict[str, Any] = {}
    todo = list(WANTED)
    while todo:
        if (name := todo.pop()) not in found:
            depends = [each for each in packages[name]["depends"] if each not in NOT_NEEDED]
            found[name] = packages[name] | {"depends": depends}
            todo += depends
    return found


def update(version: str, lock: Path = LOCK) -> Lock:
    """Write the lock of a version, from its package on npm, whose list has the packages' own SHA-256."""
    core = npm(version)
    listed = json.loads(core["pyodide-lock.json"])
    packages = dict(sorted(needed(listed["packages"]).items()))
    files = {name: {"sha256": hashlib.sha256(core[name]).hexdigest()} for name in CORE}
    files |= {each["file_name"]: {"sha256": each["sha256"]} for each in packages.values()}
    before = read(lock) if lock.is_file() else {}
    found = {"version": version, "wheel": before.get("wheel", ""), "files": files, "info": listed["info"]}
    found |= {"packages": packages}
    if trouble := collect(found):
        raise SystemExit("\n".join(["The lock was not written.", *trouble]))
    for name, entry in files.items():
        entry["size"] = (CACHE / version / name).stat().st_size
    lock.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="get Pyodide, compare it with the lock, keep it in _build/pyodide")
    parser.add_argument("--update", metavar="VERSION", help="write the lock of this version")
    version = parser.parse_args().update
    lock = update(version) if version else read()
    if trouble := collect(lock):
        raise SystemExit("\n".join(trouble))
    print(f"Pyodide {lock['version']}: {sum(each['size'] for each in lock['files'].values()) / 1e6:.1f} MB in {CACHE}")
