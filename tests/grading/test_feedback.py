"""The page that a student gets back: it says what there is to say, shows nothing hidden, and runs nobody's code."""

import base64
import copy
import functools
import itertools
import json
import os
import re
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

import fair
import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from grading import engine
from grading.engine import Case, Group, Item, Mistake, Reference
from grading.record import Hint, Reason, Row, Status, Verdict
from grading.tell import feedback
from grading.tell.markdown import markdown
from grading.tell.notebook import recalled, remember

SITE = "https://course.example/book/"
SEED = 987654321
POINTS = {"double": 3.0, "why": 2.0}
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

GRADED = """# Graded on other inputs.
### BEGIN HIDDEN TESTS
from grading.hidden import score

score("double", globals())
### END HIDDEN TESTS"""
SOLUTION = "def double(x):\n    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION"


def numbers(rng):
    return [Case((float(x),)) for x in rng.normal(size=3)]


SQUARED = Mistake("squared", "Is it the same for x = 3?", "chapters/04-backpropagation", (("2 * x", "x * x"),))
ITEM = Item("double", "double", (Group("zero", 1, lambda _: [Case((0.0,))]), Group("numbers", 2, numbers)), (SQUARED,))


def about(name, **more):
    return {"nbgrader": {"schema_version": 3, "grade_id": name, "grade": False, "solution": False, "locked": False}
            | {"task": False} | more}  # fmt: skip


@functools.cache
def verdict(function=lambda x: x * x):
    """What the engine says of a function."""
    right = Reference({"double": lambda x: 2 * x}, {"double": SOLUTION})
    return engine.check(ITEM, engine.caller({"double": function}), right, SEED)


def executed(*own, answer="def double(x):\n    return x * x", text="Because.", outputs=()):
    """A settled notebook: a graded answer, a question that a person reads, and the student's own cells."""
    return new_notebook(
        cells=[
            new_markdown_cell("# A *small* course", id="title", metadata=about("title", locked=True)),
            new_markdown_cell("## 1. Twice $x$\n\nWrite it.", id="part", metadata=about("part", locked=True)),
            new_code_cell(
                answer, id="solve-double", metadata=about("solve-double", solution=True), outputs=list(outputs)
            ),
            *own,
            new_code_cell(
                GRADED,
                id="double",
                metadata=about("double", grade=True, locked=True, points=3),
                outputs=[new_output("stream", name="stdout", text="secret output of the check")],
            ),
            new_markdown_cell("## 2. Why", id="part-2", metadata=about("part-2", locked=True)),
            new_markdown_cell(text, id="why", metadata=about("why", grade=True, solution=True, points=2)),
        ]
    )


def row(**more):
    about_all = {"items": {"double": 1.0, "why": 0.0}, "verdicts": {"double": verdict()}, "waiting": ["why"]} | more
    about_all = {"student": "ada", "status": Status.GRADED, "notes": []} | about_all
    about_all["notes"] = [Reason.NOTED(words=note) for note in about_all["notes"]]
    return Row(**about_all)


def page(notebook=None, site=SITE, words=None, **about_row):
    notebook = notebook or executed()
    return feedback.page(notebook, row=row(**about_row), points=POINTS, site=site, words=words)


def parsed(html):
    return BeautifulSoup(html, "html.parser")


def words_of(tree):
    return " ".join(tree.get_text(" ").split())


# ---------------------------------------------------------------------------------------------- what it says


def test_every_item_has_its_points_what_failed_and_where_to_read_on():
    tree = parsed(page())
    line = tree.find(id="item-double")
    assert line.find("td", class_="number").text == "1/3"
    assert line.find("th").get_text(" ", strip=True).startswith("1. Twice")
    said = words_of(line)
    assert "zero: right (1 of 1)" in said
    assert re.search(r"numbers: .* is off, by about .* \(0 of 2\)", said)
    assert "known mistake: squared" in said
    assert "Is it the same for x = 3?" in said
    (link,) = line.find("td", class_="number").find_next_siblings("td")[0].find_all("a")
    assert link["href"] == "https://course.example/book/chapters/04-backpropagation.html"
    assert link.text == "chapter 4, backpropagation"
    assert "1 of 5 points" in words_of(tree.header)


def test_without_a_site_pages_are_named_and_not_linked():
    tree = parsed(page(site=""))
    assert "chapter 4, backpropagation" in words_of(tree)
    assert all(link["href"].startswith("#") for link in tree.find_all("a"))


def test_items_lead_to_their_cells_and_back():
    tree = parsed(page())
    targets = [link["href"][1:] for link in tree.find_all("a") if link["href"].startswith("#")]
    ids = [tag["id"] for tag in tree.find_all(id=True)]
    assert len(ids) == len(set(ids))
    assert set(targets) <= set(ids)
    for item in POINTS:
        assert tree.find(id=f"item-{item}").find("a", href=f"#cell-{item}")
        assert tree.find(id=f"cell-{item}").find("a", href=f"#item-{item}")


def test_what_waits_for_a_person_is_no_zero():
    waits = parsed(page())
    assert waits.find(id="item-why").find("td").text == "?/2"
    assert "A person has yet to read this" in words_of(waits.find(id="item-why"))
    assert "Up to 2 more" in words_of(waits.header)
    read = parsed(page(items={"double": 1.0, "why": 2.0}, waiting=[]))
    assert read.find(id="item-why").find("td").text == "2/2"
    assert "yet to read" not in words_of(read)
    assert "3 of 5 points" in words_of(read.header)


def test_words_and_points_of_a_person_count():
    tree = parsed(page(items={"double": 2.5, "why": 1.0}, waiting=[], words={"solve-double": "See $x^2$, *nearly*."}))
    line = tree.find(id="item-double")
    assert line.find("td").text == "2.5/3"
    assert "A person set these points; the check gave 1." in words_of(line)
    for place in (line, tree.find("p", string="Your answer").parent):
        assert place.find(class_="words").math
        assert place.find(class_="words").em.text == "nearly"
    assert "A person" not in words_of(tree.find(id="item-why"))


def test_status_notes_reasons_and_penalty_are_told():
    why = {"double": replace(verdict(), why=Reason.ANSWER_RAISED(error="ValueError", words="no"))}
    said = words_of(parsed(page(status=Status.LATE, notes=["handed in 2.0 hours late"], verdicts=why, penalty=0.5)))
    assert "Status: late" in said
    assert "handed in 2.0 hours late" in said
    assert "the answer stopped with ValueError: no" in said
    assert "0.5 of 5 points" in said
    assert "0.5 points are taken away" in said


def test_what_could_not_be_run_is_said_and_no_notebook_shown():
    tree = parsed(page(status=Status.UNREADABLE, notes=["small.ipynb is cut off"], waiting=[], verdicts={}))
    assert "small.ipynb is cut off" in words_of(tree)
    assert "no notebook to show" in words_of(tree)
    assert not tree.find_all("pre")


def test_the_notebook_is_there_with_outputs_pictures_and_formulas():
    outputs = [
        new_output("stream", name="stdout", text="first\n"),
        new_output("stream", name="stderr", text="\x1b[31m10%\r90%\rdone\x1b[0m\n"),
        new_output("display_data", data={"image/png": PNG, "text/plain": "<Figure size 1x1>"}),
        new_output("execute_result", data={"text/html": "<b>table</b>", "text/plain": "a table"}),
    ]
    tree = parsed(page(executed(new_code_cell("draw()", id="own-1", outputs=outputs))))
    cell = tree.find("p", string="Your cell").parent
    assert cell.find("pre", class_="code").text.strip() == "draw()"
    assert [out.text for out in cell.find_all("pre", class_="text")] == ["first\ndone", "a table"]
    assert cell.img["src"] == f"data:image/png;base64,{PNG}"
    assert cell.img["alt"]
    assert tree.find("h1").em.text == "small"
    (part,) = [tag for tag in tree.find_all("h4") if tag.text.startswith("1. Twice")]
    assert part.math


# ---------------------------------------------------------------------------------------------- what it hides

OWN_FRAME = (
    "\x1b[36mCell\x1b[39m\x1b[36m \x1b[39m\x1b[32mIn[7]\x1b[39m\x1b[32m, line 2\x1b[39m\n"
    "\x1b[32m      1\x1b[39m x = 1\n\x1b[32m----> \x1b[39m\x1b[32m2\x1b[39m mine(x)\n"
)
OTHER_FRAME = (
    "\x1b[36mFile \x1b[39m\x1b[32m/srv/course/grading/engine.py:42\x1b[39m, in secret_function(value)\n"
    "     41 \n---> 42 secret_line(wanted)\n"
)
HEADER = ["-" * 75, "ValueError                                Traceback (most recent call last)"]
PRINTED = """Traceback (most recent call last):
  File "/tmp/ipykernel_12/345.py", line 3, in mine
    mine(x)
  File "/srv/course/grading/engine.py", line 42, in secret_function
    secret_line(wanted)
    ^^^^^^^^^^^^^^^^^^^
ValueError: bad
"""

LEAKS = {
    "a frame outside": new_output(
        "error", ename="ValueError", evalue="bad", traceback=[*HEADER, OWN_FRAME, OTHER_FRAME, "ValueError: bad"]
    ),
    "a frame outside alone": new_output(
        "error", ename="ValueError", evalue="bad", traceback=[*HEADER, OTHER_FRAME, "ValueError: bad"]
    ),
    "a frame outside, the last": new_output(
        "error", ename="ValueError", evalue="bad", traceback=[*HEADER, OWN_FRAME, OTHER_FRAME]
    ),
    "all in one text": new_output(
        "error",
        ename="ValueError",
        evalue="bad",
        traceback=["\n".join([*HEADER, OTHER_FRAME, OWN_FRAME, "ValueError: bad"])],
    ),
    "a hidden line in a traceback": new_output(
        "error", ename="ValueError", evalue="bad", traceback=[OWN_FRAME + '---> 3 score("double", globals())']
    ),
    "a path in an exception": new_output(
        "error", ename="OSError", evalue="no '/srv/course/solutions/x.ipynb'", traceback=[]
    ),
    "hidden text in an exception": new_output(
        "error", ename="NameError", evalue='score("double", globals())', traceback=[]
    ),
    "printed by the student": new_output("stream", name="stderr", text=PRINTED),
    "paths": new_output(
        "stream",
        name="stdout",
        text="/srv/course/grading PATH=/tmp/grading-x1:/srv/course file:///srv/course/a (~/srv/course)"
        " C:\\work\\course",
    ),
    "In[-1]": new_output("stream", name="stdout", text=repr(GRADED)),
    "a value": new_output("execute_result", data={"text/plain": GRADED}),
}
SECRETS = [
    "secret",
    "grading.hidden",
    "globals()",
    "/work",
    "grading-x1",
    "engine.py",
    "C:\\",
    str(SEED),
    "HIDDEN TESTS",
]


@pytest.mark.parametrize("kind", LEAKS)
def test_nothing_hidden_comes_through_outputs(kind):
    out = LEAKS[kind]
    html = page(executed(new_code_cell("run()", id="own-1", outputs=[out]), outputs=[out]))
    text = parsed(html).get_text()
    for secret in SECRETS:
        assert secret not in html, secret
        assert secret not in text, secret
    if "frame" in kind or "in one" in kind:
        assert "ValueError: bad" in text
        assert ("mine(x)" in text) == ("alone" not in kind)


def test_frames_of_the_own_cells_stay():
    text = parsed(page(executed(outputs=[LEAKS["a frame outside"], LEAKS["printed by the student"]]))).get_text()
    assert "Cell In[7], line 2" in text
    assert "----> 2 mine(x)" in text
    assert "Cell, line 3, in mine\n    mine(x)" in text


def test_texts_that_only_look_like_paths_or_frames_stay():
    printed = "File not found\n  3/4 and a/b/c, km/h\n./data/x.csv https://a.org/b/c/d.html\n- File a\n---\nend"
    text = parsed(page(executed(outputs=[new_output("stream", name="stdout", text=printed)]))).get_text()
    assert printed in text


def test_nothing_hidden_comes_through_cells_messages_and_notes():
    notebook = executed(
        new_markdown_cell(
            "Task.\n### BEGIN MARK SCHEME\nsecret scheme\n### END MARK SCHEME\nRest.",
            metadata=about("task", locked=True),
        ),
        new_code_cell(SOLUTION.replace("2 * x", "secret * x"), metadata=about("given", locked=True)),
        new_code_cell("### BEGIN HIDDEN TESTS\nsecret(1)", metadata=about("open", locked=True)),
    )
    (graded,) = [cell for cell in notebook.cells if cell.id == "double"]
    graded.outputs.append(new_output("error", ename="Secret", evalue="secret", traceback=["secret frame"]))
    zero, numbers = verdict().groups
    numbers = replace(numbers, why=Reason.RAISED(error="OSError", words="/srv/course/grading/engine.py score('x')"))
    why = Reason.ANSWER_RAISED(error="E", words='from grading.hidden import score in "/srv/course"')
    html = page(
        notebook,
        notes=["fault of the grader: OSError: /srv/course/x"],
        verdicts={"double": replace(verdict(), groups=(zero, numbers), why=why)},
    )
    for secret in SECRETS:
        assert secret not in html, secret
    assert "Rest." in html
    assert "stopped with OSError" in html


FORGED = {
    "a number": 7,
    "nothing": {},
    "an older version's": {"status": "graded", "reasons": {"double": "squared"}, "notes": [], "seed": 3},
    "no status": {"status": "splendid"},
    "groups of no list": {"verdicts": {"double": {**asdict(verdict()), "groups": 3}}},
    "points of no number": {"verdicts": {"double": {**asdict(verdict()), "points": "<b>"}}},
    "a reason of its own": {"verdicts": {"double": {**asdict(verdict()), "why": {"reason": "<b>", "data": {}}}}},
    "notes in words": {"notes": ["<b>all points</b>"]},
}


@pytest.mark.parametrize("kind", FORGED)
def test_what_is_no_row_is_not_taken_for_one(kind):
    """Plain nbgrader lets pass what a student writes into the metadata: it is a row of the grader's, or none."""
    notebook = executed()
    forged = FORGED[kind]
    notebook.metadata["grading"] = forged if isinstance(forged, int) or not forged else {**row().plain(), **forged}
    with pytest.raises((LookupError, TypeError, ValueError)):
        recalled(notebook)
    remember(notebook, row())
    assert recalled(notebook) == row()


def test_without_verdicts_there_is_a_page_all_the_same():
    """Of what plain nbgrader has graded."""
    tree = parsed(page(verdicts={}))
    assert tree.find(id="item-double").find("td").text == "1/3"
    assert "The check gave no reason." in words_of(tree.find(id="item-double"))


# ---------------------------------------------------------------------------------------------- nobody's code

SVG = base64.b64encode(b"<svg onload=pwned(1)>").decode()
PAYLOADS = [
    "<script>pwned('script')</script>",
    "<img src=x onerror=pwned('img')>",
    "<svg onload=pwned('svg')><script>pwned('svg script')</script></svg>",
    "<iframe src=\"javascript:parent.pwned('iframe')\"></iframe>",
    "<iframe srcdoc='<script>parent.pwned(1)</script>'></iframe><object data=x></object><embed src=x>",
    "</code></pre></title></style></textarea><script>pwned('closed')</script>",
    "<style>@import 'https://evil.example/x.css'; body { display: none }</style>",
    "<link rel=stylesheet href=https://evil.example/x.css><base href=//evil.example>",
    "<a href='javascript:pwned(1)'>link</a><form action=https://evil.example><button>go</button></form>",
    "[link](javascript:pwned('link')) [link](JaVaScRiPt&colon;pwned(1)) [link](java\tscript:pwned(1))",
    '<javascript:pwned(1)> <https://a.org/"onclick=pwned(1)> [link](vbscript:x) [link](//evil.example)',
    "[link](data:text/html;base64,PHNjcmlwdD5wd25lZCgxKTwvc2NyaXB0Pg==)",
    "![x](https://evil.example/x.png) ![x](javascript:pwned(1))",
    '![x" onerror="pwned(1)](data:image/png;base64,iVBORw0KGgo=)',
    f"![x](data:image/svg+xml;base64,{SVG}) ![x](data:image/png;base64,{SVG}) ![x](data:image/png;base64,AAAA)",
    f'![fine" onload="pwned(1)](data:image/png;base64,{PNG} "title\\" onload=pwned(1)")',
    '[x]: javascript:pwned(1)\n\n[x] [x][x]\n\n[y]: https://a.org/"onclick="pwned(1)\n\n[y]',
    "```html onload=pwned(1)\n<script>pwned('fence')</script>\n```\n\n    <script>pwned('indent')</script>",
    "| a |\n|:-:|\n| <script>pwned('table')</script> |\n\n# <script>pwned('heading')</script>",
    r"$\text{<script>pwned('tex')</script>}$ $\href{javascript:pwned(1)}{x}$",
    r"$$\style{background:url(//evil.example)}{x}$$ $\color{red;background:url(//evil.example)}{x}$",
    r"$</math><script>pwned('math')</script>$ $\unicode{x3c}$ $\mathrm{<b onclick=pwned(1)>}$",
    r"$\nocommand<script>pwned('fallback')</script>$ $$\nocommand</code><img src=x onerror=pwned(1)>$$",
    r"$<img src=x onerror=pwned(1)>$ $\require{html}\cssId{item-double}{x}$ $\def\a{\a\a}\a$",
    r"$\label{\"onload=pwned(1)}$" "\n\n" r"\begin{align}\tag{<script>}x\label{item-double}\end{align}",
    "<math><mtext><table><mglyph><style><img src=x onerror=pwned('mxss')></style></mglyph></table></mtext></math>",
    "<noscript><p title=\"</noscript><img src=x onerror=pwned('noscript')>\"></noscript>",
    "<!--><script>pwned(1)</script>--><meta http-equiv=refresh content=0>",
    "<div style='position:fixed;inset:0' onmouseover=pwned(1)>over</div>",
    "{{ 7 * 191 }}{% raw %} ${alert(1)} &lt;script&gt;pwned(1)&lt;/script&gt; &#60;script&#62;",
    "\x00<\x00script>pwned('null')</script>\x1b]8;;javascript:pwned(1)\x07link\x1b]8;;\x07 \u202egnp.exe \ud800",
]


def nasty():
    """Every payload at every place where a student's text, or a text about it, comes onto the page."""
    wild = "\n\n".join(PAYLOADS)
    outputs = [new_output("stream", name="stdout", text=wild), new_output("error", ename=wild, evalue=wild)]
    outputs += [new_output("error", ename="E", evalue="e", traceback=[wild])]
    for kind in ("text/plain", "text/html", "text/markdown", "text/latex", "image/svg+xml", "application/javascript"):
        outputs.append(new_output("display_data", data={kind: wild}))
    outputs += [new_output("display_data", data={"image/png": f'{PNG}" onload="pwned(1)', wild: wild})]
    outputs += [
        new_output("display_data", data={"image/jpeg": base64.b64encode(wild.encode("utf-8", "replace")).decode()})
    ]
    own = [new_code_cell(wild, id="own-1", outputs=outputs), *(new_markdown_cell(text) for text in PAYLOADS)]
    notebook = executed(*own, answer=wild, text=wild, outputs=outputs)
    groups = tuple(replace(group, name=wild, why=Reason.JUDGED(words=wild)) for group in verdict().groups)
    hints = (Hint(wild, wild, wild),)
    why = Reason.ANSWER_RAISED(error=wild, words=wild)
    verdicts = {"double": replace(verdict(), groups=groups, mistakes=hints, why=why)}
    verdicts["why"] = Verdict("why", 0.0, 2.0, why=Reason.JUDGED(words=wild))
    words = {"solve-double": wild, "why": wild}
    return page(notebook, student=wild, notes=[wild], verdicts=verdicts, waiting=[], words=words)


MATHML = re.compile(
    "math|m(i|n|o|row|sub|sup|subsup|frac|text|space|over|under|underover|sqrt|root|table|tr|td|padded|style)"
)
PLAIN = re.compile(
    "html|head|meta|title|style|body|header|main|section|div|span|p|h[1-6]|ul|ol|li|a|img|pre|code|br|hr"
    "|table|thead|tbody|tfoot|tr|th|td|strong|em|del|blockquote"
)
ATTRIBUTES = re.compile("class|id|href|rel|src|alt|tabindex|role|scope|lang|charset|content|name|aria-labelledby|start")
MATH_ATTRIBUTES = re.compile(
    "display|displaystyle|stretchy|symmetric|form|fence|separator|[lr]space|width|m(in|ax)size"
    "|accent|accentunder|movablelimits|mathvariant|scriptlevel|linethickness|style|class|id"
)


def strangers(tree):
    """Tags and attributes that are no part of the page."""
    for tag in tree.find_all(True):
        math = MATHML.fullmatch(tag.name)
        if not (math or PLAIN.fullmatch(tag.name)):
            yield tag.name
        allowed = MATH_ATTRIBUTES if math else ATTRIBUTES
        policy = tag.name == "meta" and tag.parent.name == "head"
        odd = [name for name in tag.attrs if not allowed.fullmatch(name) and not (policy and name == "http-equiv")]
        yield from (f"{tag.name} {name}" for name in odd)
        if "href" in tag.attrs and not re.match(r"#|https?://|mailto:", tag["href"]):
            yield f"href {tag['href']}"
        if "src" in tag.attrs and not re.match(r"data:image/(png|jpeg);base64,[A-Za-z0-9+/=]+$", tag["src"]):
            yield f"src {tag['src']}"
        if "style" in tag.attrs and not re.fullmatch(r"[\w\s.:;%#-]*", tag["style"]):
            yield f"style {tag['style']}"
        if tag.name in ("style", "title", "meta") and tag.parent.name != "head":
            yield f"{tag.name} in the page"


def test_nobodys_text_becomes_a_part_of_the_page():
    html = nasty()
    tree = parsed(html)
    assert list(strangers(tree)) == []
    assert "{{ 7 * 191 }}" in tree.get_text()  # not a template either
    html.encode("utf-8")
    assert not re.search(r"[\x00-\x08\x0b-\x1f\u202e]", html)
    assert len(tree.find_all(id="item-double")) == 1


def test_only_pictures_are_shown_as_pictures():
    for kind, data in (
        ("png", SVG),
        ("svg+xml", SVG),
        ("png", "AAAA"),
        ("jpeg", PNG),
        ("png", f"{PNG}?"),
        ("gif", PNG),
    ):
        text = f"![a cat](data:image/{kind};base64,{data}) *end*"
        out = new_output("display_data", data={f"image/{kind}": data, "text/plain": "a dog"})
        tree = parsed(page(executed(new_markdown_cell(text), new_code_cell("1", outputs=[out]))))
        assert not tree.find_all("img"), kind
        assert "[picture: a cat] end" in words_of(tree)
        assert "a dog" in words_of(tree)
    assert parsed(page(executed(text=f"![a cat](data:image/png;base64,{PNG})"))).img["alt"] == "a cat"


def test_the_search_for_strangers_finds_them():
    for planted in ("<script>", "<img src='x'>", "<p onclick='x'>", "<a href='javascript:x'>", "<mi href='x'>", "<b>"):
        assert list(strangers(parsed(page().replace("<main>", f"<main>{planted}"))))


@pytest.fixture
def opened(browser, tmp_path):
    """Open a page from a file; what it did comes with it."""
    contexts = []

    def load(html, **options):
        path = tmp_path / f"page-{len(contexts)}.html"
        path.write_text(html, encoding="utf-8")
        contexts.append(browser.new_context(**options))
        tab = contexts[-1].new_page()
        done = []
        tab.expose_function("pwned", lambda *what: done.append(f"ran {what}"))
        tab.on("dialog", lambda dialog: (done.append(dialog.message), dialog.dismiss()))
        tab.on("request", lambda request: done.append(request.url))
        tab.on("popup", lambda _: done.append("popup"))
        tab.goto(path.as_uri())
        tab.evaluate("Promise.all([...document.images].map(image => image.decode().catch(() => 0)))")
        return tab, [what for what in done if what != path.as_uri() and not what.startswith("data:image/")]

    yield load
    for context in contexts:
        context.close()


@pytest.mark.parametrize("policy", [True, False], ids=["with its policy", "with the policy switched off"])
def test_no_script_runs_and_nothing_is_loaded(opened, policy):
    """Escaping holds alone: with the content security policy switched off, nothing runs either."""
    tab, done = opened(nasty(), bypass_csp=not policy)
    assert done == []
    tab.evaluate("document.querySelectorAll('main *').forEach(e => e.dispatchEvent(new MouseEvent('mouseover')))")
    tab.wait_for_function("document.readyState == 'complete'")
    assert tab.evaluate("window.done") is None
    assert done == []


def test_the_policy_holds_alone(opened):
    """A script and a picture from outside do nothing even where they have come onto the page."""
    planted = "<script>pwned(1)</script><img src=x onerror=pwned(2)><img src='https://evil.example/x.png'>"
    html = page().replace("<main>", f"<main>{planted}<iframe src='https://evil.example'></iframe>")
    assert "ran (1,)" in opened(html, bypass_csp=True)[1]
    tab, done = opened(html)
    assert not [what for what in done if what.startswith("ran")]
    assert tab.evaluate("getComputedStyle(document.querySelector('header .total strong')).fontSize") == "28.8px"


# ---------------------------------------------------------------------------------------------- how it is written


def test_headings_tables_and_pictures_are_accessible():
    own = new_markdown_cell("###### deep\n\n# high\n\n#### deeper\n\n| a | b |\n|---|--:|\n| 1 | 2 |")
    tree = parsed(page(executed(own), words={"solve-double": "## Seen"}))
    assert tree.html["lang"] == "en"
    levels = [int(tag.name[1]) for tag in tree.find_all(re.compile(r"^h[1-6]$"))]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(later <= earlier + 1 for earlier, later in itertools.pairwise(levels))
    for tag in tree.find_all("th"):
        assert tag["scope"] in ("col", "row")
    assert all(tag["alt"] for tag in tree.find_all("img"))
    assert all(tree.find(id=tag["aria-labelledby"]) for tag in tree.find_all(attrs={"aria-labelledby": True}))


def test_colours_are_readable_in_light_and_dark():
    css = parsed(page()).style.text
    themes = [dict(re.findall(r"--(\w+): (#\w+)", block)) for block in re.findall(r":root \{(.*?)\}", css, re.S)]
    assert len(themes) == 3

    def luminance(colour):
        digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
        parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    for theme in themes:
        grounds = {name: theme[name] for name in ("paper", "soft", "badsoft", "hint")}
        inks = set(theme) - set(grounds) - {"line", "answer"}
        for ink in inks:
            for ground in grounds.values():
                low, high = sorted((luminance(theme[ink]), luminance(ground)))
                assert (high + 0.05) / (low + 0.05) >= 4.5, (ink, ground)


@pytest.mark.parametrize("width", [1300, 700, 390])
def test_it_fits_the_window(opened, width):
    long = "x" * 3000
    own = new_markdown_cell(
        f"| {' | '.join(30 * ['wide'])} |\n|{30 * '---|'}\n\n{long}\n\n$${'x + ' * 140}x$$ `{long}`"
    )
    outputs = [new_output("stream", name="stdout", text=long), new_output("error", ename=long, evalue=long)]
    html = page(executed(own, new_code_cell(long, outputs=outputs)), notes=[long], words={"why": long})
    for scheme, ground in (("light", "rgb(255, 255, 255)"), ("dark", "rgb(20, 24, 29)")):
        tab, _ = opened(html, viewport={"width": width, "height": 900}, color_scheme=scheme)
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        wide = """[...document.querySelectorAll('main *')]
            .filter(e => e.clientWidth && e.scrollWidth > e.clientWidth + 1).map(e => getComputedStyle(e).overflowX)"""
        assert set(tab.evaluate(wide)) == {"auto"}  # what is too wide scrolls by itself, and nothing is cut
        assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == ground


def test_all_formulas_of_all_assignments_become_mathml(root):
    formulas = 0
    for path in (root / "solutions" / name / f"{name}.ipynb" for name in fair.COURSE):
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type != "markdown":
                continue
            text = re.sub(r"```.*?```|`[^`\n]+`", "", cell.source, flags=re.S)
            tree = parsed(markdown(cell.source))
            found = re.findall(r"\$\$.+?\$\$|\$.+?\$", text, re.S)
            assert len(tree.find_all("math")) == len(found), (path.name, cell.id)
            assert not tree.find_all(class_="tex"), (path.name, cell.id)
            formulas += len(found)
    assert formulas > 500


def test_what_is_no_formula_stays_readable():
    tree = parsed(markdown(r"It costs $5, or $6, or \$7\$, with $\nocommand{x}$."))
    assert not tree.find("math")
    assert tree.get_text().strip() == r"It costs $5, or $6, or $7$, with \nocommand{x}."
    assert tree.find(class_="tex").text == r"\nocommand{x}"


def test_formulas_have_a_length_that_the_converter_stands():
    """It is written in Rust and recurses: one that is nested too deeply would end the grader."""
    assert parsed(markdown("$" + "{" * 295 + "x" + "}" * 295 + "$")).find("math")
    assert parsed(markdown("$" + r"x\;" * 250 + "$")).find(class_="tex")
    assert not parsed(markdown("$" + "{" * 9_000 + "x" + "}" * 9_000 + "$")).find("math")


def test_formulas_are_read_as_jupyter_reads_them():
    text = "In a line $a_1 * b_1$ and $$c_1 * d_1$$ too.\n\n$$\ne\n= f\n$$\n\n\\begin{align}\ng &= h\n\\end{align}\n"
    tree = parsed(markdown(text))
    assert [math.get("display") for math in tree.find_all("math")] == [None, "block", "block", "block"]
    assert not tree.find_all(["em", "h1", "h2"])


def test_the_same_input_gives_the_same_bytes(tmp_path, root):
    first = page()
    assert page() == first
    nbformat.write(executed(), tmp_path / "in.ipynb")
    (tmp_path / "row.json").write_text(json.dumps(row().plain()))
    script = """
import json, sys, nbformat
from grading.tell import feedback
from grading.record import Row
row = Row.loaded(json.load(open("row.json")))
notebook = nbformat.read("in.ipynb", as_version=4)
sys.stdout.buffer.write(feedback.page(notebook, row=row, points=json.loads(sys.argv[1]), site=sys.argv[2]).encode())
"""
    environment = {**os.environ, "PYTHONHASHSEED": "17", "PYTHONPATH": str(root)}
    command = [sys.executable, "-c", script, json.dumps(POINTS), SITE]
    other = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, check=True).stdout
    assert other.decode() == first


def test_the_page_changes_no_notebook():
    notebook = executed(new_code_cell("1", id="own", outputs=[LEAKS["a frame outside"]]))
    before = copy.deepcopy(notebook)
    page(notebook)
    assert notebook == before


HOSTILE = {
    "brackets": "[" * 19_000,
    "links": "[a](" * 5_000,
    "quotes": "> " * 9_000 + "a",
    "lists": "".join(" " * i + "- a\n" for i in range(190)),
    "stars": "*a **b " * 2_700,
    "dollars": "$a " * 6_000,
    "blocks": "$$a\n" * 4_700,
    "environments": r"\begin{a}" * 2_100,
    "braces": "$" + "{" * 590 + "$ " + "$" + "{" * 590 + "$",
    "references": "[a]: x\n" * 1_300 + "[a]" * 3_000,
    "tables": "|a" * 3_000 + "|\n" + "|-" * 3_000 + "|\n",
    "slashes": "/" * 190_000,
    "paths": "-/a" * 60_000,
    "words": "a" * 200_000,
    "escapes": "\x1b[" * 90_000,
    "frames": "File a\n" * 25_000,
    "kernels": "/ipykernel_" * 17_000,
    "code": "((\"'" * 4_900,
    "endless": "x\n" * 5_000_000,
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_text_costs_little_time_and_room(kind):
    text = HOSTILE[kind]
    outputs = [
        new_output("stream", name="stdout", text=text),
        new_output("error", ename="E", evalue="", traceback=[text]),
    ]
    start = time.process_time()
    html = page(executed(new_markdown_cell(text), new_code_cell(text, outputs=outputs), answer=text))
    assert time.process_time() - start < 5
    assert len(html) < 2_000_000


def test_a_page_has_an_end():
    printed = new_output("stream", name="stdout", text="y" * 50_000)
    picture = new_output(
        "display_data", data={"image/png": base64.b64encode(base64.b64decode(PNG) + bytes(3_000_000)).decode()}
    )
    assert len(page(executed(*(new_code_cell(f"x = {i}", outputs=[printed]) for i in range(30))))) < 400_000
    assert "more cells are left out" in page(executed(*(new_code_cell(f"x = {i}" * 99) for i in range(500))))
    html = page(executed(*(new_code_cell("draw()", outputs=[picture]) for _ in range(3))))
    assert len(html) < 10_000_000
    assert "too many for one page" in html


# ---------------------------------------------------------------------------------------------- nbgrader's own way


@pytest.fixture(scope="module")
def nbgraders(tmp_path_factory, root):
    """A course of nbgrader's in which one submission was graded and read, and nbgrader's own command was run."""
    from nbgrader.api import Gradebook

    there = tmp_path_factory.mktemp("nbgrader")
    notebook = executed(outputs=[LEAKS["a frame outside"]])
    about_it = row(notes=["the answer solve-x was deleted"], status=Status.RENAMED)
    remember(notebook, about_it)
    folder = there / "autograded" / "ada" / "small"
    folder.mkdir(parents=True)
    nbformat.write(notebook, folder / "small.ipynb")
    with pytest.MonkeyPatch.context() as patch:  # nbgrader calls alembic by its name
        patch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
        book = Gradebook(f"sqlite:///{there / 'gradebook.db'}")
    with book:
        book.add_assignment("small")
        book.add_notebook("small", "small")
        book.add_grade_cell("double", "small", "small", max_score=3, cell_type="code")
        book.add_grade_cell("why", "small", "small", max_score=2, cell_type="markdown")
        book.add_solution_cell("solve-double", "small", "small")
        book.add_solution_cell("why", "small", "small")
        book.add_student("ada")
        book.add_submission("small", "ada")
        graded = book.find_grade("double", "small", "small", "ada")
        graded.auto_score, graded.needs_manual_grade = 1, False
        book.find_grade("why", "small", "small", "ada").needs_manual_grade = True
        book.find_comment("solve-double", "small", "small", "ada").manual_comment = "Look at *x = 3*."
        book.db.commit()
    (there / "nbgrader_config.py").write_text(
        "c = get_config()\n"
        "c.CourseDirectory.course_id = 'course'\n"
        f"c.CourseDirectory.db_url = 'sqlite:///{there / 'gradebook.db'}'\n"
        "c.GenerateFeedback.exporter_class = 'grading.formgrader.exporter.FeedbackExporter'\n"
        "c.GenerateFeedback.preprocessors = ['nbgrader.preprocessors.GetGrades']\n"
        f"c.FeedbackExporter.site = '{SITE}'\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(root), "HOME": str(there), "JUPYTER_CONFIG_DIR": str(there / "none")}
    command = [sys.executable, "-m", "nbgrader", "generate_feedback", "small"]
    done = subprocess.run(command, cwd=there, env=environment, capture_output=True, text=True, check=False)
    return there, done, notebook, about_it


@pytest.mark.filterwarnings("ignore:Object of type .* not in session")  # nbgrader 0.9.6 on SQLAlchemy 2.1
def test_nbgraders_command_makes_the_same_page(nbgraders):
    there, done, notebook, about_it = nbgraders
    assert done.returncode == 0, done.stderr
    made = (there / "feedback/ada/small/small.html").read_text(encoding="utf-8")
    words = {"solve-double": "Look at *x = 3*."}
    assert made == feedback.page(notebook, row=about_it, points=POINTS, site=SITE, words=words)
    for secret in SECRETS:
        assert secret not in made
    assert "the answer solve-x was deleted" in made
    assert json.dumps("Look at") not in made
    assert "?" in parsed(made).find(id="item-why").find("td").text


def test_formgraders_button_makes_the_same_page(nbgraders, monkeypatch):
    """What its handler calls, with the configuration that it reads."""
    from nbgrader.apps.api import NbGraderAPI
    from nbgrader.coursedir import CourseDirectory
    from traitlets.config import PyFileConfigLoader

    there = nbgraders[0]
    path = there / "feedback/ada/small/small.html"
    made = path.read_bytes()
    path.unlink()
    config = PyFileConfigLoader("nbgrader_config.py", path=str(there)).load_config()
    config.CourseDirectory.root = str(there)
    monkeypatch.chdir(there)
    api = NbGraderAPI(CourseDirectory(config=config), config=config)
    result = api.generate_feedback("small", "ada")
    assert result["success"], result["log"]
    assert path.read_bytes() == made
