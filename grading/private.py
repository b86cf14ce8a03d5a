"""What grading keeps is the grader's alone: no other account of the machine reads it, or puts anything there."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

__all__ = ["STEPS", "UnsafeError", "opener", "others", "owner", "take"]

STEPS = ("submitted", "autograded", "feedback", "release")
OTHERS, WRITE = 0o077, 0o022


class UnsafeError(Exception):
    """Somebody else has been where grades are kept; the sentence says what to do."""


def opener(path: str, flags: int) -> int:
    """For ``open``: a new file is the owner's alone, whatever the umask is."""
    return os.open(path, flags, 0o600)


def owner(uid: int) -> str:
    """The name of an account."""
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"the account {uid}"


def take(state: Path, root: Path) -> list[str]:
    """Make a state folder where there is none, and its owner's alone where it is open to others.

    What belongs to whoever grades, to root, or to the owner of the repository, whose code is run anyway, is trusted.

    Parameters
    ----------
    state : Path
        Where gradebook, journal and submissions lie. Nothing is changed in folders that are not grading's.
    root : Path
        The repository.

    Returns
    -------
    list of str
        What was open and is no more, a line each.

    Raises
    ------
    UnsafeError
        If there is something that somebody else has put there, or if all accounts share the folder.
    """
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    if os.name != "posix":
        return []
    trusted, found, notes = {os.getuid(), 0, root.stat().st_uid}, state.stat(), list[str]()
    if found.st_uid not in trusted:
        who = owner(found.st_uid)
        raise UnsafeError(
            f"{state} belongs to {who}, who could change every grade: choose another folder, with --state"
        )
    if found.st_mode & stat.S_ISVTX:
        raise UnsafeError(f"all accounts share the folder {state}: choose one in it, with --state")
    if found.st_mode & OTHERS:
        try:
            state.chmod(0o700)
        except PermissionError:
            who = owner(found.st_uid)
            raise UnsafeError(
                f"{state} is open to others and belongs to {who}: ask them for chmod 700 {state}"
            ) from None
        notes.append(f"{state} was open to other accounts (mode {found.st_mode & 0o777:o}); now it is closed (700)")
    strange, written = list[Path](), list[Path]()
    # each folder is closed before it is read: what was looked at cannot be swapped afterwards
    for path, about in _below(state, trusted):
        if about.st_uid not in trusted:
            strange.append(path)
        elif about.st_mode & WRITE and stat.S_ISREG(about.st_mode):
            written.append(path)
    if strange:
        who = owner(strange[0].lstat().st_uid)
        raise UnsafeError(
            f"{strange[0]}{f' and {len(strange) - 1} more' * (len(strange) > 1)} belongs to {who}, who can have put "
            "anything there: look at it, then delete it, or take it over with chown"
        )
    if written:
        names = ", ".join(str(path.relative_to(state)) for path in written[:3])
        notes.append(
            f"{len(written)} files there could be written by other accounts ({names}): see that they are right"
        )
    return notes


def _below(folder: Path, trusted: set[int], depth: int = 0) -> Iterator[tuple[Path, os.stat_result]]:
    """What lies in a state folder, as it was found, and is the owner's alone from now on."""
    try:
        with os.scandir(folder) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
    except PermissionError:
        return
    for entry in found:
        path, about = Path(entry.path), entry.stat(follow_symlinks=False)
        inside, mine = depth > 0 or entry.name in STEPS, os.getuid() in (about.st_uid, 0)
        folder_or_file = stat.S_ISREG(about.st_mode) or (inside and stat.S_ISDIR(about.st_mode))
        if about.st_uid in trusted and mine and folder_or_file and about.st_mode & OTHERS:
            path.chmod(about.st_mode & 0o700)
            if inside and stat.S_ISREG(about.st_mode) and about.st_mode & WRITE:
                _renew(path)
        yield path, about
        if inside and stat.S_ISDIR(about.st_mode) and about.st_uid in trusted:
            yield from _below(path, trusted, depth + 1)


def _renew(path: Path) -> None:
    """Put a copy in a file's place: who has it open could write to it as long as they like."""
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    with path.open("rb") as old, open(new, "xb", opener=opener) as copy:
        shutil.copyfileobj(old, copy)
    new.replace(path)


def others(path: Path, bits: int = OTHERS) -> bool:
    """Whether other accounts have one of these rights, and no folder above keeps them out."""
    if os.name != "posix" or not path.exists():
        return False
    return bool(path.stat().st_mode & bits) and all(above.stat().st_mode & 0o011 for above in path.resolve().parents)
