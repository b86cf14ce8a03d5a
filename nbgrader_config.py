"""Where nbgrader finds the course: read by its commands in this folder, by formgrader, and by ``grading``."""

import os
import sys
from pathlib import Path

import yaml

import grading.formgrader

c = get_config()  # noqa: F821

root = Path(__file__).resolve().parent
state = "grading/state"

c.CourseDirectory.root = str(root)
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
# the sources beside a notebook hold the solution in words and the known mistakes: they must never be released
c.CourseDirectory.ignore = ["*.md", "*.py", "*.toml", "*.pyc", "__pycache__", ".ipynb_checkpoints", "feedback"]
# what grading makes lies in one folder that git ignores
c.CourseDirectory.submitted_directory = f"{state}/submitted"
c.CourseDirectory.autograded_directory = f"{state}/autograded"
c.CourseDirectory.feedback_directory = f"{state}/feedback"
c.CourseDirectory.db_url = f"sqlite:///{root / state / 'gradebook.db'}"
(root / state).mkdir(mode=0o700, parents=True, exist_ok=True)
# nbgrader calls alembic by its name, which is not found where the environment is not activated
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])

# on a machine with accounts: what a student hands in is taken as that student's, and is the grader's alone from then on
c.ExchangeFactory.collect = "grading.formgrader.exchange.Collect"
c.ExchangeFactory.release_feedback = "grading.formgrader.exchange.ReleaseFeedback"

c.ClearSolutions.code_stub = {"python": "raise NotImplementedError"}

# autograding by nbgrader's command or formgrader's button is done by the project's own engine: student code runs in the
# sandbox, and the verdict is made outside of it
c.Autograde.exporter_class = "grading.formgrader.autograde.Reader"
c.Autograde.sanitize_preprocessors = ["grading.formgrader.autograde.Repair"]
own = "nbgrader.preprocessors."
c.Autograde.autograde_preprocessors = [
    "grading.formgrader.autograde.Check",
    own + "SaveAutoGrades",
    own + "AssignLatePenalties",
    own + "CheckCellMetadata",
]
c.Repair.root = c.Check.root = str(root)
c.Repair.state = str(root / state)
# where there is no sandbox, nothing is run; True accepts that student code runs as yourself
c.Check.allow_unisolated = False

# feedback by nbgrader's command or formgrader's button is the project's own page, with links to the book
c.GenerateFeedback.exporter_class = "grading.formgrader.exporter.FeedbackExporter"
about = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
_, owner, name = about["repository"]["url"].rstrip("/").rsplit("/", 2)
c.FeedbackExporter.site = about.get("html", {}).get("baseurl") or f"https://{owner.lower()}.github.io/{name}"

# what a student wrote must not run in the browser of whoever reads it: outputs are sanitized by nbconvert; formgrader's
# template lets Markdown pass as it is, so it is rendered by the feedback page's own means, with no need of MathJax
c.HTMLExporter.sanitize_html = True
c.HTMLExporter.filters = {"markdown2html": "grading.formgrader.exporter.markdown"}
c.HTMLExporter.extra_template_basedirs.prepend([str(Path(grading.formgrader.__file__).with_name("templates"))])

# formgrader shows names too, and has no setting for them: see grading/formgrader/pages.py
if "nbgrader.server_extensions.formgrader.handlers" in sys.modules:
    from grading.formgrader import pages

    pages.escape()
