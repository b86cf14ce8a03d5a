"""What an instructor reads and hands on: nothing is lost, nothing is invented, and no student's text does anything."""

import csv
import io
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from grading.record import Hint, Reason, Row, Status, Student, Verdict, Why
from grading.tell import report, similar
from grading.tell.similar import Pair
from grading.tell.words import duration, number, remarks

POINTS = {"double": 2.0, "triple": 3.0, "why": 1.0}
FUNCTIONS = {"double": "twice", "triple": "thrice"}
HINTS = {"squared": Hint("squared", "Is 3 right?", "chapters/1"), "halved": Hint("halved", "Which way?", "chapters/2")}
HOSTILE = "</td><script>alert(1)</script><img src=//x.example/a onerror='b()'>\"'{{ 7*7 }}"


def row(student="ann", status=Status.GRADED, got=(2.0, 3.0, 1.0), reasons=None, mistakes=None, notes=(), **more):
    """Reasons may be words, such as a judge has; whoever has a reason has lost something."""
    items = dict(zip(POINTS, got, strict=True))
    verdicts = {item: Verdict(item, items[item], items[item], FUNCTIONS[item]) for item in FUNCTIONS}
    for item in [*(reasons or {}), *(mistakes or {})]:
        why = (reasons or {}).get(item)
        why = why if isinstance(why, Why | None) else Reason.JUDGED(words=why)
        hints = tuple(HINTS.get(name, Hint(name, "", "")) for name in (mistakes or {}).get(item, ()))
        verdicts[item] = Verdict(item, items[item], items[item] + 1, FUNCTIONS.get(item, ""), mistakes=hints, why=why)
    return Row(student, status, items, verdicts, [Reason.NOTED(words=note) for note in notes], "s", "d", **more)


def lost(student, name, item="double", **more):
    """Who made a known mistake."""
    return row(student, got=(0.0, 3.0, 1.0), mistakes={item: [name]}, **more)


# ---------------------------------------------------------------------------------------------- rows and the table


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (row(), []),
        (row(notes=["2 locked cells were deleted"]), ["2 locked cells were deleted"]),
        (row(status=Status.RENAMED, notes=["b.ipynb was taken"]), ["b.ipynb was taken"]),
        (row(status=Status.LATE, late=7200.0), ["late by 2 h"]),
        (row(status=Status.TIMED_OUT, late=7200.0, notes=["200 s"]), ["timed out: 200 s", "late by 2 h"]),
        (
            row(status=Status.PARTLY, notes=["cell x"], reasons={"triple": "sign"}),
            ["partly graded: cell x", "triple: sign"],
        ),
        (
            row(status=Status.UNREADABLE, notes=["cut off"], reasons=dict.fromkeys(POINTS, "unreadable")),
            ["unreadable: cut off"],
        ),
        (row(reasons={"double": Reason.UNSOLVED(), "why": Reason.NO_ANSWER()}), ["not solved yet: double, why"]),
        (row(reasons=dict.fromkeys(POINTS, Reason.UNSOLVED())), ["not solved yet: everything"]),
    ],
    ids=lambda each: each.status if isinstance(each, Row) else "",
)
def test_remarks(made, said):
    """What went wrong is said once, and what concerns the whole submission comes first."""
    assert remarks(made) == said


def test_words_decide_nothing_about_what_is_solved():
    """An exception may say what it likes."""
    made = row(reasons={"double": Reason.RAISED(error="ValueError", words="not solved yet"), "why": "no answer"})
    assert made.unsolved == []
    assert row(reasons={"double": Reason.UNSOLVED()}).unsolved == ["double"]


def test_duration():
    """In the unit that a person would use."""
    assert [duration(seconds) for seconds in (1, 119, 120, 7199, 7200, 200_000)] == [
        "1 s", "119 s", "2 min", "120 min", "2 h", "2 days"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("totals", "said"),
    [
        ((6.0, 5.0), "2 students, 1 with all 6 points, 0"),
        ((6.0, 7.0, 6.5), "3 students, 3 with all 6 points (2 of them with more), 0"),  # extra credit
        ((0.1 + 0.2 + 5.7, 6.0), "2 students, 2 with all 6 points, 0"),
    ],
)
def test_who_has_all_points(totals, said):
    rows = [row(f"s{n}", got=(total - 3, 3.0, 0.0)) for n, total in enumerate(totals)]
    assert said in report.table(rows, POINTS)
    have = sum(total > 5.99 for total in totals)
    assert f"{have} {'has' if have == 1 else 'have'} them all" in report.html("small", rows, POINTS)


def test_one_point_is_no_points():
    assert [number(count, "point") for count in (0, 0.5, 1, 1.5)] == ["0 points", "0.5 points", "1 point", "1.5 points"]
    assert "1 point is taken away" in " ".join(remarks(row(late=7200.0, penalty=1.0)))
    assert "1 student, 1 with all 1 point," in report.table([row(got=(1.0, 0.0, 0.0))], {"double": 1.0})


def test_table():
    """Every student has a line, no line is too wide, and what is not known yet is no number."""
    rows = [
        row("a-student-with-a-very-long-name-indeed", got=(0.5, 1 / 3, 0.0), waiting=["why"]),
        row("ben", Status.MISSING, (0.0, 0.0, 0.0), notes=["nothing was handed in " * 12]),
    ]
    lines = report.table(rows, POINTS).splitlines()
    assert max(map(len, lines)) <= report.WIDTH
    first = next(line for line in lines if line.startswith("a-student"))
    assert re.search(r"0\.5 0\.3333   \?", first)
    assert "2 students, 0 with all 6 points, 1 not gradable, mean 0.4167" in lines[-1]


# ---------------------------------------------------------------------------------------------- CSV


def read(text):
    return list(csv.reader(io.StringIO(text)))


def test_plain():
    """All that is known of a row stands in its line."""
    ann = Student("ann", "Ann", "Lee, jr.", "ann@uni.example")
    rows = [
        lost("ann", "squared", person=ann, late=90061.0, waiting=["why"]),
        row("ben", Status.CRASHED, (0.0, 3.0, 0.5), {"double": "a\nb"}, notes=['said "no"']),
    ]
    head, *lines = read(report.export(rows, POINTS, "plain", "small"))
    first, second = (dict(zip(head, line, strict=True)) for line in lines)
    assert first == {
        "student": "ann", "first_name": "Ann", "last_name": "Lee, jr.", "email": "ann@uni.example", "status": "graded",
        "late": "90061", "double": "0", "triple": "3", "why": "1", "total": "4", "max_points": "6", "waiting": "why",
        "mistakes": "double: squared", "isolation": "", "judged_beside": "", "checks": "d",
        "remarks": "late by 25 h; double: squared; why: waits for a person",
    }  # fmt: skip
    assert (second["status"], second["total"], second["email"]) == ("crashed", "3.5", "")
    assert second["remarks"] == 'crashed: said "no"; double: a b'


def test_canvas():
    """Canvas reads the possible points from the second line, and a student's number from the columns that it knows."""
    rows = [row("ann", person=Student("ann", "Ann", "Lee")), row("ben", got=(1.0, 0.25, 0.0))]
    head, possible, *lines = read(report.export(rows, POINTS, "canvas", "Small"))
    assert head == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Small"]
    assert possible == ["    Points Possible", "", "", "", "", "6"]
    assert lines == [["Lee, Ann", "", "ann", "ann", "", "6"], ["ben", "", "ben", "ben", "", "1.25"]]


def test_moodle():
    """Moodle finds a person by number or address; grade and feedback are both there, or it would erase the grade."""
    rows = [lost("ann", "squared", person=Student("ann", "Ann", "Lee", "ann@uni.example"))]
    head, line = read(report.export(rows, POINTS, "moodle", "Small"))
    assert head == ["ID number", "First name", "Last name", "Email address", "Small", "Feedback comments"]
    assert line == ["ann", "Ann", "Lee", "ann@uni.example", "4", "double: squared"]


def test_what_the_list_has_of_a_platform_goes_back_to_it():
    """Canvas finds a student by its ID; a login or an address that serves as our id is no ID number to Moodle."""
    ann = Student("ann", "Ann", "Lee", "ann@uni.example", number="1001", official="007", login="ann", section="A and B")
    ben = Student("ben@uni.example", "Ben", "Li", "ben@uni.example")
    rows = [row("ann", person=ann), row("ben@uni.example", person=ben)]
    head, _, *lines = read(report.export(rows, POINTS, "canvas", "Small (98765)"))
    assert head[-1] == "Small (98765)"
    assert lines[0] == ["Lee, Ann", "1001", "007", "ann", "A and B", "6"]
    _, *lines = read(report.export(rows, POINTS, "moodle", "Small"))
    assert [line[0] for line in lines] == ["007", ""]


def test_words_for_the_instructor_are_no_feedback():
    """Who is not on the list, and what the machine lacked, is nothing that a student should read in Moodle."""
    made = row("ann", notes=["2 locked cells were deleted"])
    notes = [*made.notes, Reason.STRANGER(), Reason.UNISOLATED()]
    _, line = read(report.export([replace(made, notes=notes)], POINTS, "moodle", "Small"))
    assert line[-1] == "2 locked cells were deleted"


@pytest.mark.parametrize("kind", ["canvas", "moodle"])
def test_only_what_is_final_leaves_the_house(kind):
    """No preliminary points, and no zero for the grader's own fault, replace a grade in the course system."""
    rows = [row("ann"), row("ben", waiting=["why"]), row("cyd", Status.NOT_GRADED), row("dan", Status.MISSING)]
    text = report.export(rows, POINTS, kind, "small")
    assert [name for name in ("ann", "ben", "cyd", "dan") if name in text] == ["ann", "dan"]
    assert all(name in report.export(rows, POINTS, "plain", "small") for name in ("ann", "ben", "cyd", "dan"))


def test_unknown_kind():
    """The sentence says which there are."""
    with pytest.raises(ValueError, match="'excel'; there is plain, canvas, moodle"):
        report.export([], POINTS, "excel", "small")


STRANGE = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " \n =1", "a;=1", "a; @x", "＝1", 'a","=1', "a\n=1", "ö,ä"]
STRANGE += ["\0=1", "\u202e=1", "a;\x1b=1", '=HYPERLINK("https://evil.example";"x")', "'=1\r=1"]


@pytest.mark.parametrize("kind", report.KINDS)
@pytest.mark.parametrize("text", STRANGE)
def test_no_formula(kind, text):
    """No cell is a formula: whether commas or semicolons separate them; and no text gets a line more."""
    rows = [
        row(text, reasons={"double": text}, mistakes={"double": [text]}, notes=[text], person=Student(*[text] * 4)),
        row("ben"),
    ]
    written = report.export(rows, POINTS, kind, text)
    lines = read(written)
    assert {len(line) for line in lines} == {len(lines[0])}
    assert len(lines) == 3 + (kind == "canvas") == len(written.splitlines())
    cells = [*(cell for line in lines for cell in line), *re.split(r"[;\n]", written)]
    assert not [cell for cell in cells if cell.strip().startswith(tuple("=+-@＝＋－＠"))]


@pytest.mark.parametrize("odd", ["\x1b[2J\x1b]0;title\x07", "\u202e", "\u2066", "\r", "\x9b1A", "\b"])
def test_nothing_steers_a_terminal_or_turns_the_writing(odd):
    """Neither in the table nor in a file: a line would look like another's."""
    rows = [row(f"ann{odd}", reasons={"double": odd}, notes=[f"said {odd}"], status=Status.CRASHED), row("ben")]
    pairs = [Pair(f"ann{odd}", "ben", 0.9, 0.3, (odd,), ((odd, odd),), (odd,))]
    texts = [report.table(rows, POINTS), report.html("small", rows, POINTS, similar=pairs), similar.table(pairs)]
    texts += [report.export(rows, POINTS, kind, "small") for kind in report.KINDS]
    for text in texts:
        assert odd[0] not in text
        assert "ben" in text


def test_safe_ids_stay():
    """What identifies a person is not changed where it need not be."""
    names = ["o'neil", "ann-lee", "a@b.example", "007", "X Æ A-12"]
    text = report.export([row(name) for name in names], POINTS, "moodle", "small")
    assert [line[0] for line in read(text)[1:]] == names


# ---------------------------------------------------------------------------------------------- the page


class Page(HTMLParser):
    """Tags in order, attributes, and text; complains where tags do not match."""

    VOID = frozenset({"meta", "br"})

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.words, self.style = [], [], [], ""
        self.feed(text)
        self.close()
        assert self.open == []
        self.text = " ".join(" ".join(self.words).split()).replace(" :", ":")

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.open += [tag] * (tag not in self.VOID)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] == ["style"]:
            self.style += data
        else:
            self.words.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


def page(rows, **more):
    return Page(report.html("small", rows, POINTS, **more))


def hostile_page():
    rows = [
        row(HOSTILE, Status.CRASHED, (0.0, 0.0, 0.0), {"double": HOSTILE}, {"triple": [HOSTILE]}, [HOSTILE],
            person=Student(HOSTILE, HOSTILE, HOSTILE, HOSTILE), seconds=3.0, cpu=1.0, memory=100, waiting=["why"]),
        row(HOSTILE + "2", Status.LATE, late=5.0, notes=[HOSTILE]),
        row("ben", Status.MISSING),
    ]  # fmt: skip
    pair = Pair(HOSTILE, HOSTILE + "2", 0.9, 0.3, (HOSTILE,), ((HOSTILE, HOSTILE),), (HOSTILE,))
    return page(rows, similar=[pair], questions={"why": HOSTILE}, made=HOSTILE, source=HOSTILE)


def test_what_students_write_is_only_text():
    """No tag, attribute or address comes from a student, and no template is filled in."""
    made = hostile_page()
    assert {name for name, _ in made.tags} == {
        name
        for name, _ in page(
            [row(), lost("b", "squared"), row("c", Status.CRASHED)],
            similar=[Pair("a", "b", 1.0, 0.3, ("x",), (("a", "b"),), ())],
            questions={"why": "?"},
        ).tags
    } | {"ul", "li"}
    assert not {"script", "img", "iframe", "link", "object"} & {name for name, _ in made.tags}
    assert not [name for _, attributes in made.tags for name in attributes if name.startswith("on") or name == "src"]
    assert "{{ 7*7 }}" in made.text
    assert made.text.count("<script>alert(1)</script>") >= 12


def test_nothing_comes_from_outside():
    """Links stay on the page, the style loads nothing, and a browser is told to load nothing."""
    made = hostile_page()
    ids = [attributes["id"] for _, attributes in made.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {attributes["href"].removeprefix("#") for attributes in made.all("a")} <= set(ids)
    assert "url(" not in made.style
    assert "@import" not in made.style
    policy = next(each["content"] for each in made.all("meta") if each.get("http-equiv"))
    assert policy == "default-src 'none'; style-src 'unsafe-inline'"


def test_accessible():
    """A language, headings in order, headed tables, pictures with words, both kinds of light."""
    made = page([lost("ann", "squared", seconds=2.0, cpu=1.0, memory=90)], similar=[Pair("a", "b", 1, 0, (), (), ())])
    assert made.all("html") == [{"lang": "en"}]
    levels = [int(tag[1]) for tag, _ in made.tags if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert max(np.diff(levels)) <= 1
    assert all("scope" in each for each in made.all("th"))
    assert len(made.all("svg")) == 4
    assert all(each["role"] == "img" and "median" in each["aria-label"] for each in made.all("svg"))
    named = {each.get("aria-labelledby") for each in made.all("section")}
    assert named <= {attributes.get("id") for _, attributes in made.tags}
    assert "color-scheme: light dark" in made.style
    assert "@media print" in made.style


def test_mistakes_by_frequency():
    """The most frequent known mistake stands first, with its hint, its page, and those who made it."""
    rows = [
        lost("ann", "halved"),
        *(lost(name, "squared") for name in ("ben", "cyd")),
        row("dan", reasons={"double": Reason.UNSOLVED()}),
    ]
    text = page(rows).text
    assert text.index(
        "squared 2 of 3 who wrote twice Is 3 right? Explained in chapters/1 2 students ben cyd"
    ) < text.index("halved 1 of 3 who wrote twice Which way? Explained in chapters/2 1 student ann")
    assert "tripled twice" not in text
    assert text.index("squared") < text.index("Other reasons") < text.index("Items, the hardest first")


def test_other_reasons_are_grouped_by_their_words():
    """Reasons that differ in numbers or quoted names are one group; what is a known mistake or not tried is in none."""
    reasons = [
        "entry [0, 1] is off by 1e-05",
        "entry [2, 1] is off by 10",
        "name 'a' is not defined",
        Reason.UNSOLVED(),
    ]
    rows = [row(f"s{i}", reasons={"triple": reason}) for i, reason in enumerate(reasons)]
    text = page([*rows, lost("ann", "squared"), row("eve", Status.MISSING, reasons={"triple": "missing"})]).text
    others = text[text.index("Other reasons") : text.index("Points", text.index("Other reasons"))]
    assert "2 thrice: entry […, …] is off by … 2 students s0: entry [0, 1] is off by 1e-05 s1: entry [2, 1]" in others
    assert "1 thrice: name 'a' is not defined 1 student s2" in others
    assert "solved" not in others
    assert "squared" not in others
    assert "eve" not in others


def test_items_by_difficulty():
    """The hardest first; those who wait for a person, or whose submission did not run, do not count."""
    rows = [
        row("a", got=(2.0, 0.0, 1.0)),
        row("b", got=(1.0, 0.0, 0.0), reasons={"triple": Reason.UNSOLVED()}, waiting=["why"]),
        row("c", Status.MISSING, (0.0, 0.0, 0.0)),
    ]
    text = page(rows, questions={"why": "Why?"}).text
    text = text[text.index("Items, the hardest") : text.index("Who needs")]
    first, second, third = (
        text.index(words)
        for words in (
            "thrice triple (3) 0% 0 0 1 1",
            "twice double (2) 75% 1 1 0 0",
            "why (1) read by a person Why? 100% 1 0 0 0",
        )
    )
    assert first < second < third


def test_histogram_counts_everybody_once():
    """Full points are in the last bar, and the heights are in proportion to the counts."""
    totals = [0, 0.5, 2, 2, 2, 5.99, 6, 6]
    rows = [row(f"s{i}", got=(total, 0.0, 0.0)) for i, total in enumerate(totals)]
    made = page([*rows, row("x", Status.MISSING, (0.0, 0.0, 0.0))])
    numbers = made.text[made.text.index("The numbers") : made.text.index("Items, the")]
    bars = [(float(a), float(b), int(n)) for a, b, n in re.findall(r"([\d.]+) to ([\d.]+) (\d+)", numbers)]
    assert sum(count for *_, count in bars) == len(totals)
    assert all(count == sum(a <= t < b or t == b == 6 for t in totals) for a, b, count in bars)
    heights = [float(bar["height"]) for bar in made.all("rect")][: len(bars)]
    np.testing.assert_allclose(heights, [120 * n / 3 for *_, n in bars], atol=0.01)
    assert (
        "Of 9 students, 8 handed in something that runs; half of these have 2 or more of 6 points, and 2 have them all."
        in made.text
    )


def test_who_needs_a_person():
    """Each with the reason, the grader's own faults first; a right submission is not among them."""
    rows = [row("right")]
    rows += [row(str(status), status, notes=[f"because {status}"]) for status in Status if status is not Status.GRADED]
    rows += [row("essay", waiting=["why"]), row("tardy", Status.LATE, late=7200.0), row("odd", notes=["a remark"])]
    text = page(rows).text
    text = text[text.index("Who needs") : text.index("Nearly the same code")]
    for status in set(Status) - {Status.GRADED, Status.LATE, Status.RENAMED}:
        assert text.count(f"{status} {status} because {status}") == text.count(f"because {status}") == 1
    assert text.index("because not graded") < text.index("because crashed") < text.index("because missing")
    assert "why waits to be read in formgrader, and counts as zero until then. 1 student essay" in text
    assert "tardy: 2 h" in text
    assert "odd: a remark" in text
    assert "right" not in text


def test_pairs():
    """Both names, how much, where, and the lines side by side."""
    pair = Pair("ann", "ben", 0.876, 0.31, ("solve-double",), (("x = 2 * y", "a = 2 * b"),), ("my own words",))
    text = page([row("ann"), row("ben")], similar=[pair]).text
    assert "usually 31%" in text
    assert (
        "88% ann ben solve-double both say “my own words” the most unusual lines ann: x = 2 * y ben: a = 2 * b" in text
    )


def test_costs():
    """The five most expensive by what their code computed, and what nine of ten need."""
    rows = [row(f"s{i}", cpu=float(i), seconds=20.0 - i, memory=100 + i) for i in range(1, 11)]
    text = page(rows).text
    text = text[
        text.index("Time and memory", text.index("Statuses submissions") if "Statuses submissions" in text else 0) :
    ]
    assert "CPU time of the student's code, s 5.5 9 10" in text
    assert re.findall(r"\bs\d+\b", text[text.index("The most expensive") :]) == ["s10", "s9", "s8", "s7", "s6"]


def test_not_isolated_is_said():
    """In words, not in colour alone; of whom it is so, and only where it is so."""
    ann, ben = row("ann", isolation="bubblewrap"), row("ben", isolation="none")
    assert "Not isolated" not in page([ann]).text
    assert "the code of ben ran without a sandbox" in page([ann, ben]).text
    assert "the code of everybody ran without a sandbox" in page([ben]).text


@pytest.mark.parametrize(
    "rows", [[], [row(status=Status.MISSING)], [row(seconds=0.0)]], ids=["nobody", "missing", "one"]
)
def test_small_classes(rows):
    """A page comes out whatever there is."""
    assert page(rows, made="today", source="abcdef").text.endswith("those of the course book.")


def test_same_rows_same_page():
    """No clock and no chance: a page changes when the round does."""
    rows = [lost("ann", "squared"), lost("ben", "halved")]
    assert report.html("small", rows, POINTS) == report.html("small", rows, POINTS)
    assert "Made yesterday with the source abc" in page(rows, made="yesterday", source="abc").text
