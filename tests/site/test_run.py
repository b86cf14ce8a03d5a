"""Readers run and change the code of a page in their browser. What is collected is what Pyodide released."""

import functools
import hashlib
import importlib
import json
import re
import subprocess
import sys
import time
import zipfile

import pytest

PAGE = "chapters/04-backpropagation.html"
LOOP = "while True:\n    pass"
PATIENCE = 120_000  # milliseconds: the machine may be busy
ENDED = 3  # seconds after which an endless loop has been stopped


# What is collected


@pytest.fixture
def collector(tmp_path):
    """scripts/pyodide.py, a lock of two files, and a folder to keep them in."""
    files = {"a.whl": b"a wheel", "core.js": b"a script"}
    locked = {name: {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)} for name, data in files.items()}
    return importlib.import_module("pyodide"), {"version": "1", "files": locked}, files, tmp_path


def source(files, asked):
    """A source that has these files, and writes down what it is asked for."""

    def ask(lock, names):
        asked.extend(names := list(names))
        return [(name, files[name]) for name in names if name in files]

    return ask


def test_another_file_than_the_lock_says_is_refused_and_the_next_source_is_asked(collector):
    pyodide, lock, files, folder = collector
    asked = []
    sources = {"bad": source(files | {"a.whl": b"something else"}, []), "good": source(files, asked)}
    assert pyodide.collect(lock, folder, sources) == []
    assert {path.name: path.read_bytes() for path in (folder / "1").iterdir()} == files
    assert "a.whl" in asked


def test_without_a_right_source_nothing_wrong_is_kept(collector):
    pyodide, lock, files, folder = collector
    said = pyodide.collect(lock, folder, {"bad": source(files | {"a.whl": b"something else"}, [])})
    assert "a.whl is not the file that Pyodide released" in " ".join(said)
    assert not (folder / "1" / "a.whl").exists()


def test_what_was_collected_is_not_asked_for_again_unless_somebody_changed_it(collector):
    pyodide, lock, files, folder = collector
    pyodide.collect(lock, folder, {"good": source(files, [])})
    asked = []
    assert pyodide.collect(lock, folder, {"good": source(files, asked)}) == []
    assert asked == []
    (folder / "1" / "core.js").write_bytes(b"a scrupt")
    assert pyodide.collect(lock, folder, {"good": source(files, asked)}) == []
    assert asked == ["core.js"]


def test_npm_and_its_settings_say_which_registry(collector, monkeypatch, tmp_path):
    pyodide = collector[0]
    for name in ("npm_config_registry", "NPM_CONFIG_REGISTRY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert pyodide.registry() == "https://registry.npmjs.org"
    (tmp_path / ".npmrc").write_text("audit=false\nregistry = https://mirror.example/npm/\n")
    assert pyodide.registry() == "https://mirror.example/npm"
    monkeypatch.setenv("npm_config_registry", "https://other.example")
    assert pyodide.registry() == "https://other.example"


def test_the_fields_modules_find_each_other_and_are_those_of_the_lock(monkeypatch, tmp_path, capsys):
    codemirror = importlib.import_module("codemirror")
    module = b"import { a } from '@x/state';\nexport * from \"crelt\";\nconst text = 'from', more = \"import\";\n"
    monkeypatch.setattr(codemirror, "entry", lambda package, version: ({}, module))
    lock = tmp_path / "lock.json"
    for sha256, found in ((hashlib.sha256(module).hexdigest(), 1), (64 * "0", 0)):
        lock.write_text(json.dumps({"@x/view": {"version": "1", "sha256": sha256}}))
        modules = codemirror.collect(lock, tmp_path / sha256)
        assert len(modules) == found
        if modules:
            text = modules["x-view.js"].decode()
            assert text == module.decode().replace("'@x/state'", '"./x-state.js"').replace('"crelt"', '"./crelt.js"')
    assert "plain field" in capsys.readouterr().out


# What is put beside the pages

CELLS = """<html><head><title>t</title></head><body><div class="cell tag_hide-input docutils container">
<div class="cell_input docutils container"><div class="highlight"><pre><span></span>x <span class="o">&lt;</span> 1
</pre></div></div></div><div class="cell docutils container"><div class="cell_output docutils container"><pre>2</pre>
</div></div>
<div class="cell docutils container"><div class="cell_input docutils container"><pre>slow()
</pre></div></div><div class="cell docutils container"><div class="cell_input docutils container"><pre>never()
</pre></div></div></body></html>"""


@pytest.fixture
def runnable():
    return importlib.import_module("runnable")


def test_the_build_numbers_cells_and_says_which_are_slow(runnable):
    about = {runnable.key("slow()"): 41.3, runnable.key("never()"): 'it needs "BLAS"', runnable.key("x < 1"): 0.1}
    page = runnable.number(CELLS, about)
    assert re.findall(r'<div class="cell[^"]*" ([^>]*)>', page) == [
        'data-cell="1"',
        'data-cell="2" data-seconds="41"',
        'data-cell="3" data-not="it needs &quot;BLAS&quot;"',
    ]
    assert runnable.sources(page) == ["x < 1", "slow()", "never()"]
    assert runnable.clean(page) == CELLS
    assert runnable.number(runnable.clean(page), about) == page


@pytest.fixture
def small_site(runnable, tmp_path, monkeypatch):
    (tmp_path / "page.html").write_text(CELLS)
    (tmp_path / "text.html").write_text("<html><head></head></html>")
    return runnable, tmp_path


def test_where_no_source_answers_pages_have_no_run_and_the_build_says_it_once(small_site, monkeypatch, capsys):
    runnable, site = small_site
    monkeypatch.setattr(runnable, "chosen", lambda: "site")
    monkeypatch.setattr(runnable.pyodide, "collect", lambda lock: ["npm: no route to host", "missing: a.whl"])
    assert runnable.put(site) is False
    assert (site / "page.html").read_text() == CELLS
    assert capsys.readouterr().out.count("without Run") == 1


def test_one_setting_turns_it_off_again(small_site, monkeypatch):
    runnable, site = small_site
    if runnable.pyodide.collect(runnable.pyodide.read()):
        pytest.skip("Pyodide is not there: scripts/pyodide.py gets it")
    for choice, there in (("site", True), ("cdn", True), ("no", False)):
        monkeypatch.setattr(runnable, "chosen", lambda choice=choice: choice)
        assert runnable.put(site)
        assert ("start.js" in (site / "page.html").read_text()) == there
        assert (site / "text.html").read_text() == "<html><head></head></html>"
        names = {path.name for path in site.rglob("run/**/*")}
        assert ("pyodide.asm.wasm" in names) == (choice == "site")
        if choice == "cdn":
            settings = json.loads(next(site.glob("run/*/settings.json")).read_text())
            assert settings["pyodide"].startswith("https://cdn.jsdelivr.net/pyodide/v")
            assert all(
                entry["integrity"].startswith("sha256-")
                for name, entry in settings["files"].items()
                if name[:5] == "numpy"
            )
    assert (site / "page.html").read_text() == CELLS


def test_an_unknown_setting_is_named(runnable, monkeypatch, tmp_path):
    monkeypatch.setattr(runnable, "ROOT", tmp_path)
    for text, expected in (("run: no", "no"), ("run: cdn", "cdn"), ("title: x", "site")):
        (tmp_path / "_config.yml").write_text(text)
        assert runnable.chosen() == expected
    (tmp_path / "_config.yml").write_text("run: here")
    with pytest.raises(SystemExit, match="expected one of site, cdn, no, got 'here'"):
        runnable.chosen()


def test_the_wheel_holds_nnlib_alone_and_works(runnable, root, tmp_path):
    (tmp_path / "nnlib.whl").write_bytes(runnable.wheel(root / "nnlib", "1.0"))
    with zipfile.ZipFile(tmp_path / "nnlib.whl") as wheel:
        names = wheel.namelist()
        wheel.extractall(tmp_path / "there")
    assert {name.split("/")[0] for name in names} == {"nnlib", "nnlib-1.0.dist-info"}
    code = "import nnlib.data, importlib.metadata as m; print(m.version('nnlib'), nnlib.__file__)"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path / "there", capture_output=True, text=True)
    assert done.stdout.strip() == f"1.0 {tmp_path / 'there' / 'nnlib' / '__init__.py'}", done.stderr


# Cells, without a browser: the kernel is plain Python


@pytest.fixture
def cells(root, tmp_path):
    """Run cells one after the other in the kernel; for each what it showed."""

    def run(*sources):
        code = """
import json, sys
sys.path.insert(0, sys.argv[1])
import kernel
shown, found = [], []
kernel.send = lambda kind, text, scale: shown.append([kind, text])
kernel.reset(sys.argv[2])
for number, source in enumerate(json.loads(sys.argv[3]), 1):
    ok = kernel.run(source, number)
    found.append([ok, *shown])
    shown.clear()
print(json.dumps(found))"""
        words = [sys.executable, "-c", code, str(root / "book" / "_run"), str(tmp_path), json.dumps(sources)]
        done = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def test_a_cell_prints_and_shows_its_last_value(cells):
    assert cells("a = 2\nprint(a)\na + 1", "a;", "_ + 4", "import sys\nprint('no', file=sys.stderr)", "") == [
        [True, ["stdout", "2\n"], ["result", "3"]],
        [True],
        [True, ["result", "7"]],
        [True, ["stderr", "no\n"]],
        [True],
    ]


def test_an_error_has_the_readers_own_lines(cells):
    (defined,), (ok, (kind, text)) = cells("def f(x):\n    return 1 / x", "\nf(\n    0)")
    assert (defined, ok, kind) == (True, False, "error")
    assert '"cell 2", line 2' in text
    assert '"cell 1", line 2' in text
    assert "return 1 / x" in text
    assert text.endswith("ZeroDivisionError: division by zero")
    assert "kernel.py" not in text


def test_a_syntax_error_a_check_and_a_far_exit_are_said_too(cells):
    check = "class Wrong(Exception):\n    def _render_traceback_(self): return ['✗ what came']\nraise Wrong()"
    syntax, checked, left, after = cells("x = (", check, "raise SystemExit(3)", "print(1)")
    assert "cell 1" in syntax[1][1]
    assert "SyntaxError" in syntax[1][1]
    assert checked == [False, ["check", "✗ what came"]]
    assert left[0] is False
    assert after == [True, ["stdout", "1\n"]]


def test_magics_of_the_book_work_and_others_say_that_they_do_not(cells, tmp_path):
    (tmp_path / "other.py").write_text("value = 5")
    config, ran, text, unknown = cells(
        "%config A.b = ['c']\n%matplotlib inline", "%run other.py\nvalue", '"""\n%not\n"""', "!ls"
    )
    assert config == [True]
    assert ran == [True, ["result", "5"]]
    assert text == [True, ["result", repr("\n%not\n")]]
    assert "!ls needs a notebook" in unknown[1][1]


def test_a_page_is_not_drowned_in_text(cells):
    ok, *pieces = cells("for i in range(100_000): print('a line of text')")[0]
    assert ok
    assert sum(len(text) for _, text in pieces) < 201_000
    assert "a page cannot hold more" in pieces[-1][1]


def test_a_clock_of_the_processor_goes_on(cells):
    """A browser's stands still, and a cell that waits for it would never end."""
    assert cells("import time\na = time.process_time()\nsum(range(10**6))\ntime.process_time() > a") == [
        [True, ["result", "True"]]
    ]


# In the browser


@pytest.fixture(scope="module")
def site(html):
    if not (html / "run").is_dir():
        pytest.skip("the site was built without Run: scripts/pyodide.py says why")
    return html


@pytest.fixture(scope="module")
def opened(site, window, report):
    """A page with Python in it, for all tests of this module; nothing may be asked of another host."""
    with report.served(site) as address, window(address) as reader:
        page = reader.open(PAGE)
        page.set_default_timeout(PATIENCE)
        page.wait_for_function("globalThis.runHere?.cells.length")
        yield page
    assert reader.found() == {}


def cell(page, number):
    return page.locator(f"[data-cell='{number}']")


def press(page, name, number):
    page.get_by_role("button", name=f"{name} cell {number}", exact=True).click()


def wait(page):
    page.wait_for_function("!runHere.queue")
    return page.locator(".run-bar [role=status]").inner_text()


def change(page, number, code):
    """Put code into a cell; the field that it is in."""
    field = cell(page, number).locator("[contenteditable=true], textarea")
    if not field.count():
        press(page, "Edit", number)
        field.wait_for()
    field.fill(code)
    return field


def write(page, number, code):
    """Change a cell and run it; what stands below it then."""
    change(page, number, code)
    press(page, "Run", number)
    wait(page)
    return cell(page, number).locator(".run-output").inner_text()


def stopped(page):
    """Put an endless loop into a cell, run it, and stop it; the seconds that this took, and what was said."""
    change(page, 2, LOOP)
    press(page, "Run", 2)
    page.wait_for_function("runHere.status.textContent.startsWith('Running cell 2')")
    page.wait_for_timeout(300)
    start = time.monotonic()
    page.get_by_role("button", name="Stop cell 2").click()
    said = wait(page)
    return time.monotonic() - start, said


def test_nothing_of_python_is_loaded_before_a_reader_asks(site, window, report):
    asked = []
    with report.served(site) as address, window(address) as reader:
        page = reader.open(PAGE, lambda page, url: (page.on("request", lambda r: asked.append(r.url)), page.goto(url)))
        page.wait_for_function("globalThis.runHere?.cells.length")
    assert reader.found() == {}
    run = {url.partition("/run/")[2] for url in asked if "/run/" in url}
    assert not [name for name in run if "pyodide" in name or name.endswith((".whl", ".zip", ".py", "python.mjs"))]
    assert 0 < sum((site / "run" / name).stat().st_size for name in run) < 20_000


def test_slow_cells_say_so_run_all_asks_and_what_cannot_run_says_why(site, window, report):
    """The build's marks, as a reader meets them: put on a page by hand, whatever is known of its cells."""

    def marked(route):
        html = re.sub(r' data-(seconds|not)="[^"]*"', "", route.fetch().text())
        html = html.replace('data-cell="2"', 'data-cell="2" data-seconds="400"')
        route.fulfill(body=html.replace('data-cell="3"', 'data-cell="3" data-not="it needs a GPU"'))

    asked = []
    with report.served(site) as address, window(address) as reader:
        reader.context.route(f"**/{PAGE}", marked)
        page = reader.open(PAGE)
        page.wait_for_function("globalThis.runHere?.cells.length")
        page.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
        assert "cell 2: about 7 min in a browser" in cell(page, 2).inner_text()
        assert "cell 3: it needs a GPU" in cell(page, 3).inner_text()
        assert not cell(page, 3).get_by_role("button", name="cell 3").count()
        page.get_by_role("button", name="Run all cells").click()
        assert page.evaluate("!runHere.own"), "nothing is loaded"
    assert ["about 7 min" in message for message in asked] == [True]
    assert reader.found() == {}


def test_run_begins_with_what_is_missing_above_and_changes_a_figure_in_its_place(opened):
    figure = cell(opened, 3).locator("figure")
    alt, caption = figure.locator("img").get_attribute("alt"), figure.locator("figcaption").inner_text()
    press(opened, "Run", 3)
    assert "3 cells ran" in wait(opened)
    assert figure.locator("img").get_attribute("src").startswith("blob:")
    assert figure.locator("img").get_attribute("alt") == alt
    assert figure.locator("figcaption").inner_text() == caption
    box = figure.locator("img").bounding_box()
    assert box["width"] == pytest.approx(651, rel=0.1)
    assert "printed the same" in cell(opened, 2).inner_text()
    assert not cell(opened, 2).locator(".run-output").is_visible()


def test_what_is_changed_stands_beside_the_page_s_own(opened):
    assert write(opened, 2, "x = sum(range(10))\nprint(x)\n[x]").split() == ["Your", "run", "45", "[45]"]
    assert cell(opened, 2).locator(".cell_output:not(.run-output)").is_visible()
    assert '"cell 2", line 3' in (text := write(opened, 2, "def f(x):\n    x = 0\n    return 1 / x\nf(1)"))
    assert "ZeroDivisionError" in text
    assert write(opened, 2, "print(x)").split() == ["Your", "run", "45"], "names stay"


@pytest.mark.parametrize("script", ["editor.mjs", "plain.mjs"])
def test_the_field_for_code_has_a_keyboards_manners(site, window, root, report, script):
    """CodeMirror, and the plain field where the site was built without it."""
    text = (root / "book" / "_run" / script).read_text(encoding="utf-8")
    with report.served(site) as address, window(address) as reader:
        reader.context.route("**/editor.mjs", lambda route: route.fulfill(body=text, content_type="text/javascript"))
        page = reader.open(PAGE)
        page.wait_for_function("globalThis.runHere?.cells.length")
        field = change(page, 2, "")
        field.focus()
        page.keyboard.type("if y:\n")
        page.keyboard.press("Tab")
        page.keyboard.type("x")
        code = functools.partial(page.evaluate, "runHere.cells[1].source")
        assert code() == "if y:\n        x"
        page.keyboard.press("Shift+Tab")
        assert code() == "if y:\n    x"
        page.keyboard.press("Control+z")
        assert code().startswith("if y:\n        "), "undo knows of it"
        before = code()
        page.keyboard.press("Escape")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Run cell 2"
        page.evaluate("void (runHere.run = (cells, asked) => { runHere.asked = asked.label })")
        field.focus()
        page.keyboard.press("Shift+Enter")
        assert page.evaluate("runHere.asked") == "2"
        assert code() == before
    assert reader.found() == {}


def test_products_of_matrices_are_right_however_they_lie_in_memory(opened):
    """OpenBLAS takes the large ones in the place of NumPy's loops."""
    code = """
import os
rng = np.random.default_rng(0)
for dtype in np.float32, np.float64:
    for m, n, p in (1, 90, 100), (90, 100, 1), (90, 1, 100), (30, 40, 50), (3, 4, 5):
        A, B, W = (rng.normal(size=size).astype(dtype) for size in ((m, n), (n, p), (m, n + 1)))
        turned = [np.asfortranarray(A), np.asfortranarray(B)]
        pairs = [(A, B), (turned[0], B), (A, turned[1]), turned, (A[::-1], B), (W[:, 1:], B), (B.T, W[:, 1:].T)]
        pairs += [(A[:, ::2], B[::2]), (np.broadcast_to(A[:1], A.shape), B), (np.stack([A, -A]), np.stack([B, 2 * B]))]
        pairs += [(A, B[:, 0]), (A[0], B), (np.lib.stride_tricks.sliding_window_view(W[0], n), B)]
        for X, Y in pairs:
            wanted = np.einsum("aij,ajk->aik", X, Y) if X.ndim > 2 else np.tensordot(X, Y, 1)
            assert np.allclose(X @ Y, wanted, rtol=1e-4, atol=1e-4), (dtype, X.shape, X.strides, Y.shape, Y.strides)
            out = np.empty_like(wanted, dtype)
            assert np.allclose(np.matmul(X, Y, out=out), wanted, rtol=1e-4, atol=1e-4)
print(os.path.exists("/usr/lib/libopenblas.so"))"""
    assert write(opened, 2, code).split() == ["Your", "run", "True"]


def test_it_fits_on_a_phone_and_is_not_on_paper(opened):
    write(opened, 2, "print('x' * 500)\n1 / 0")
    opened.set_viewport_size({"width": 390, "height": 844})
    assert opened.evaluate("document.documentElement.scrollWidth") <= 390
    opened.set_viewport_size({"width": 1300, "height": 900})
    opened.emulate_media(media="print")
    assert not opened.locator(".run-bar, .run-tools").locator("visible=true").count()
    opened.emulate_media(media="screen")


def test_an_endless_loop_ends_and_reset_gives_the_page_back(opened):
    original = cell(opened, 2).locator(".cell_output:not(.run-output)").inner_text()
    seconds, said = stopped(opened)
    assert seconds < ENDED
    assert "Python has to start anew" in said
    assert "NameError" not in write(opened, 2, "print(np.arange(3))"), "the cells above ran again"
    opened.get_by_role("button", name="Reset all cells").click()
    assert cell(opened, 2).locator(".cell_output:not(.run-output)").inner_text() == original
    assert not opened.locator(".run-output:visible, .run-editor").count()
    assert not cell(opened, 3).locator("img").get_attribute("src").startswith("blob:")


def test_nothing_hinders_readers_while_it_is_used(opened, report):
    """Axe-core changes the page, so that this test is the last one with it."""
    write(opened, 2, "print('yours')\n1 / 0")
    press(opened, "Run", 3)
    wait(opened)
    opened.emulate_media(color_scheme="dark")
    opened.wait_for_function("document.documentElement.dataset.theme === 'dark'")
    assert report.axe(opened, others=False) == []
    opened.emulate_media(color_scheme="light")
    opened.wait_for_function("document.documentElement.dataset.theme === 'light'")
    assert report.axe(opened) == []


def test_where_pages_are_isolated_a_stopped_loop_leaves_the_names_and_then_all_cells_run(site, window, report):
    with report.served(site, isolated=True) as address, window(address) as reader:
        page = reader.open("errata.html")
        page.set_default_timeout(PATIENCE)
        page.wait_for_function("globalThis.runHere?.cells.length")
        for _ in range(2):  # the second run waits for OpenBLAS
            write(page, 1, "kept = 5")
        seconds, said = stopped(page)
        assert seconds < ENDED
        assert said == "Stopped."
        assert write(page, 2, "print(kept)").split() == ["Your", "run", "5"]
        page.get_by_role("button", name="Reset all cells").click()
        page.get_by_role("button", name="Run all cells").click()
        assert re.match(r"\d+ cells ran in", wait(page))
        assert page.evaluate("runHere.cells.every(cell => cell.ran === cell.original)")
        assert page.evaluate("runHere.own.heap") < 500e6
    assert reader.found() == {}
