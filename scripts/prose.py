"""Read the prose: spelling, and a few habits that make sentences worse.

    python scripts/prose.py                     reads all that git tracks
    python scripts/prose.py README.md book      reads these files and folders

Read are Markdown files, the Markdown cells, captions and alt texts of notebooks, the names and hints of mistakes, and
the docstrings of Python files (for their spelling). aspell looks the words up, in British English with -ize; what it
does not know and is right stands in book/_words.txt. A sentence that breaks a rule is changed: there is no comment that
switches a rule off.
"""

import argparse
import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.mdit import create_md_parser

ROOT = Path(__file__).resolve().parents[1]
WORDS = ROOT / "book" / "_words.txt"
MISTAKES = "mistakes.toml"
DICTIONARY = "en_GB-ize"
UNREAD = (
    "exercises/",
    "benchmarks/results",
    "benchmarks/mutants",
    "benchmarks/gpu/",
    "tests/",
)  # derived from what is read; for ourselves
LONGEST = 40  # words of a sentence
GAP = "\ufffc"  # stands for code and formulas: a word, but not one to be spelled

RULES = {
    r"(\b[A-Za-z]+) \1\b": "the same word twice",
    r"\b(?<!not )(simply|obviously|trivially|basically|of course|actually|really|needless to say)\b": "says nothing",
    r"\bjust (?=(a|an|the|add|call|do|like|need|run|take|to|use|want)\b)": "says nothing",
    r"\b(is|are|it's) (easy|easily|clear|trivial|straightforward)\b(?! (for|to))": "says nothing to whom it is not",
    r"\bvery (?!example|many|network)": "says little: how much?",
    r"\b(note that|in order to|it is worth noting|it should be noted)\b": "can be left out",
    r"\b(we|let us) (will )?now\b": "announces; do it",
    r"\b(powerful|beautiful|elegant|amazing|state.of.the.art|comprehensive|seamless(ly)?|cutting.edge)\b": "praise",
    r"\S  +\S": "two spaces",
    "[“”‘’]": "quotes are straight here",
    r"(?<!\w)–|–(?!\w)|—": "a comma, a colon or a full stop instead of a dash",  # bias–variance has its own
    r"\w+n't\b|\b(it|that|there|what)'s (a|an|the|not|no)\b": "written out here: is not, it is",
}  # fmt: skip

CODE = re.compile(r"^[A-Z]+s?$|\w(Error|Warning)$")  # abbreviations, and what a docstring says under Raises

# Directives whose argument is a title, and those that hold no prose.
TITLED = ("admonition", "exercise", "prf:", "dropdown", "grid-item-card", "tab-item", "card")
MUTE = (
    "bibliography",
    "code",
    "image",
    "include",
    "index",
    "math",
    "nb-exec-table",
    "raw",
    "tableofcontents",
    "toctree",
)

SHOWN = ("doc", "download", "index", "prf:ref", "ref", "term")  # roles whose content a reader may see

# What a docstring has besides prose.
NOT_PROSE = "|".join(
    (
        r"``.*?``|`.*?`|>>>.*|\w+\(\S*",  # code
        r"^ *\w.* : .*$",  # a parameter and its type
        r"\b[Ee]quations? [\w-]+((,| and) [\w-]+)*",  # ids
        r"\S*[\\_={}^/0-9+*\[\]<>.]\w\S*",  # paths and formulas
    )
)


class Passage(NamedTuple):
    """A paragraph, heading, cell of a table, caption or docstring, and where it stands."""

    place: str
    text: str


# ---------------------------------------------------------------------------------------------- what is prose


def _parser() -> Any:
    parse = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["parse"]
    return create_md_parser(MdParserConfig(enable_extensions=set(parse["myst_enable_extensions"])), RendererHTML)


PARSER = _parser()


def markdown(text: str, line: int = 1) -> Iterator[tuple[int, str]]:
    """The passages of a Markdown text, with their lines; directives are opened."""
    for token in PARSER.parse(text):
        here = line + (token.map[0] if token.map else 0)
        if token.type == "inline":
            yield here, inline(token.children or [])
        elif token.type in ("fence", "colon_fence"):
            yield from directive(token, here)


def directive(token: Token, line: int) -> Iterator[tuple[int, str]]:
    """Title, described options and content of a directive."""
    named = re.match(r"\{([\w:-]+)\}\s*(.*)", token.info)
    if not named:
        return  # a listing
    name, argument = named.groups()
    if argument and name.startswith(TITLED):
        yield from markdown(argument, line)
    body = token.content
    block = re.match(r"---\n(.*?)\n---\n?", body, re.DOTALL)
    options = block or re.match(r"((?::[\w-]+:.*\n?)*)", body)
    assert options is not None  # the second pattern matches nothing, too
    if block:
        yield from ((line, text) for text in described(yaml.safe_load(block[1])))
    if not name.startswith(MUTE):
        skipped, body = 1 + options[0].count("\n"), body[options.end() :]
        if name == "glossary":  # as a list of definitions, so that a term is no part of the sentence below it
            body = re.sub(r"^(\S.*\n)  (?=\S)", r"\1: ", body, flags=re.MULTILINE)
        yield from markdown(body, line + skipped)


def described(metadata: Any) -> Iterator[str]:
    """The alt texts and captions in a cell's metadata or a directive's options."""
    if isinstance(metadata, dict):
        for key, value in metadata.items():
            if key in ("alt", "caption") and isinstance(value, str):
                yield from (text for _, text in markdown(value))
            else:
                yield from described(value)


def inline(tokens: Iterable[Token]) -> str:
    """The words of a paragraph."""
    words, address = "", False
    for token in tokens:
        if token.type in ("link_open", "link_close"):
            address = token.type == "link_open" and (token.markup or token.info) in ("linkify", "autolink", "auto")
            words += GAP if address else ""
        elif token.type == "text" and not address:
            words += token.content
        elif token.type in ("softbreak", "hardbreak"):
            words += " "
        elif token.type == "image":
            words += inline(token.children or [])
        elif token.type == "myst_role" and token.meta.get("name") in SHOWN:
            shown = re.match(r"(.*\S)\s*<[^<>]+>$", token.content, re.DOTALL)
            words += shown[1] if shown else token.content if token.meta["name"] == "term" else GAP
        elif token.type in ("code_inline", "math_inline", "math_inline_double", "myst_role", "substitution_inline"):
            words += GAP
    return words


def strings(path: Path) -> Iterator[tuple[int, str]]:
    """The docstrings of a Python file; in a checks.py also what students read: names of groups, and complaints.

    Code is left out, and so are the names that the file itself uses.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    own = {name for node in ast.walk(tree) for name in _names(node)}
    for node in ast.walk(tree):
        text = None
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node)
        elif path.name == "checks.py" and isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value if re.search(r"\w \w+ \w", node.value) else None
        if text:
            text = re.sub(NOT_PROSE, GAP, text, flags=re.MULTILINE)
            yield getattr(node, "lineno", 1), re.sub(r"[\w']+", lambda word: GAP if word[0] in own else word[0], text)


def hints(table: dict[str, Any]) -> Iterator[str]:
    """Of a catalogue of mistakes what students read: the names, and the hints; the rest is code."""
    for name, entry in table.items():
        if isinstance(entry, dict):
            yield from hints(entry)
        elif isinstance(entry, list):
            texts = [part for part in entry if isinstance(part, str)]  # lists are of code
            yield from [name, *texts[-1:]][: 1 + len(texts) % 2]


def _names(node: ast.AST) -> Iterator[str]:
    for name in ("id", "arg", "attr", "name"):
        if isinstance(value := getattr(node, name, None), str):
            yield from {value, *value.split("_")}


def passages(path: Path) -> Iterator[Passage]:
    """All prose of a file."""
    name = path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name
    if path.suffix == ".md":
        for line, text in markdown(path.read_text(encoding="utf-8")):
            yield Passage(f"{name}:{line}", text)
    elif path.suffix == ".ipynb":
        for number, cell in enumerate(json.loads(path.read_text(encoding="utf-8"))["cells"]):
            found = [text for _, text in markdown("".join(cell["source"]))] if cell["cell_type"] == "markdown" else []
            for text in [*found, *described(cell["metadata"])]:
                yield Passage(f"{name}, cell {number}", text)
    elif path.name == MISTAKES:
        for text in hints(tomllib.loads(path.read_text(encoding="utf-8"))):
            yield Passage(name, text)
    elif path.suffix == ".py":
        for line, text in strings(path):
            yield Passage(f"{name}:{line}", text)


# ---------------------------------------------------------------------------------------------- what is wrong


def sentences(text: str) -> list[str]:
    """Cut after a semicolon, and after a full stop, ! or ? that a capital, a quote or a formula follows."""
    return re.split(rf";\s|(?<=[.!?])[\"')\]*]*\s+(?=[A-Z\"'(*{GAP}])", text)


def habits(text: str) -> Iterator[str]:
    """What the rules find in a passage, in words."""
    for sentence in sentences(text):
        words = len(re.findall(r"[^\s]*\w[^\s]*|" + GAP, sentence))
        if words > LONGEST:
            yield f"a sentence of {words} words, at most {LONGEST}: {sentence[:60].strip().replace(GAP, '_')} ..."
    for pattern, said in RULES.items():
        for found in re.finditer(pattern, text, re.IGNORECASE):
            yield f"{found[0].strip()!r}: {said}"


def words(text: str) -> set[str]:
    """The words to be looked up; names of things in code and abbreviations in capitals are none."""
    found = re.findall(r"(?<![\w\\@./-])[^\W\d_]+(?:'[a-z]+)?(?![\w(/]|\.\w)", text)
    return {word for word in (word.removesuffix("'s") for word in found) if len(word) > 2 and not CODE.search(word)}


def known() -> set[str]:
    """The project's own words."""
    lines = WORDS.read_text(encoding="utf-8").splitlines()
    return {line.partition("#")[0].strip() for line in lines} - {""}


def misspelled(vocabulary: set[str]) -> set[str]:
    """The words that neither aspell nor the project knows.

    Raises
    ------
    FileNotFoundError
        If aspell is not installed.
    """
    own = known()
    asked = {word for word in vocabulary if word not in own and word.lower() not in own}
    command = ["aspell", "list", f"--master={DICTIONARY}", "--encoding=utf-8"]
    done = subprocess.run(command, input="\n".join(sorted(asked)), capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def tracked() -> list[Path]:
    """What git knows and a person wrote."""
    listed = subprocess.run(
        ["git", "ls-files", "*.md", "*.ipynb", "*.py", "solutions/*.toml"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / name for name in listed.stdout.splitlines() if not name.startswith(UNREAD)]


def files(paths: list[Path]) -> Iterator[Path]:
    """The files named, and those below the folders named."""
    for path in paths:
        below = (
            sorted(p for p in path.rglob("*") if p.suffix in (".md", ".ipynb", ".py") or p.name == MISTAKES)
            if path.is_dir()
            else [path]
        )
        yield from (p.resolve() for p in below if ".ipynb_checkpoints" not in p.parts)


def main() -> int:
    parser = argparse.ArgumentParser(description="read the prose")
    parser.add_argument("paths", nargs="*", type=Path, help="files and folders; without any, all that git tracks")
    chosen = parser.parse_args().paths
    read = [passage for path in (files(chosen) if chosen else tracked()) for passage in passages(path)]
    found = [
        f"{place}: {said}" for place, text in read if ".py:" not in place for said in habits(text)
    ]  # docstrings have tables and formulas, which are no sentences
    if shutil.which("aspell"):
        wrong = misspelled({word for _, text in read for word in words(text)})
        found += [f"{place}: {word!r} is not a word" for place, text in read for word in sorted(words(text) & wrong)]
    else:
        print(
            "the spelling was not checked: aspell is not installed (apt-get install aspell aspell-en)", file=sys.stderr
        )
        if os.environ.get("CI") == "true":
            return 1
    print(*sorted(found), sep="\n", end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
