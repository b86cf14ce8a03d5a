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
    ) as e:
        raise ValueError(f"{path}: this is no network that nnlib saved, or it is damaged ({e})") from None
    if version != FORMAT:
        raise ValueError(
            f"{path}: the file has format {version}, this nnlib reads format {FORMAT}; use the matching nnlib"
        )
    return description, w
