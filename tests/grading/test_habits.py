"""What students hand in, habit by habit: a right answer is graded, waits for a person, or the row says why not.

Each case is one that lecturers have told of in public, where a project and a number stand beside it. All are graded in
one round of the small course, as a class would be.
"""

import base64
import io
import json
import zipfile
from dataclasses import dataclass, field

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
from PIL import Image
from small_course import Small, read_csv, small_source

from grading import __main__ as cli
from grading.run import pool

STUB = {name: f"def {name}(x):\n    # YOUR CODE HERE\n    raise NotImplementedError()" for name in ("double", "triple")}
RIGHT = {"double": "def double(x):\n    return 2 * x", "triple": "def triple(x):\n    return 3 * x"}
ASKED = "Why?\n\nYOUR ANSWER HERE"
WAITS = "?"


def picture(kind="PNG", size=(3, 2)):
    file = io.BytesIO()
    Image.new("RGB", size).save(file, kind)
    return base64.b64encode(file.getvalue()).decode()


def code(text):
    return new_code_cell(text)


def words(text, **attached):
    cell = new_markdown_cell(text)
    if attached:
        cell.attachments = {
            name.replace("_png", ".png").replace("_jpg", ".jpg"): data for name, data in attached.items()
        }
    return cell


def right(why="Because.", **answers):
    """Cells by their names, all right but for what is named."""
    cells = {}
    for cell in small_source().cells:
        name = cell.metadata.nbgrader.grade_id
        if name.startswith("solve-"):
            cell.source = answers.get(name.removeprefix("solve-"), RIGHT[name.removeprefix("solve-")])
        elif name == "why":
            cell.source = f"Why?\n\n{why}"
        elif cell.metadata.nbgrader.grade:
            cell.source = "# Graded on other inputs."
        cells[name] = cell
    return cells


def with_own(cells, *own, below=None, above=None):
    """Cells of the student's own below one of the assignment's, or above it."""
    made = []
    for name, cell in cells.items():
        made += own if name == above else []
        made.append(cell)
        made += own if name == below else []
    return made


@dataclass
class Case:
    """What is handed in, and the row that it should get."""

    cells: list
    double: str = "2"
    triple: str = "3"
    why: str = WAITS
    says: tuple = ()
    never: tuple = ()
    status: str = "graded"
    files: dict = field(default_factory=dict)
    page: tuple = ()
    complaint: str = ""


def below(*own, **more):
    """Own cells below a question that was left as it was."""
    return Case(with_own(right("YOUR ANSWER HERE"), *own, below="why"), **more)


def answered(text, **more):
    """The first answer with other lines around the right function, or another one."""
    return Case(list(right(double=text.replace("RIGHT", RIGHT["double"])).values()), **more)


PERSON = "the answer why is not in its cell, and an own cell beside it may hold it: a person reads it"
PICTURE = picture()
LONG = "data:image/png;base64," + picture(size=(900, 900))

ELSEWHERE = {
    "the proof stands in a new cell below the stub": below(
        words("Since it is linear."),
        says=(PERSON,),
        page=("Since it is linear.",),
        complaint="moorepants/resonance #109",
    ),
    "and in two cells, after an empty one": below(code(""), words("First."), words("Second."), says=(PERSON,)),
    "the proof is computed in a code cell": below(code("2 + 2"), says=(PERSON,)),
    "the proof is a photo in a cell of its own": below(
        words("![](attachment:proof.png)", proof_png={"image/png": PICTURE}),
        says=(PERSON,),
        page=(PICTURE,),
    ),
    "the proof stands above the stub": Case(
        with_own(right("YOUR ANSWER HERE"), words("Since it is linear."), above="why"),
        says=(PERSON,),
    ),
    "the stub has other white space": Case(
        with_own(right("\n YOUR ANSWER  HERE \n"), words("Since."), below="why"),
        says=(PERSON,),
    ),
    "the answer's cell was deleted for a new one": Case(
        with_own({name: cell for name, cell in right().items() if name != "why"}, words("Since."), below="triple"),
        says=(PERSON,),
        status="graded",
        complaint="nbgrader #424",
    ),
    "an empty cell below the stub is no answer": below(
        code(" \n"), why="0", never=(PERSON,), says=("not solved yet: why",)
    ),
    "nothing at all is no answer": below(why="0", says=("not solved yet: why",)),
    "an own cell of another task is no answer": Case(
        with_own(right("YOUR ANSWER HERE"), words("My notes on triple."), below="solve-triple"),
        why="0",
    ),
    "the question's own cell is right and notes follow": Case(
        with_own(right(), words("Notes."), below="why"),
        never=(PERSON,),
    ),
    "an answer written into a locked cell": Case(
        list((right() | {"title": words("# Small\n\nBut I think that it is linear.")}).values()),
        page=("But I think that it is linear.",),
    ),
    "the function in a new cell below the stub": Case(
        with_own(right(double=STUB["double"]), code(RIGHT["double"]), below="solve-double"),
        says=("the answer solve-double was left as it was; what an own cell defines counts",),
    ),
    "the function below the check": Case(with_own(right(double=STUB["double"]), code(RIGHT["double"]), below="double")),
    "the function at the end": Case(with_own(right(double=STUB["double"]), code(RIGHT["double"]), below="why")),
    "the stub left after an own cell that defines the function": Case(
        with_own(right(double=STUB["double"]), code(RIGHT["double"]), above="solve-double"),
    ),
    "the same, with a comment in the stub": Case(
        with_own(right(double=STUB["double"] + "\n# see above"), code(RIGHT["double"]), above="solve-double"),
    ),
    "the same, with the stub of an older release": Case(
        with_own(
            right(double='def double(x):\n    """Twice x."""\n    raise NotImplementedError'),
            code(RIGHT["double"]),
            above="solve-double",
        ),
    ),
    "the function as a lambda, under a magic": Case(
        with_own(
            right(double=STUB["double"]), code("%matplotlib inline\ndouble = lambda x: 2 * x"), above="solve-double"
        ),
    ),
    "the function in a wrong own cell": Case(
        with_own(right(double=STUB["double"]), code("def double(x):\n    return x * x"), below="solve-double"),
        double="0",
        says=("double: squared",),
    ),
    "the function typed into a cell for words": Case(
        with_own(right(double=STUB["double"]), words(RIGHT["double"]), below="solve-double"),
        says=("double was defined in a cell for words, which was read as code",),
        complaint="nbgrader #92",
    ),
    "a copy of the answer, and the stub below it": Case(
        with_own(right(), right(double=STUB["double"])["solve-double"], below="solve-double"),
        complaint="nbgrader #1083",
    ),
    "an own function of another name is no answer": Case(
        with_own(right(double=STUB["double"]), code("def dobule(x):\n    return 2 * x"), below="solve-double"),
        double="0",
        says=("not solved yet: double",),
    ),
    "helpers at the end": Case(
        with_own(
            right(double="def double(x):\n    return twice(x)"), code("def twice(x):\n    return 2 * x"), below="why"
        ),
    ),
    "a helper at the end that a cell needs earlier": Case(
        with_own(
            right(double="twice = make(2)\ndef double(x):\n    return twice(x)"),
            code("def make(n):\n    return lambda x: n * x"),
            below="why",
        ),
        double="0",
        says=("double: the answer stopped with NameError: name 'make' is not defined here; a cell further down",),
    ),
}

LINES = """
%matplotlib inline
%matplotlib notebook
%matplotlib widget
%matplotlib qt
%matplotlib
%pylab
%pylab inline
%autoreload 2
%config InlineBackend.figure_format = 'retina'
%time 1 + 1
%timeit -n1 -r1 1 + 1
%run nothere.py
%load nothere.py
%cd ..
%who
%reset_selective -f nothing
%env X=1
%precision 3
%debug
%pdb off
%prun 1 + 1
%store -r
%history
%xmode Plain
%colors nocolor
%tensorflow_version 2.x
%load_ext tensorboard
%load_ext nb_black
%load_ext line_profiler
%lprun -f f f()
%memit 1
%conda install numpy
%pip install pandas
%mamba install pandas
%uv pip install pandas
%mkdir pictures
%ls
%xdel nothing
%bookmark
%edit
%connect_info
%qtconsole
%clear
%autosave 60
%nosuch magic
!ls
!pip install pandas
!apt-get install graphviz
!nosuch
found = !ls
len?
""".strip().split("\n")
CELLS = """
%%time
%%timeit -n1 -r1
%%capture
%%capture kept
%%prun
%%debug
%%memit
%%heat
%%cython
%%nosuch
""".strip().split("\n")

MAGICS = {f"{line} in the answer": answered(f"{line}\nRIGHT", never=("stopped with",)) for line in [*LINES, *CELLS]} | {
    "%load_ext autoreload and %autoreload 2": answered(
        "%load_ext autoreload\n%autoreload 2\nRIGHT", never=("stopped",)
    ),
    "a magic that does nothing is told beside the cell": answered(
        "%tensorflow_version 2.x\nRIGHT",
        page=("%tensorflow_version does nothing when graded",),
        complaint="otter-grader #906",
    ),
    "what a timed statement raises is the student's": answered(
        "%time 1 / 0\nRIGHT", double="0", says=("the answer stopped with ZeroDivisionError",)
    ),
}


def gone(name):
    return f"{name} is not there when graded"


IMPORTS = {
    "an unused import of pandas above": answered(
        "import pandas as pd\nRIGHT", says=(gone("pandas"),), page=(gone("pandas"),)
    ),
    "two modules in one line": answered(
        "import math, pandas\ndef double(x):\n    return 2 * x * math.exp(0)", says=(gone("pandas"),)
    ),
    "some names of a module": answered(
        "from numpy import exp, nosuch\ndef double(x):\n    return 2 * x * exp(0)", says=(gone("numpy.nosuch"),)
    ),
    "scipy.special": answered("from scipy.special import expit as s\nRIGHT", says=(gone("scipy"),)),
    "from nnlib import plots": answered("from nnlib import plots\nRIGHT", says=(gone("nnlib.plots"),)),
    "from numba import njit": answered("from numba import njit\nRIGHT", says=(gone("numba"),)),
    "torch and sklearn": answered("import torch\nimport sklearn.svm\nRIGHT", says=(gone("torch"), gone("sklearn"))),
    "google.colab, and a drive to mount": answered(
        "from google.colab import drive\ndrive.mount('/content/drive')\nRIGHT", says=(gone("google"),)
    ),
    "a class of what is not there": answered(
        "import torch.nn as nn\nclass Net(nn.Module):\n    pass\nRIGHT", says=(gone("torch"),)
    ),
    "what comes of it is used on": answered(
        "import torch\ndevice = torch.device('cpu')\nprint(device)\ntwo = device + 1\nfor _ in two:\n    pass\nRIGHT",
        says=(gone("torch"),),
        never=("stopped",),
    ),
    "a decorator of what is not there": answered(
        "from numba import njit\n@njit\nRIGHT",
        double="0",
        says=(gone("numba"), "double: numbers: it needs numba, which is not there when graded"),
    ),
    "a window for plots": answered("import matplotlib\nmatplotlib.use('TkAgg')\nRIGHT", never=("stopped",)),
    "a bar of widgets": answered(
        "from tqdm.notebook import tqdm\ndef double(x):\n    for _ in tqdm(range(1)):\n        return 2 * x"
    ),
    "everything of what is not there": answered("from pandas import *\nRIGHT", says=(gone("pandas"),)),
    "an import under a condition": answered("if True:\n    import pandas\nRIGHT", says=(gone("pandas"),)),
    "an import that may fail": answered(
        "try:\n    import pandas\n    two = 0\nexcept ImportError:\n    two = 2\ndef double(x):\n    return two * x",
        never=("not there",),
    ),
    "the answer needs pandas": answered(
        "import pandas as pd\ndef double(x):\n    return pd.Series([2 * x])[0]",
        double="0",
        says=(gone("pandas"), "double: numbers: it needs pandas, which is not there when graded"),
    ),
    "the answer imports pandas": answered(
        "def double(x):\n    import pandas as pd\n    return pd.Series([2 * x])[0]",
        double="0",
        says=("double: numbers: it needs pandas, which is not there when graded",),
    ),
    "in an own cell of imports": Case(
        with_own(
            right(double="def double(x):\n    return np.multiply(2, x)"),
            code("import seaborn as sns\nimport numpy as np"),
            above="solve-double",
        ),
        says=(gone("seaborn"),),
        complaint="otter-grader #906",
    ),
    "display, without an import": answered("display(2)\nRIGHT", complaint="otter-grader #35"),
    "from __future__ import annotations": answered(
        "from __future__ import annotations\nRIGHT", never=("stopped", "not there")
    ),
}

SAYS_INPUT = "nobody answers input() when graded"
FILES = {
    "a module beside the notebook": answered(
        "import helper\ndef double(x):\n    return helper.twice(x)",
        files={"helper.py": "def twice(x):\n    return 2 * x"},
        complaint="nbgrader #940",
    ),
    "a package beside the notebook": answered(
        "from tools.two import two\ndef double(x):\n    return two * x",
        files={"tools/__init__.py": "", "tools/two.py": "two = 2"},
    ),
    "a module that was forgotten": answered(
        "import helper\ndef double(x):\n    return helper.twice(x)",
        double="0",
        says=(gone("helper"), "double: numbers: it needs helper, which is not there when graded"),
    ),
    "a module that needs what is not there": answered(
        "import helper\nRIGHT",
        files={"helper.py": "import pandas"},
        says=(gone("pandas"),),
    ),
    "a module of nnlib's name": answered(
        "import nnlib\nRIGHT",
        files={"nnlib/__init__.py": "raise SystemExit", "numpy.py": "raise SystemExit", "json.py": "1 / 0"},
        says=("numpy.py was not used: Python has a module of this name",),
    ),
    "a module that Python would run by itself": answered(
        "RIGHT",
        files={"sitecustomize.py": "raise SystemExit", "usercustomize.py": "raise SystemExit"},
    ),
    "data beside the notebook": answered(
        "import numpy as np\ntwo = np.loadtxt('two.csv')\ndef double(x):\n    return two * x",
        files={"two.csv": "2"},
    ),
    "a module that a cell writes": answered(
        "from made import twice\ndef double(x):\n    return twice(x)",
    ),
    "input() above the answer": answered(
        "n = int(input('How many? '))\nRIGHT",
        says=(SAYS_INPUT,),
        page=(SAYS_INPUT,),
        complaint="nbgrader #1844",
    ),
    "a question whose answer is used on": answered(
        "n = input()\nprint(n)\nm = n * 2\nRIGHT", says=(SAYS_INPUT,), never=("stopped",)
    ),
    "breakpoint() in the function": answered("def double(x):\n    breakpoint()\n    return 2 * x"),
    "input() in an own cell": Case(
        with_own(right(), code("while True:\n    name = input()\n    if name:\n        break"), above="solve-double"),
        says=(SAYS_INPUT,),
    ),
    "input() in the function": answered(
        "def double(x):\n    return 2 * float(input())", double="0", says=("nobody answers input() when graded",)
    ),
}
FILES["a module that a cell writes"].cells.insert(0, code("%%writefile made.py\ndef twice(x):\n    return 2 * x"))

PLOT = new_output("display_data", data={"image/png": "A" * 3_000_000})
PICTURES = {
    "a photo of the proof in the answer": Case(
        list((right() | {"why": right("![proof](attachment:proof.png)")["why"]}).values()),
        page=(PICTURE,),
        complaint="nbgrader #950",
    ),
    "a photo pasted as Colab does": Case(
        list(right(f"![image.png](data:image/png;base64,{PICTURE})").values()), page=(PICTURE,)
    ),
    "a long photo pasted so": Case(list(right(f"![image.png]({LONG})").values()), page=(LONG[22:],)),
    "a photo as a tag": Case(
        list(right(f'<img src="data:image/jpeg;base64,{picture("JPEG")}" width="400"/>').values()),
        page=(picture("JPEG"),),
    ),
    "a photo in a file beside the notebook": Case(
        list(right("![](./proof.png)").values()),
        files={"proof.png": base64.b64decode(PICTURE)},
        page=(PICTURE,),
    ),
    "a drawing that could run": Case(
        list(right("![](attachment:a.svg)").values()),
        says=("1 pictures in cells of words cannot be shown",),
        never=("stopped",),
    ),
    "fifty megabytes of plots": Case(list(right().values())),
}
PICTURES["a photo of the proof in the answer"].cells[-1].attachments = {"proof.png": {"image/png": PICTURE}}
PICTURES["a drawing that could run"].cells[-1].attachments = {"a.svg": {"image/svg+xml": "<svg onload='alert(1)'/>"}}
for each in PICTURES["fifty megabytes of plots"].cells[1:3]:
    each.outputs = [PLOT] * 8
PICTURES["fifty megabytes of plots"].complaint = "Submitty #11928"

CASES = ELSEWHERE | MAGICS | IMPORTS | FILES | PICTURES
STUDENTS = {habit: f"s{number:03}" for number, habit in enumerate(CASES)}


def notebook(cells):
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


@pytest.fixture(scope="module")
def graded(sandboxed, tmp_path_factory, lasting):
    """A class of all habits, graded once."""
    with pytest.MonkeyPatch.context() as patch:
        root = tmp_path_factory.mktemp("habits")
        patch.setattr(cli, "find_course", lambda _: root)
        patch.setattr(pool, "processes", lambda _: pool.Workers(lasting.make, 4))
        small = Small(root, None)
        for number, (habit, case) in enumerate(CASES.items()):
            files = {"small.ipynb": notebook(case.cells), **case.files}
            if number % 2:  # half of them as a zip
                small.path(STUDENTS[habit]).parent.mkdir()
                with zipfile.ZipFile(small.path(STUDENTS[habit]).with_suffix(".zip"), "w") as archive:
                    for name, text in files.items():
                        archive.writestr(f"work/{name}", text)
                continue
            for name, text in files.items():
                path = small.path(STUDENTS[habit]).with_name("small") / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(text.encode() if isinstance(text, str) else text)
        assert cli.main(small.command()[3:]) == 0
        yield small, read_csv(small.state / "small.csv"), (small.state / "small.html").read_text()


@pytest.mark.parametrize("habit", CASES)
def test_a_habit(habit, graded):
    small, rows, report = graded
    case, row = CASES[habit], rows[STUDENTS[habit]]
    got = {item: WAITS if item in row["waiting"].split("; ") else row[item] for item in ("double", "triple", "why")}
    assert got == {"double": case.double, "triple": case.triple, "why": case.why}, row["remarks"]
    assert row["status"] == case.status, row["remarks"]
    page = (small.state / "feedback" / STUDENTS[habit] / "small" / "small.html").read_text()
    for said in case.says:
        assert said in row["remarks"]
        assert said.partition(": ")[0] in report or said.startswith("not solved yet")
    for said in case.never:
        assert said not in row["remarks"]
    for said in case.page:
        assert said in page


def test_what_waits_is_in_the_report(graded):
    _, rows, report = graded
    student = STUDENTS["the proof stands in a new cell below the stub"]
    assert "No response" not in rows[student]["remarks"]
    assert student in report
