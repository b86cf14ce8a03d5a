"""What a round was told of the course, for the next one: a list or a gradebook that is forgotten once does harm."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from grading.keep.journal import replace_file

__all__ = ["Memory", "recall", "remember"]


@dataclass(frozen=True)
class Memory:
    """What a command named.

    Attributes
    ----------
    students : str
        The class list's path.
    gradebook : str
        The gradebook's address.
    """

    students: str = ""
    gradebook: str = ""


def recall(state: Path) -> Memory:
    """What the last round in this state had; nothing, where there was none."""
    try:
        told = json.loads(_file(state).read_text(encoding="utf-8"))
        return Memory(str(told["students"]), str(told["gradebook"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Memory()


def remember(state: Path, memory: Memory) -> None:
    """For the commands to come."""
    if recall(state) != memory:
        replace_file(_file(state), json.dumps(asdict(memory)) + "\n")


def _file(state: Path) -> Path:
    return state / "settings.json"
