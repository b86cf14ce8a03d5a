"""The tests harm no machine: an attack is run in a sandbox or not at all, and stands in one place."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from grading.run import sandbox

TESTS = Path(__file__).resolve().parents[1]
ATTACKS = Path(__file__).with_name("attacks.toml")

# What harms whoever runs it as a plain process. A process of one's own is ended by psutil or subprocess, which know it.
MUCH = r"\(?(1 << (2[6-9]|[3-9]\d)|2 ?\*\* ?(2[6-9]|[3-9]\d)|10 ?\*\* ?([89]|\d\d)|[1-9](_?\d){8,})"
HARMFUL = {
    "a signal to others": r"\bkill(pg)?\((?!os\.getpid\(\)|process\.pid\b|\))",
    "killing by name": r"\b(pkill|killall|taskkill)\b|\bkill -",
    "processes without end": r"\bfork\(\)",
    "memory without end": rf"\b(bytes|bytearray|zeros|ones|full|truncate|fallocate)\({MUCH}|['\"] ?\* ?{MUCH}",
    "memory that nobody counts": r"\b(memfd_create|shmget|shm_open)\b",
    "removing what is not its own": r"\brm -\w*r|rmtree\([^)]*(home|['\"]/)|\bmkfs\b|\bdd if=",
}
FORKS = {  # a round that kills itself; one process more; four graders
    "grading/test_killed.py": 1,
    "grading/test_container.py": 1,
    "grading/test_postgres.py": 1,
}


def found(text):
    """What harms, as often as it stands there."""
    return [what for what, pattern in HARMFUL.items() for _ in re.finditer(pattern, text)]


def test_nothing_harmful_stands_in_the_tests_themselves():
    """Neither as code nor as text: it would be run as a plain process somewhere, some day."""
    for path in sorted(TESTS.rglob("*")):
        if path.suffix in (".py", ".ipynb", ".toml", ".js", ".cfg", ".txt") and path not in (Path(__file__), ATTACKS):
            name, text = path.relative_to(TESTS).as_posix(), path.read_text(encoding="utf-8", errors="replace")
            forks = ["processes without end"] * FORKS.get(name, 0)
            assert found(text) == forks, f"{name}: what does harm belongs into attacks.toml"


@pytest.mark.parametrize("name", tomllib.loads(ATTACKS.read_text(encoding="utf-8"))["harmful"])
def test_each_harmful_attack_would_be_found(name):
    assert found(tomllib.loads(ATTACKS.read_text(encoding="utf-8"))["harmful"][name])


def test_attacks_are_handed_out_in_one_place():
    readers = [path for path in TESTS.rglob("*.py") if "attacks.toml" in path.read_text(encoding="utf-8")]
    assert {path.name for path in readers} == {"conftest.py", Path(__file__).name}


def test_without_a_sandbox_an_attack_is_skipped_and_says_why(attack, without_bubblewrap):
    with pytest.raises(pytest.skip.Exception, match="bubblewrap"):
        attack("death to all")


def test_where_the_trial_is_wrong_an_attack_stops_itself(attack, tmp_path, monkeypatch):
    """Grading says that a sandbox works, and then student code is a plain process all the same."""
    monkeypatch.setattr(sandbox, "obstacle", lambda: "")
    mark = tmp_path / "mark"
    source = attack("a mark", place=str(mark))
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=False)
    assert "is in no sandbox, and stops" in done.stderr
    assert not mark.exists()
    exec(source.split("\n", 2)[2])  # without its first two lines it would have been run
    assert mark.read_text() == "it ran"


def test_in_a_sandbox_an_attack_is_run(attack, ran, tmp_path):
    assert ran(attack("a mark", place="mark")) == "'it ran'"
    assert "No such file" in ran(attack("a mark", place=str(tmp_path / "mark")))
