"""A network as a file: a .npz with its weights and a description in JSON, no pickles, replaced in one step."""

import io
import json
import os
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

FORMAT = 1  # raised when an older nnlib could not read a new file


def write(path: str | Path, description: dict[str, Any], w: Any) -> None:
    """Write a file beside its place and move it there: whoever reads sees the old file or the new one."""
    path = Path(path)
    if not path.parent.is_dir():
        raise FileNotFoundError(f"{path}: there is no folder {path.parent}; make it first")
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez(file, description=np.array(json.dumps({"format": FORMAT, **description})), w=w)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o644)  # a temporary file is its owner's alone
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def read(path: str | Path) -> tuple[dict[str, Any], Any]:
    """The description and the weights.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    ValueError
        The file is damaged, no network, or of a newer format; the sentence says which.
    """
    data = Path(path).read_bytes()
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as stored:
            description, w = json.loads(str(stored["description"])), stored["w"]
        version = description["format"]
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        OSError,
        ValueError,
        KeyError,
        TypeError,
        NotImplementedError,
    ):  # without NumPy's own words, which advise to unpickle what is no network
        kind = "a damaged one, or another program's" if data[:2] == b"PK" else "no .npz file at all"
        raise ValueError(
            f"{path}: expected a network that nnlib saved, undamaged, and this is {kind}; Network.save writes one"
        ) from None
    if version != FORMAT:
        raise ValueError(
            f"{path}: the file has format {version}, this nnlib reads format {FORMAT}; use the matching nnlib"
        )
    return description, w
