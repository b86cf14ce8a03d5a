"""Let readers run the code of a built page in their browser: number its cells, put beside the pages what runs them.

What runs is book/_run, with Pyodide (pyodide.py), a wheel of nnlib and the files that pages read. It lies in the site's
folder run/, in folders whose names change with what is in them, so that no browser mixes old and new. `run` in
_config.yml says where Pyodide comes from: "site", "cdn", or "no" for pages without all that.
"""

import base64
import hashlib
import html
import io
import json
import re
import shutil
import zipfile
from pathlib import Path
from typing import Any

import codemirror
import pyodide
import yaml

ROOT = Path(__file__).resolve().parents[1]
OWN = ROOT / "book" / "_run"
CELLS = OWN / "cells.json"  # cell_seconds.py writes it
SCRIPTS = ("*.mjs", "start.js", "run.css", "*.py")  # of OWN
READ = (  # by pages, besides nnlib
    "book/*.mplstyle",
    "book/_data/*.npz",
    "book/_ext/interactive.py",
    "book/_static/interactive/*.mjs",
    "benchmarks/results.json",
    "benchmarks/gpu/results.json",
)
SMALLER = ("matplotlib", "openblas")  # packages that are packed again, without what no page needs, or compressed at all
LATER = "openblas"  # is loaded after the first output
NOT_NEEDED = re.compile(r"matplotlib/mpl-data/(sample_data|images|fonts/afm|fonts/pdfcorefonts)/")
# the first page has one picture, whose code is folded; the cells of the other call the grader, which no browser has
WITHOUT = ("intro.html", "reading.html")
SLOW = 5  # seconds from which a cell says how long it takes
CHOICES = ("site", "cdn", "no")

CELL = re.compile(r'<div class="cell((?: [^"]*)?)"(?: data-\w+="[^"]*")*>')
CODE = re.compile(r'class="cell_input\b.*?<pre>(.*?)</pre>', re.DOTALL)
TAG = re.compile(r'<script defer data-bytes="\d+" src="[^"]*"></script>\n')


def chosen() -> str:
    """Where Pyodide comes from, as _config.yml says."""
    choice = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8")).get("run", "site")
    choice = "no" if choice is False else choice  # as YAML reads it
    if choice not in CHOICES:
        raise SystemExit(f"_config.yml: run: expected one of {', '.join(CHOICES)}, got {choice!r}")
    return str(choice)


def key(source: str) -> str:
    """A short name for a cell's code: what is known of it is forgotten when it changes."""
    return hashlib.sha256(source.strip().encode()).hexdigest()[:10]


def cells() -> dict[str, dict[str, float | str]]:
    """For each page and each cell's key the seconds that it takes, or why it cannot run."""
    return json.loads(CELLS.read_text(encoding="utf-8")) if CELLS.is_file() else {}  # type: ignore[no-any-return]


def known(page: str) -> dict[str, float | str]:
    """The same of one page."""
    return cells().get(page, {})


def pages(site: Path) -> list[str]:
    """The pages of a built site on which code can be run."""
    found = (path for path in sorted(site.rglob("*.html")) if "data-cell=" in path.read_text(encoding="utf-8"))
    return [path.relative_to(site).with_suffix("").as_posix() for path in found]


def zipped(files: dict[str, bytes]) -> bytes:
    """An archive that is the same for the same files."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        for name, data in sorted(files.items()):
            how = zipfile.ZIP_STORED if name.endswith(".npz") else zipfile.ZIP_DEFLATED
            file.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), data, how, 9)
    return archive.getvalue()


def wheel(package: Path, version: str) -> bytes:
    """A wheel of one folder of plain Python."""
    found = (file for file in package.rglob("*") if file.is_file() and "__pycache__" not in file.parts)
    files = {file.relative_to(package.parent).as_posix(): file.read_bytes() for file in found}
    info = f"{package.name}-{version}.dist-info"
    files[f"{info}/METADATA"] = f"Metadata-Version: 2.1\nName: {package.name}\nVersion: {version}\n".encode()
    files[f"{info}/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: runnable\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    rows = (f"{name},sha256={_base64(data).rstrip('=')},{len(data)}\n" for name, data in sorted(files.items()))
    files[f"{info}/RECORD"] = ("".join(rows) + f"{info}/RECORD,,\n").encode()
    return zipped(files)


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode()


def smaller(package: bytes) -> bytes:
    """The package with what a page may need of it."""
    with zipfile.ZipFile(io.BytesIO(package)) as file:
        return zipped({name: file.read(name) for name in file.namelist() if not NOT_NEEDED.search(name)})


def fonts(matplotlib: bytes) -> bytes:
    """The list of fonts that Matplotlib otherwise makes at its first import, in a second: those of its own wheel."""
    with zipfile.ZipFile(io.BytesIO(matplotlib)) as file:
        listed = json.loads(file.read("matplotlib/fontlist.json"))
        inside = set(file.namelist())
        version = re.search(rb"__version__ = (\d+)", file.read("matplotlib/font_manager.py"))
    for kind in ("afmlist", "ttflist"):
        listed[kind] = [font for font in listed[kind] if f"matplotlib/mpl-data/{font['fname']}" in inside]
    return json.dumps(listed | {"_version": int(version[1]) if version else 0}).encode()


def integrity(data: bytes) -> str:
    """The SHA-256 of a file, as browsers want it."""
    return "sha256-" + base64.b64encode(hashlib.sha256(data).digest()).decode()


def source(rest: str) -> str | None:
    """The code of a cell, of what follows its beginning on the page; None if only its output is shown."""
    found = CODE.search(rest)
    return html.unescape(re.sub("<[^>]+>", "", found[1])).rstrip("\n") if found else None


def sources(page: str) -> list[str]:
    """The code of the cells, in their order."""
    return [code for rest in CELL.split(page)[2::2] if (code := source(rest)) is not None]


def number(page: str, about: dict[str, float | str]) -> str:
    """The page with its code cells numbered, and what is known of them: the seconds of one, or why it cannot run."""
    start, *cells = CELL.split(page)
    done, count = [start], 0
    for classes, rest in zip(cells[::2], cells[1::2], strict=True):
        marks = {}
        if (code := source(rest)) is not None:
            count += 1
            fact = about.get(key(code), 0)
            marks = {"cell": str(count)}
            if isinstance(fact, str):
                marks["not"] = fact
            elif fact >= SLOW:
                marks["seconds"] = str(round(fact))
        text = "".join(f' data-{name}="{html.escape(value)}"' for name, value in marks.items())
        done += [f'<div class="cell{classes}"{text}>', rest]
    return "".join(done)


def clean(page: str) -> str:
    """The page as Sphinx wrote it."""
    return TAG.sub("", CELL.sub(r'<div class="cell\1">', page))


def place(site: Path, lock: dict[str, Any], choice: str) -> tuple[str, int]:
    """Put what runs into the site: the name of its newest folder, and the bytes that a first run loads."""
    version = re.search(r'__version__ = "([^"]+)"', (ROOT / "nnlib" / "__init__.py").read_text(encoding="utf-8"))
    assert version is not None
    nnlib = f"nnlib-{version[1]}-py3-none-any.whl"
    read = (file for pattern in READ for file in ROOT.glob(pattern))
    own = {file.name: file.read_bytes() for pattern in SCRIPTS for file in OWN.glob(pattern)}
    plain = own.pop("plain.mjs")
    if modules := codemirror.collect():
        own |= {f"codemirror/{file}": data for file, data in modules.items()}
    else:
        own["editor.mjs"] = plain
    own[nnlib] = wheel(ROOT / "nnlib", version[1])
    own["course.zip"] = zipped({file.relative_to(ROOT).as_posix(): file.read_bytes() for file in read})
    released = {file: (pyodide.CACHE / lock["version"] / file).read_bytes() for file in lock["files"]}
    packages = {name: dict(entry) for name, entry in lock["packages"].items()}
    own["fontlist.json"] = fonts(released[packages["matplotlib"]["file_name"]])
    for name in SMALLER if choice == "site" else ():
        file = packages[name]["file_name"]
        released[file] = smaller(released[file])
        packages[name]["sha256"] = hashlib.sha256(released[file]).hexdigest()
    own["pyodide-lock.json"] = json.dumps({"info": lock["info"], "packages": packages}).encode()
    files = {file: {"size": len(data), "integrity": integrity(data)} for file, data in released.items()}
    files |= {name: {"size": len(own[name])} for name in (nnlib, "course.zip")}
    total = sum(entry["size"] for file, entry in files.items() if file != packages[LATER]["file_name"])
    core = f"pyodide-{lock['version']}-{hashlib.sha256(own['pyodide-lock.json']).hexdigest()[:8]}"
    where = pyodide.CDN.format(version=lock["version"]) if choice == "cdn" else f"../{core}/"
    settings = {"pyodide": where, "bytes": total, "beside": [nnlib, "course.zip"], "files": files}
    own["settings.json"] = json.dumps(settings).encode()
    name = hashlib.sha256(b"".join(own[name] for name in sorted(own))).hexdigest()[:8]
    shutil.rmtree(site / "run", ignore_errors=True)
    (site / "run" / name / "codemirror").mkdir(parents=True)
    for file, data in own.items():
        (site / "run" / name / file).write_bytes(data)
    if choice == "site":
        (site / "run" / core).mkdir()
        for file, data in released.items():
            (site / "run" / core / file).write_bytes(data)
    return name, total


def put(site: Path) -> bool:
    """Make the built pages runnable, or leave them as they are: False if Pyodide could not be had."""
    choice, lock = chosen(), pyodide.read()
    trouble = pyodide.collect(lock) if choice != "no" else []
    tag = ""
    if choice == "no" or trouble:
        shutil.rmtree(site / "run", ignore_errors=True)
    else:
        name, total = place(site, lock, choice)
        tag = f'<script defer data-bytes="{total}" src="{{up}}run/{name}/start.js"></script>\n'
    for path in site.rglob("*.html"):
        before = path.read_text(encoding="utf-8")
        after = clean(before)
        page = path.relative_to(site)
        if tag and sources(after) and page.as_posix() not in WITHOUT:
            after = number(after, known(page.with_suffix("").as_posix()))
            after = after.replace("</head>", tag.format(up="../" * (len(page.parts) - 1)) + "</head>", 1)
        if after != before:
            path.write_text(after, encoding="utf-8")
    if trouble:
        print("The pages are built without Run, since Pyodide could not be had:", *trouble, sep="\n  ")
    return not trouble


if __name__ == "__main__":
    raise SystemExit(not put(ROOT / "_build" / "html"))
