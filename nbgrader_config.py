"""Where nbgrader finds the course: read by its commands in this folder, by formgrader, and by ``grading``."""

from pathlib import Path

c = get_config()  # noqa: F821

root = Path(__file__).resolve().parent
state = "grading/state"

c.CourseDirectory.root = str(root)
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
# the sources beside a notebook hold the solution in words and the known mistakes: they must never be released
c.CourseDirectory.ignore = ["*.md", "*.py", "*.pyc", "__pycache__", ".ipynb_checkpoints", "feedback"]
# what grading makes lies in one folder that git ignores
c.CourseDirectory.submitted_directory = f"{state}/submitted"
c.CourseDirectory.autograded_directory = f"{state}/autograded"
c.CourseDirectory.feedback_directory = f"{state}/feedback"
c.CourseDirectory.db_url = f"sqlite:///{root / state / 'gradebook.db'}"

c.ClearSolutions.code_stub = {"python": "raise NotImplementedError"}

# autograding by nbgrader's command or formgrader's button is done by the project's own engine: student code runs in the
# sandbox, and the verdict is made outside of it
c.Autograde.sanitize_preprocessors = ["grading.autograde.Repair"]
own = "nbgrader.preprocessors."
c.Autograde.autograde_preprocessors = [
    "grading.autograde.Check",
    own + "LimitOutput",
    own + "SaveAutoGrades",
    own + "AssignLatePenalties",
    own + "CheckCellMetadata",
]
c.Repair.root = c.Check.root = str(root)
# what a student wrote must not run in the browser of whoever reads it
c.HTMLExporter.sanitize_html = True
