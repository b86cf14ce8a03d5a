"""What grading keeps is the grader's alone: no other account of the machine reads it, or puts anything there."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

__all__ = ["UnsafeError", "changeable", "folder", "opener", "owner", "readable", "strange", "take"]

STEPS = ("submitted", "autograded", "feedback", "release")
OTHERS, WRITE = 0o077, 0o022


class UnsafeError(Exception):
    """Somebody else has been where grades are kept; the sentence says what to do."""


def opener(path: str, flags: int) -> int:
    """For ``open``: a new file is the owner's alone, whatever the umask is."""
    return os.open(path, flags, 0o600)


def folder(path: Path) -> None:
    """Make a folder, and those above it that are missing, for the owner alone."""
    if not path.is_dir():
        folder(path.parent)
        path.mkdir(mode=0o700, exist_ok=True)


def owner(uid: int) -> str:
    """The name of an account."""
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"the account {uid}"


def take(state: Path, root: Path, always: bool = True) -> list[str]:
    """Make a state folder where there is none, and its owner's alone where it is open to others.

    What belongs to whoever grades, to root, or to the owner of the repository, whose code is run anyway, is trusted.

    Parameters
    ----------
    state : Path
        Where gradebook, journal and submissions lie. Of other folders in it nothing is changed.
    root : Path
        The repository.
    always : bool
        Look at what is in it even where the folder is closed, which takes a second for some 10,000 submissions.

    Returns
    -------
    list of str
        What was open and is no more, a line each.

    Raises
    ------
    UnsafeError
        If there is something that somebody else has put there, or if all accounts share the folder.
    """
    folder(state)
    if os.name != "posix":
        return []
    found, notes, who = state.stat(), list[str](), owner(state.stat().st_uid)
    if found.st_uid not in _trusted(root):
        raise UnsafeError(
            f"{state} belongs to {who}, who could change every grade: choose another folder, with --state"
        )
    if found.st_mode & stat.S_ISVTX:
        raise UnsafeError(f"all accounts share the folder {state}: choose one in it, with --state")
    if found.st_mode & OTHERS:
        try:
            state.chmod(0o700)
        except OSError as error:
            if error.errno == errno.EROFS:  # nobody can write here, and whoever grades cannot close it
                return [f"{state} is open to other accounts, and cannot be closed where nothing can be written"]
            said = f"{state} is open to other accounts and belongs to {who}: ask for chmod 700 {state}"
            raise UnsafeError(said) from None
        notes.append(f"{state} was open to other accounts (mode {found.st_mode & 0o777:o}); now it is closed (700)")
    elif not always:
        return notes
    below = list(_below(state, _trusted(root), mend=True))
    if others := [path for path, about in below if about.st_uid not in _trusted(root)]:
        more = f" and {len(others) - 1} more" * (len(others) > 1)
        raise UnsafeError(
            f"{others[0]}{more} belongs to {owner(others[0].lstat().st_uid)}, who can have put anything there: "
            "look at it, then delete it, or take it over with chown"
        )
    written = [
        str(path.relative_to(state)) for path, about in below if about.st_mode & WRITE and stat.S_ISREG(about.st_mode)
    ]
    if written:
        names = ", ".join(written[:3]) + ", ..." * (len(written) > 3)
        notes.append(f"files in {state} could be written by other accounts: see that they are right ({names})")
    return notes


def strange(state: Path, root: Path) -> list[Path]:
    """What in a state folder belongs to nobody who is trusted."""
    if os.name != "posix":
        return []
    trusted = _trusted(root)
    return [path for path, about in _below(state, trusted) if about.st_uid not in trusted]


def _trusted(root: Path) -> set[int]:
    return {os.getuid(), 0, root.stat().st_uid}


def _below(
    state: Path, trusted: set[int], mend: bool = False, inside: bool = False
) -> Iterator[tuple[Path, os.stat_result]]:
    """What lies in a state folder, as it was found.

    If it is mended, it is the owner's alone from then on. Each folder is closed before it is read, so that nothing can
    be swapped after it was looked at.
    """
    try:
        with os.scandir(state) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
    except PermissionError:
        return
    for entry in found:
        path, about, deep = Path(entry.path), entry.stat(follow_symlinks=False), inside or entry.name in STEPS
        ours = about.st_uid in trusted
        is_file, is_folder = stat.S_ISREG(about.st_mode), stat.S_ISDIR(about.st_mode) and deep
        if mend and ours and os.getuid() in (about.st_uid, 0) and (is_file or is_folder) and about.st_mode & OTHERS:
            path.chmod(about.st_mode & 0o700)
            if is_file and deep and about.st_mode & WRITE:
                _renew(path)
        yield path, about
        if is_folder and ours:
            yield from _below(path, trusted, mend, True)


def _renew(path: Path) -> None:
    """Put a copy in a file's place: who has it open could write to it as long as they like."""
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    with path.open("rb") as old, open(new, "xb", opener=opener) as copy:
        shutil.copyfileobj(old, copy)
    new.replace(path)


def readable(path: Path) -> bool:
    """Whether other accounts can read it: it lets them, and no folder above keeps them out."""
    return os.name == "posix" and _lets(path, 0o044) and all(_lets(above, 0o011) for above in path.resolve().parents)


def changeable(path: Path) -> bool:
    """Whether other accounts can write it, or put another in its place."""
    if os.name != "posix" or not all(_lets(above, 0o011) for above in path.resolve().parents):
        return False
    shared = [above for above in path.resolve().parents if above.stat().st_mode & stat.S_ISVTX]  # as /tmp is
    return any(_lets(each, WRITE) for each in [path, *path.resolve().parents] if each not in shared)


def _lets(path: Path, bits: int) -> bool:
    return path.exists() and bool(path.stat().st_mode & bits)
