"""The field for code: get the packages of CodeMirror from npm, compare them with the lock, let them find each other.

    python scripts/codemirror.py             gets what is missing, into _build/pyodide/codemirror
    python scripts/codemirror.py --update    writes the lock of the newest versions: book/_run/codemirror.json

They are modules that a browser can read. Only the names under which they import each other have to become addresses, so
that nothing has to be bundled, and nobody needs Node.
"""

import argparse
import hashlib
import io
import json
import re
import tarfile
from pathlib import Path
from typing import Any

import pyodide

LOCK = pyodide.LOCK.with_name("codemirror.json")
CACHE = pyodide.CACHE / "codemirror"
ROOTS = ("@codemirror/view", "@codemirror/commands", "@codemirror/autocomplete", "@codemirror/lang-python")
IMPORT = re.compile(r"""^((?:import|export)\s[^"'\n]*\bfrom\s*)(["'])([^."'][^"']*)\2""", re.MULTILINE)

Lock = dict[str, dict[str, str]]


def plain(package: str) -> str:
    """@codemirror/state as a file's name."""
    return package.removeprefix("@").replace("/", "-") + ".js"


def entry(package: str, version: str) -> tuple[dict[str, Any], bytes]:
    """package.json of a package on npm, and the module that it exports, below its licence."""
    name = package.rpartition("/")[2]
    archive = pyodide.download(f"{pyodide.registry()}/{package}/-/{name}-{version}.tgz")
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        files = {each.name.partition("/")[2]: each for each in tar if each.isfile()}

        def read(path: str) -> bytes:
            return tar.extractfile(files[path]).read()  # type: ignore[union-attr]

        about = json.loads(read("package.json"))
        return about, b"/*\n%b*/\n%b" % (read("LICENSE"), read(about["exports"]["import"].removeprefix("./")))


def collect(lock: Path = LOCK, cache: Path = CACHE) -> dict[str, bytes]:
    """The modules by the names of their files, with addresses in place of names; nothing if one could not be had."""
    cache.mkdir(parents=True, exist_ok=True)
    found = {}
    try:
        for package, wanted in json.loads(lock.read_text(encoding="utf-8")).items():
            file = cache / plain(package)
            if not pyodide.kept(file, wanted):
                file.write_bytes(pyodide.same(package, entry(package, wanted["version"])[1], wanted))
            text = file.read_text(encoding="utf-8")
            found[plain(package)] = IMPORT.sub(lambda name: f'{name[1]}"./{plain(name[3])}"', text).encode()
    except (OSError, KeyError, tarfile.TarError, pyodide.Refused) as error:
        print(f"Code is changed in a plain field, since CodeMirror could not be had: {error}")
        return {}
    return found


def update() -> None:
    """Write the lock of the newest versions of the roots and of what they import."""
    found: Lock = {}
    todo = list(ROOTS)
    while todo:
        if (package := todo.pop()) not in found:
            newest = json.loads(pyodide.download(f"{pyodide.registry()}/{package}/latest"))["version"]
            about, module = entry(package, newest)
            found[package] = {"version": newest, "sha256": hashlib.sha256(module).hexdigest()}
            todo += {name for _, _, name in IMPORT.findall(module.decode())} & {*about.get("dependencies", {})}
    LOCK.write_text(json.dumps(dict(sorted(found.items())), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="get CodeMirror, compare it with the lock")
    parser.add_argument("--update", action="store_true", help="write the lock of the newest versions")
    if parser.parse_args().update:
        update()
    modules = collect()
    print(f"CodeMirror: {len(modules)} modules, {sum(map(len, modules.values())) / 1e6:.1f} MB")
