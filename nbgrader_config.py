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
