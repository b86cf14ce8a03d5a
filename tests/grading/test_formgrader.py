"""formgrader in a real browser: an instructor reads, gives points and words, and presses its buttons."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from types import SimpleNamespace
from urllib.parse import quote

import nbformat
import psutil
import pytest
from nbformat.v4 import new_markdown_cell
from nbgrader.api import Gradebook
from playwright.sync_api import Error
from small_course import LEASHED, ROOT, Small

from grading import __main__ as cli

pytestmark = pytest.mark.filterwarnings("ignore:Object of type .* not in session")  # see `grading.keep.gradebook`

TOKEN = "token"
PATIENCE = 90  # seconds for a server to start, on a machine with much else to do

HIT = "window.hit=(window.hit||0)+1"
MARKUP = f"""<script>{HIT}</script><img src="x" onerror="{HIT}"><svg onload="{HIT}"></svg>
<details open ontoggle="{HIT}"><a href="javascript:{HIT}">a</a></details>
<iframe srcdoc="<script>parent.{HIT}</script>"></iframe>
"""
MALICE = f'''from IPython.display import HTML, Image, Javascript, display

markup = """{MARKUP}"""
print(markup)
display(HTML(markup), Javascript("{HIT}"))
for kind in ("text/html", "text/markdown", "text/latex", "image/svg+xml", "image/png", "application/javascript"):
    display({{kind: markup, "text/plain": markup}}, raw=True)
display({{"image/png": 'x" onerror="{HIT}'}}, raw=True, metadata={{"image/png": {{"width": '1 onerror="{HIT}"'}}}})
raise ValueError(markup)'''


def marked(field):
    """Says its field's name if a browser runs it, asks for a picture from outside, and leaves whatever it stands in."""
    told = f"(window.hits=window.hits||[]).push('{field}')"
    script = f"<script>{told}</script>"
    return f"""</script>"'><img src=//evil.example/{field} onerror="{told}">{script}{{{{7*191}}}}"""


# as an id it has to be a folder's name, and a part of an address
STRANGER = "x\"'><img src=x onerror=(window.hits=window.hits||[]).push('id')>"
NAME = "x\"'><img src=x onerror=(window.hits=window.hits||[]).push('name')>"
PERSON = {field: marked(field) for field in ("first_name", "last_name", "email")}

LINKS = """[a](javascript:told) [b](java\tscript:told) [c](data:text/html,<script>told</script>) <javascript:told>
[d][e]
![f](//evil.example/f) ![g](data:image/svg+xml;base64,PHN2Zz4=) ![h](attachment:i) [j](//evil.example/j) [k](page.html)

[e]: vbscript:told
""".replace("told", "(window.hits=window.hits||[]).push('link')")


def hand_in_everything(small):
    """Markers in all that a notebook has beside its sources, and in the names of files and folders."""
    notebook = nbformat.read(small.path("mal"), 4)
    notebook.cells[2:2] = [new_markdown_cell(MARKUP), new_markdown_cell(LINKS)]
    about = {name: marked(f"language_{name}") for name in ("name", "pygments_lexer", "mimetype", "file_extension")}
    kernel = {name: marked(f"kernel_{name}") for name in ("name", "display_name", "language")}
    notebook.metadata = {"kernelspec": kernel, "language_info": about, "title": marked("title")}
    notebook.metadata["authors"] = [{"name": marked("author")}]
    for cell in notebook.cells:
        if "nbgrader" not in cell.metadata:
            cell.id = marked("cell_id")
            cell.metadata = {"nbgrader": {"grade_id": marked("grade_id"), "grade": True, "solution": True, "points": 1}}
            cell.metadata |= {"name": marked("cell_name"), "magics_language": marked("magics")}
        cell.metadata["tags"] = [marked("tag")]
        if cell.cell_type == "markdown":
            cell.attachments = {marked("attachment"): {"image/png": marked("attached"), marked("mime"): marked("data")}}
    small.path("mal").write_text(json.dumps(notebook))
    error = f"type({marked('error_name')!r}, (Exception,), {{}})({marked('error')!r})"
    small.hand_in("eve", double=f"raise {error}", triple=f"return {marked('returned')!r}", own=f"raise {error}")
    for folder, file in (("ren", f"{NAME}.ipynb"), (f"{NAME}_1234_assignsubmission_file_", "small.ipynb")):
        there = small.submissions / folder / file
        there.parent.mkdir()
        shutil.copy(small.path("ann"), there)
        (there.parent / "timestamp.txt").write_text(marked("time"))
        (there.parent / "submission_secret.txt").write_text(marked("secret"))
    (small.submissions / f"{NAME}.txt").write_text("left out")


def course(root):
    """A small course as it is after a round, with the project's own configuration."""
    small = Small(root, None)
    small.state = root / "grading" / "state"
    shutil.copy(ROOT / "nbgrader_config.py", root)
    (root / "_config.yml").write_text(
        "html: {baseurl: 'https://course.example/book'}\nrepository: {url: 'https://github.com/a/b'}\n"
    )
    small.hand_in("ann", why="By $x^2$.")
    small.hand_in("ben", double="return x * x")
    small.hand_in("cyd", double="return x * x")
    small.hand_in("dan", double="return x * x", triple=None, why="YOUR ANSWER HERE")
    small.hand_in("mal", why=MARKUP, own=MALICE)
    hand_in_everything(small)
    small.hand_in("tim")
    (small.path("tim").parent / "timestamp.txt").write_text("2026-03-01 12:00:00 UTC")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cli, "find_course", lambda _: root)
        assert cli.main(["run", "small", "--submissions", str(small.submissions), "--state", str(small.state)]) == 0
    shutil.copytree(small.state / "release", root / "exercises")
    # no list of ours lets such students in, but nbgrader's own commands do
    with Gradebook(f"sqlite:///{small.state / 'gradebook.db'}") as book:
        book.update_or_create_student("mal", **PERSON)
        book.update_or_create_student("O'Neil", first_name="Tom & Jo", last_name="O'Neil")
        book.update_or_create_student(STRANGER, **PERSON)
        book.update_or_create_submission("small", STRANGER)
    for step in ("submitted", "autograded"):
        shutil.copytree(small.state / step / "mal", small.state / step / STRANGER)
    (small.state / "autograded" / "mal" / "small" / "page.html").write_text(marked("file"))
    return small


def text(small, step, student, ending="ipynb"):
    return small.state / step / student / "small" / f"small.{ending}"


@pytest.fixture(scope="module")
def server(sandboxed, tmp_path_factory):
    """Jupyter's server in the course's folder, as ``jupyter lab`` starts it."""
    small = course(tmp_path_factory.mktemp("course"))
    with started(small, small.root, "server") as running:
        yield running


@contextlib.contextmanager
def started(small, folder, program):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = [f"--ServerApp.port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={TOKEN}"]
    own = {f"JUPYTER_{name}_DIR": str(small.root / "jupyter") for name in ("CONFIG", "DATA", "RUNTIME")}
    with (small.root / "server.log").open("w") as log:
        process = subprocess.Popen(
            [*LEASHED, sys.executable, "-m", "jupyter", program, "--no-browser", "--allow-root", *settings],
            cwd=folder,
            env={**small.environment, **own},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        address, end = f"http://127.0.0.1:{port}", time.monotonic() + PATIENCE
        while not answers(f"{address}/api/status?token={TOKEN}"):
            assert process.poll() is None, (small.root / "server.log").read_text()
            assert time.monotonic() < end, "the server does not start"
            time.sleep(0.1)
        yield SimpleNamespace(small=small, address=address, process=process)
    finally:
        children = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        _, left = psutil.wait_procs(children, 10)
        assert not left, "the server has left processes behind"


def answers(address):
    try:
        with urllib.request.urlopen(address, timeout=5):
            return True
    except (urllib.error.URLError, OSError):
        return False


@pytest.fixture
def page(browser, server):
    """A page of somebody who is logged in and has no network, of which nothing may be asked."""
    with logged_in(browser, server) as opened:
        yield opened


@contextlib.contextmanager
def logged_in(browser, server, address="/formgrader"):
    context = browser.new_context(base_url=server.address)
    asked = []

    def answer(route):
        if route.request.url.startswith(server.address):
            route.continue_()
        else:
            asked.append(route.request.url)
            route.abort()

    context.route("**/*", answer)
    opened = context.new_page()
    opened.set_default_timeout(60_000)
    opened.goto(f"{address}{'&' if '?' in address else '?'}token={TOKEN}")
    opened.errors = []
    opened.on("pageerror", lambda error: opened.errors.append(str(error)))
    yield opened
    assert asked == [], "formgrader asks for something from the network"
    context.close()


def gradebook(server):
    return Gradebook(f"sqlite:///{server.small.state / 'gradebook.db'}")


def submission(server, student):
    with gradebook(server) as book:
        return book.find_submission_notebook("small", "small", student).id


def row(page, student):
    return page.locator("#main-table tr").filter(has=page.locator("td.student-id", has_text=student))


def press(page, student, button):
    """One of the buttons in a student's row; what the dialog says comes back."""
    row(page, student).locator(f".{button} a").click()
    dialog = page.locator(".modal.in")
    said = dialog.locator(".modal-body").inner_text()
    dialog.get_by_role("button", name="OK").click()
    return said


def test_assignment_and_submissions_are_listed(page):
    assert page.url.endswith("/formgrader/manage_assignments")
    line = page.locator("#main-table tr").filter(has_text="small")
    line.locator(".num-submissions a").click()
    row(page, "ben").wait_for()
    assert page.url.endswith("/formgrader/manage_submissions/small")
    assert "3 / 6" in row(page, "cyd").locator(".score").inner_text()
    assert "needs manual grading" in row(page, "mal").locator(".status").inner_text()
    assert page.errors == []


def test_who_has_a_time_is_listed_as_graded_too(page):
    page.goto("/formgrader/manage_submissions/small")
    row(page, "tim").wait_for()
    assert "5 / 6" in row(page, "tim").locator(".score").inner_text()


def test_points_and_words_reach_gradebook_and_feedback(page, server, monkeypatch):
    page.goto("/formgrader/gradebook")
    page.locator("#main-table a", has_text="small").click()
    page.locator("#main-table a", has_text="small").click()
    page.locator(f"#main-table a[href*='{submission(server, 'ann')}']").first.click()
    page.locator("#why-comment[placeholder]").wait_for()  # only then it listens
    page.locator("#why_extra_credit[placeholder]").wait_for()
    with page.expect_response(lambda got: "/api/grade/" in got.url and got.request.method == "PUT") as saved:
        page.locator("#why").fill("0.5")
        page.locator("#why-comment").focus()
    assert saved.value.ok
    with page.expect_response(lambda got: "/api/comment/" in got.url and got.request.method == "PUT") as saved:
        page.locator("#why-comment").fill("Almost: what if *x* is 0?")
        page.locator("#why").focus()
    assert saved.value.ok
    with gradebook(server) as book:
        grade = book.find_grade("why", "small", "small", "ann")
        assert (grade.manual_score, grade.needs_manual_grade) == (0.5, False)
    monkeypatch.setattr(cli, "find_course", lambda _: server.small.root)
    assert cli.main(["feedback", "small", "--state", str(server.small.state), "--student", "ann"]) == 0
    told = text(server.small, "feedback", "ann", "html")
    by_command = told.read_text()
    assert "Almost: what if <em>x</em> is 0?" in by_command
    assert "5.5" in by_command
    page.goto("/formgrader/manage_submissions/small")
    told.unlink()
    assert "Successfully generated feedback" in press(page, "ann", "generate-feedback")
    assert "Almost: what if <em>x</em> is 0?" in told.read_text()
    assert page.errors == []


def test_autograde_button(page, server):
    """The score in the list follows what was handed in."""
    handed = text(server.small, "submitted", "ben")
    handed.write_text(handed.read_text().replace("return x * x", "return 2 * x"))
    page.goto("/formgrader/manage_submissions/small")
    assert "3 / 6" in row(page, "ben").locator(".score").inner_text()
    assert "Successfully autograded" in press(page, "ben", "autograde")
    row(page, "ben").locator(".score", has_text="5 / 6").wait_for()
    assert page.errors == []


def test_buttons_change_no_page_of_a_round(page, server):
    """What the round found wrong with the file is still said, though only the repaired notebook is left."""
    told = text(server.small, "feedback", "dan", "html")
    before = told.read_text()
    assert "the answer was deleted" in before
    page.goto("/formgrader/manage_submissions/small")
    assert "Successfully autograded" in press(page, "dan", "autograde")
    assert "Successfully generated feedback" in press(page, "dan", "generate-feedback")
    assert told.read_text() == before


def test_students_code_does_not_run_in_the_page(page, server):
    page.goto(f"/formgrader/submissions/{submission(server, 'mal')}/")
    page.locator("#why-comment[placeholder]").wait_for()
    shown = page.locator("body > .container")
    assert page.evaluate("window.hit") is None
    assert shown.locator("script, iframe, svg, [onerror], [onload], [ontoggle], [href^='javascript:']").count() == 0
    assert "<script>" in shown.inner_text()
    assert page.errors == []


def test_formulas_need_no_network(page, server):
    page.goto(f"/formgrader/submissions/{submission(server, 'ann')}/")
    assert page.locator("#notebook-container math msup").count() == 1
    assert page.errors == []


def test_keys(page, server):
    """formgrader's own: they need MathJax, or what stands in its place."""
    page.goto(f"/formgrader/submissions/{submission(server, 'cyd')}/")
    page.wait_for_function("document.activeElement.classList.contains('tabbable')")  # the link to the next one
    for name in ("solve-double-comment", "double"):
        page.keyboard.press("Tab")
        page.wait_for_function(f"document.activeElement.id == '{name}'")
    page.keyboard.press("Control+.")
    page.wait_for_url(lambda url: submission(server, "cyd") not in url)
    assert page.errors == []


# ---------------------------------------------------------------------------------------------- what students control


def pages_of_students(server):
    """Every page of formgrader that shows a student, and every answer of its server that names one."""
    handed = [path.name for path in (server.small.state / "autograded").iterdir()]
    odd = [name for name in handed if name not in ("ann", "ben", "cyd", "dan", "tim")]
    assert len(odd) == 5  # mal, eve, ren, Moodle's, and the stranger
    yield from (f"submissions/{submission(server, student)}/" for student in odd)
    for student in ("mal", STRANGER):
        there = quote(student)
        yield from (f"manage_students/{there}", f"manage_students/{there}/small")
        yield from (f"api/{kind}/{there}" for kind in ("student", "student_submissions", "submission/small"))
        yield f"api/student_notebook_submissions/{there}/small"
        yield from (f"api/{kind}?submission_id={submission(server, student)}" for kind in ("grades", "comments"))
    yield from ("manage_students", "manage_assignments", "manage_submissions/small")
    yield from ("gradebook", "gradebook/small", "gradebook/small/small")
    yield from ("api/students", "api/submissions/small", "api/submitted_notebooks/small/small", "api/assignments")
    yield f"submissions/{submission(server, 'mal')}/page.html"


def addresses_in_links():
    """What a student can only have in a link that somebody follows."""
    told = "(window.hits=window.hits||[]).push('link')"
    text = quote(f'";{told};"\'><img src=x onerror={told}>', safe="")
    yield from (f"manage_students/{text}", f"manage_students/{text}/{text}", f"manage_submissions/{text}")
    yield from (f"gradebook/{text}", f"gradebook/{text}/{text}", f"submissions/{text}/", f"nothing/{text}")
    yield from (f"api/student/{text}", f"submissions/{text}/next", f"submissions/{text}/{text}")


def look(page, address):
    with contextlib.suppress(Error):  # an error without a page
        page.goto(f"/formgrader/{address}")
    if address.startswith("api/"):  # no page that would ask for more
        return page.evaluate("window.hits || []")
    page.wait_for_load_state("networkidle")
    for button in page.get_by_role("button", name="Show All Names").all():
        button.click()
    for search in page.locator("input[type=search]").all():  # DataTables reads the cells
        search.fill("evil")
    for edit in page.locator(".edit a").all()[:3]:
        edit.click()
        page.locator(".modal.in").wait_for()
        page.locator(".modal.in").get_by_role("button", name="Cancel").click()
        page.locator(".modal").first.wait_for(state="detached")
    page.locator("body").hover(position={"x": 5, "y": 5}, force=True)
    return page.evaluate("window.hits || []")


def test_no_field_of_a_student_runs_in_any_page(page, server):
    """First and last name, e-mail, id, folder and file, in tables, dialogs, JSON and the submission itself."""
    ran = {address: hits for address in pages_of_students(server) if (hits := look(page, address))}
    assert ran == {}
    assert page.errors == []


@pytest.mark.parametrize("policy", [True, False], ids=["with their policy", "without"])
def test_report_and_feedback_run_nothing(browser, server, policy):
    """The same fields in the pages that are ours."""
    state = server.small.state
    pages = [state / "small.html", *state.glob("feedback/*/small/small.html")]
    assert len(pages) == 10
    context, asked = browser.new_context(bypass_csp=not policy), []
    context.on("request", lambda request: asked.append(request.url))
    opened = context.new_page()
    wrong = []
    opened.on("console", lambda said: wrong.append(said.text))
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    for path in pages:
        opened.goto(path.as_uri())
        opened.wait_for_load_state("networkidle")
        assert opened.evaluate("[window.hit || 0, window.hits || []]") == [0, []]
        assert "1337" not in opened.locator("body").inner_text()  # what a template would make of {{7*191}}
    context.close()
    assert [url for url in asked if url not in {path.as_uri() for path in pages} and not url.startswith("data:")] == []
    assert wrong == []


def test_no_part_of_an_address_runs(page):
    assert {address: hits for address in addresses_in_links() if (hits := look(page, address))} == {}


def test_names_are_shown_as_they_are(page, server):
    """They are escaped where they stand, and once."""
    page.goto("/formgrader/manage_students")
    page.locator("#main-table td.name", has_text=PERSON["first_name"]).first.wait_for()
    with page.expect_response(lambda got: "/api/student_submissions/O'Neil" in got.url) as asked:
        page.goto("/formgrader/manage_students/O'Neil")
    assert asked.value.ok
    page.goto(f"/formgrader/submissions/{submission(server, 'mal')}/")
    page.locator(".glyphicon.name-hidden").click()
    assert page.locator("a.name-shown").inner_text() == f"{PERSON['last_name']}, {PERSON['first_name']}"
    page.goto(f"/formgrader/submissions/{submission(server, STRANGER)}/")
    link = page.locator("a.name-shown").get_attribute("href")
    assert link == f"/notebooks/./grading/state/autograded/{STRANGER}/small/small.ipynb"


@pytest.mark.parametrize("program", ["lab", "notebook"])
def test_it_holds_for_a_server_above_the_course(browser, server, program):
    """In the instructor's home, where formgrader opens the course by its path."""
    small = server.small
    with (
        started(small, small.root.parent, program) as above,
        logged_in(browser, above, f"/formgrader?path={quote(str(small.root))}") as page,
    ):
        shown = f"submissions/{submission(server, 'mal')}/"
        for address in (f"manage_students/{quote(STRANGER)}", "manage_students", "api/students", shown):
            assert look(page, address) == [], address
        page.locator("#why-comment[placeholder]").wait_for()
        assert page.evaluate("window.hit") is None
        assert page.errors == []
