"""formgrader in a real browser: an instructor reads, gives points and words, and presses its buttons."""

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

import nbformat
import psutil
import pytest
from nbformat.v4 import new_markdown_cell
from nbgrader.api import Gradebook
from small_course import LEASHED, ROOT, Small

from grading import __main__ as cli

pytestmark = pytest.mark.filterwarnings("ignore:Object of type .* not in session")  # see `grading.gradebook`

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
    notebook = nbformat.read(small.path("mal"), 4)
    notebook.cells.insert(2, new_markdown_cell(MARKUP))
    nbformat.write(notebook, small.path("mal"))
    small.hand_in("tim")
    (small.path("tim").parent / "timestamp.txt").write_text("2026-03-01 12:00:00 UTC")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cli, "ROOT", root)
        assert cli.main(["run", "small", "--submissions", str(small.submissions), "--state", str(small.state)]) == 0
    shutil.copytree(small.state / "release", root / "exercises")
    return small


def text(small, step, student, ending="ipynb"):
    return small.state / step / student / "small" / f"small.{ending}"


@pytest.fixture(scope="module")
def server(sandboxed, tmp_path_factory):
    """Jupyter's server in the course's folder, as ``jupyter lab`` starts it."""
    small = course(tmp_path_factory.mktemp("course"))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = [f"--ServerApp.port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={TOKEN}"]
    own = {f"JUPYTER_{name}_DIR": str(small.root / "jupyter") for name in ("CONFIG", "DATA", "RUNTIME")}
    with (small.root / "server.log").open("w") as log:
        process = subprocess.Popen(
            [*LEASHED, sys.executable, "-m", "jupyter", "server", "--no-browser", "--allow-root", *settings],
            cwd=small.root,
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
    opened.goto(f"/formgrader?token={TOKEN}")
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
    monkeypatch.setattr(cli, "ROOT", server.small.root)
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
