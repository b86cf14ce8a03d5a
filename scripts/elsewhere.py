"""Does the book run where it has never been? Tries what Binder installs, and the notebook that Colab opens.

repo2docker, which Binder runs, says how it would install what git knows of this repository. The same commands are run
in a fresh environment, and a chapter is executed there. Then nnlib is removed again, and the published notebook of that
chapter is executed in an empty folder, with a copy of the repository in the place of its address.

    python scripts/elsewhere.py      takes minutes, and needs a network for pip and a built site
"""

import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
CHAPTER = "chapters/02-error-functions"
ASK = """
from repo2docker.app import Repo2Docker
app = Repo2Docker()
pack = next(pack for pack in app.buildpacks if pack(app.base_image).detect())(app.base_image)
pack.platform = "linux/amd64"
print(pack.__class__.__name__, pack.python_version)
print(pack.render({}))
"""


def run(*command: object, cwd: Path) -> str:
    """What a command prints; its errors end the script."""
    print("$", *(str(part) for part in command), flush=True)
    return subprocess.run([*map(str, command)], cwd=cwd, check=True, stdout=subprocess.PIPE, text=True).stdout


def environment(folder: Path) -> Path:
    """A fresh environment; the folder of its programs."""
    run(sys.executable, "-m", "venv", folder, cwd=ROOT)
    return folder / ("Scripts" if sys.platform == "win32" else "bin")


def copy(to: Path) -> None:
    """The files that git knows or would take, as a repository of one commit."""
    for name in run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=ROOT).split("\0"):
        if (ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            (to / name).write_bytes((ROOT / name).read_bytes())
    run("git", "init", "--quiet", "--initial-branch", "main", cwd=to)
    run("git", "add", "--all", cwd=to)
    run("git", "-c", "user.name=copy", "-c", "user.email=copy@localhost", "commit", "-qm", "a copy", cwd=to)


def main() -> int:
    wanted = (ROOT / "runtime.txt").read_text().strip().removeprefix("python-")
    if f"{sys.version_info.major}.{sys.version_info.minor}" != wanted:
        print(f"runtime.txt gives Binder Python {wanted}: run this with it, not with {sys.version.split()[0]}")
        return 2
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        # the copy is named like the repository, as a clone of it would be
        repository = yaml.safe_load((ROOT / "_config.yml").read_text())["repository"]["url"]
        clone = Path(folder) / "from" / repository.rsplit("/", 1)[1]
        copy(clone)

        tools = environment(Path(folder) / "tools")
        run(tools / "pip", "install", "--quiet", "jupyter-repo2docker", cwd=clone)
        kind, dockerfile = run(tools / "python", "-c", ASK, cwd=clone).split("\n", 1)
        if kind != f"PythonBuildPack {wanted}":
            print(f"Binder would use {kind}, and not PythonBuildPack {wanted}")
            return 1
        installs = re.findall(r"/bin/pip (install .*)", dockerfile)

        binder = environment(Path(folder) / "binder")
        for install in installs:
            run(binder / "pip", *(part.strip('"') for part in install.split()), "--quiet", cwd=clone)
        print(f"Binder's environment: {time.perf_counter() - start:.0f} s")
        run(binder / "jupyter", "execute", f"{CHAPTER.split('/')[1]}.ipynb", cwd=clone / "book" / "chapters")
        print(f"A chapter in it: {time.perf_counter() - start:.0f} s")

        run(binder / "pip", "uninstall", "--quiet", "--yes", "nnlib", cwd=clone)
        empty = Path(folder) / "colab"
        empty.mkdir()
        notebook = json.loads((ROOT / "_build" / "html" / "notebooks" / f"{CHAPTER}.ipynb").read_text(encoding="utf-8"))
        first = notebook["cells"][0]
        first["source"] = "".join(first["source"]).replace(repository, clone.as_uri())
        (empty / "page.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
        run(binder / "jupyter", "execute", "page.ipynb", cwd=empty)
    print(f"The published notebook in an empty folder: {time.perf_counter() - start:.0f} s. The book runs elsewhere.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
