"""What a page prints is what is stored in it: what the build executed is compared with it, and executed once."""

import re
from collections import defaultdict
from pathlib import Path

import nbformat
import pytest

BOOK = Path(__file__).resolve().parents[2] / "book"
PAGES = [path.relative_to(BOOK).as_posix() for path in sorted(BOOK.rglob("*.ipynb")) if ".ipynb_check" not in str(path)]
VARIES = re.compile(r"0x[0-9a-fA-F]+|(?:CPU times|Wall time).*")  # addresses of objects, and times
DRAWN = ("image/png", "image/jpeg")  # which are not stored


@pytest.fixture(scope="module")
def cache(html):
    """What the last build executed, if it was with the code that is there."""
    import build_book
    from jupyter_cache import get_cache

    executed_with = build_book.digest(*build_book.UNDER_THE_CELLS)
    assert build_book.read(build_book.CACHED_FOR) == executed_with, "what the pages use has changed since: make book"
    return get_cache(build_book.CACHE)


def given(cell):
    """What a cell gave in words, kind by kind."""
    words = defaultdict(list)
    for output in cell.outputs:
        match output.output_type:
            case "stream":  # in as many pieces as it happens
                words[output.name] = ["".join([*words[output.name], output.text])]
            case "error":
                words["error"].append(f"{output.ename}: {output.evalue}")
            case _:
                for kind in output.data.keys() - DRAWN:
                    words[kind].append(output.data[kind])
    return {kind: [VARIES.sub("...", str(each)) for each in every] for kind, every in words.items()}


def differences(stored, executed):
    """The cells that gave something else, as (number, what is stored, what was given)."""
    cells = [[cell for cell in notebook.cells if cell.cell_type == "code"] for notebook in (stored, executed)]
    for number, (before, now) in enumerate(zip(*cells, strict=True)):
        assert before.source == now.source
        if "nbval-ignore-output" not in before.metadata.get("tags", ()) and given(before) != given(now):
            yield number, given(before), given(now)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_prints_what_is_stored(cache, name):
    stored = nbformat.read(BOOK / name, as_version=4)
    try:
        _, executed = cache.merge_match_into_notebook(stored)
    except KeyError:
        pytest.fail("the page has changed since it was executed: make book")
    assert list(differences(stored, executed)) == []


def test_every_kind_of_difference_is_seen():
    """Another number, a line less, a warning, an output of another kind; and neither an address nor a picture."""
    from nbformat.v4 import new_code_cell, new_notebook, new_output

    def page(*outputs, tags=()):
        return new_notebook(cells=[new_code_cell("f()", outputs=list(outputs), metadata={"tags": list(tags)})])

    def says(text, name="stdout"):
        return new_output("stream", text=text, name=name)

    def shows(**data):
        return new_output("display_data", data={kind.replace("_", "/"): text for kind, text in data.items()})

    one = says("loss 0.31\nat 0x7f\n")
    for other in (
        [says("loss 0.32\nat 0x7f\n")],
        [says("loss 0.31\n")],
        [one, says("careful\n", "stderr")],
        [one, shows(text_plain="<Figure>")],
        [],
    ):
        assert list(differences(page(one), page(*other)))
        assert not list(differences(page(one, tags=["nbval-ignore-output"]), page(*other)))
    same = [says("loss 0.31\n"), says("at 0x8e\n"), shows(image_png="iVBO")]
    assert not list(differences(page(one), page(*same)))
