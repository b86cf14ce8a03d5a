"""Files and folders on a disk or in a zip, read alike: nothing is unpacked to a disk, and no link is followed."""

from __future__ import annotations

import os
import re
import stat
import unicodedata
import zipfile
import zlib
from pathlib import Path
from typing import IO

from grading.intake.lean import MAX_BYTES

__all__ = ["KINDS", "MAX_DEPTH", "BadError", "Entry", "as_shown", "read", "some", "unzipped"]

MAX_DEPTH = 8

KINDS = {
    "folder": "is a folder",
    "link": "is a link, and links are not followed",
    "special": "is neither a file nor a folder",
}


def _kind(mode: int) -> str:
    kinds = {stat.S_IFREG: "file", stat.S_IFDIR: "folder", stat.S_IFLNK: "link"}
    return kinds.get(stat.S_IFMT(mode), "special")


class BadError(Exception):
    """In words that follow the file's name."""


class Entry:
    """A file or folder on a disk. Nothing is opened before it is asked for."""

    def __init__(self, path: Path) -> None:
        self.name, self._path = path.name, path
        self.kind = _kind(path.lstat().st_mode)

    def children(self) -> list[Entry]:
        """What is in a folder, in order, but for hidden files."""
        return [Entry(path) for path in sorted(self._path.iterdir()) if not _hidden(path.name)]

    def within(self) -> list[Entry]:
        """The same for anything: nothing, where it is no folder, or one that cannot be opened."""
        try:
            return self.children() if self.kind == "folder" else []
        except OSError:
            return []

    def open(self) -> IO[bytes]:
        """To read; what was swapped for a link or a pipe in the meantime is not waited for."""
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        return os.fdopen(os.open(self._path, flags), "rb")


class _Member(Entry):
    """A file or folder in a zip."""

    def __init__(self, name: str) -> None:
        self.name, self.kind = name, "folder"
        self.inside: dict[str, _Member] = {}
        self.archive: tuple[zipfile.ZipFile, zipfile.ZipInfo] | None = None

    def children(self) -> list[Entry]:
        return [child for name, child in sorted(self.inside.items()) if not _hidden(name)]

    def open(self) -> IO[bytes]:
        if self.archive is None:
            raise IsADirectoryError(0, "it is a folder")
        archive, info = self.archive
        if info.flag_bits & 1:
            raise BadError("is encrypted: it has to be handed in without a password")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise BadError("is packed in an unusual way: pack it again as an ordinary zip")
        return archive.open(info)


def read(entry: Entry, most: int = 0) -> tuple[bytes, int]:
    """The first bytes of a file, and how many there are, or a number above the limit."""
    most = most or MAX_BYTES
    try:
        with entry.open() as file:
            data = file.read(most + 1)
    except OSError as error:
        raise BadError(f"cannot be opened: {error.strerror or error}") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, RuntimeError, NotImplementedError):
        raise BadError("is damaged in the zip") from None
    return data[:most], len(data)


def unzipped(file: Path | IO[bytes], most: int, notes: list[str]) -> _Member:
    """The folder in a zip. Members are what the zip calls them, and are never written anywhere."""
    try:
        archive = zipfile.ZipFile(file)
    except OSError as error:
        raise BadError(f"cannot be opened: {error.strerror or error}") from None
    except (zipfile.BadZipFile, ValueError, EOFError, NotImplementedError, RuntimeError):
        raise BadError("is no zip, or a damaged one") from None
    members = archive.infolist()
    if len(members) > most:
        raise BadError(f"has more than {most:,} files")
    root, outside = _Member(""), list[str]()
    for info in members:
        path = _name(info).replace("\\", "/")
        parts = [part for part in path.split("/") if part not in ("", ".")]
        leaves = path.startswith("/") or ".." in parts or re.match(r"[A-Za-z]:", path)
        if leaves or not 0 < len(parts) <= MAX_DEPTH + 2 or max(map(len, parts)) > 255:
            outside.append(as_shown(info.filename))
            continue
        node = root
        for part in parts:
            node = node.inside.setdefault(part, _Member(part))
        if not path.endswith("/"):
            node.archive, mode = (archive, info), info.external_attr >> 16
            node.kind = _kind(mode) if stat.S_IFMT(mode) else "file"
    if outside:
        notes.append(f"left out, a path that leaves the zip or is too long: {some(outside)}")
    return root


def _name(info: zipfile.ZipInfo) -> str:
    """The member's name. A zip that does not say how its names are written is from Windows, or in fact in UTF-8."""
    if info.flag_bits & 0x800:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("utf-8")  # zipfile takes all of these for cp437
    except UnicodeError:
        return info.filename


def _hidden(name: str) -> bool:
    return name.startswith((".", "__MACOSX", "~$"))


def as_shown(name: str) -> str:
    """A file's name as it may stand in a table, in HTML and in Markdown."""
    name = re.sub(r"[^\w .,+@'()/=-]|^[=+@-]", "�", unicodedata.normalize("NFC", name))
    return name if len(name) <= 80 else f"{name[:60]}...{name[-15:]}"


def some(names: list[str]) -> str:
    """The first names of a list, and how many more there are."""
    return ", ".join(names[:3]) + f" and {len(names) - 3} more" * (len(names) > 3)
