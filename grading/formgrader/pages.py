"""formgrader's pages with what a student wrote escaped: nbgrader 0.9.6 puts names and ids into them as they are.

``nbgrader_config.py`` calls `escape` in every server that reads it, be it of Jupyter Lab or Notebook, started in the
course's folder or above it. nbgrader has no setting for this, so its handlers are changed in place.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import markupsafe
from jinja2 import Environment, FileSystemLoader
from nbconvert.exporters import HTMLExporter
from nbgrader.apps.api import NbGraderAPI
from nbgrader.server_extensions.formgrader import base, handlers

from grading.record import CONTROL

__all__ = ["Page", "escape"]

GRADED = """<script>
// nbgrader knows two states, and calls a draft what was graded and never went through its exchange
(function (render) {
    AssignmentUI.prototype.render = function () {
        var graded = this.model.get("status") === "graded";
        if (graded) { this.model.set("status", "draft", {silent: true}); }  // so that the buttons stay
        render.call(this);
        if (graded) {
            this.model.set("status", "graded", {silent: true});
            this.$status.attr("data-order", "graded").find(".label").text("graded");
        }
    };
})(AssignmentUI.prototype.render);
</script>
"""
ASSIGNMENTS = re.compile(r'<script src="[^"]*/manage_assignments\.js"></script>\n')
SCRIPT = re.compile(r'"\{\{ (\w+) \}\}";')  # var student_id = "{{ student_id }}";
OF_STUDENTS = ("student", "first_name", "last_name", "notebook_path")


class _Loader(FileSystemLoader):
    """nbgrader's pages; a string in a script is written as JSON, where escapes of HTML would stay as they are."""

    def get_source(self, environment: Environment, template: str) -> Any:
        text, *more = super().get_source(environment, template)
        text = ASSIGNMENTS.sub(lambda found: found[0] + GRADED, text)
        return SCRIPT.sub(r"{{ \1 | tojson }};", text), *more


@cache
def _pages() -> Environment:
    return Environment(loader=_Loader(handlers.template_path), autoescape=True)


class Page(HTMLExporter):
    """A submission as formgrader shows it."""

    def from_filename(  # type: ignore[override]  # as of every exporter that makes a text
        self, filename: str, resources: dict[str, Any] | None = None, **kw: Any
    ) -> tuple[str, dict[str, Any]]:
        """Convert a notebook; what nbgrader tells of the student has no tags."""
        told = {**(resources or {})}
        told |= {name: str(markupsafe.escape(told[name])) for name in OF_STUDENTS if told.get(name)}
        page, resources = super().from_filename(filename, told, **kw)
        return CONTROL.sub("", page), resources


def escape() -> None:
    """Have formgrader escape what it shows. To do it twice changes nothing."""

    def render(_: Any, name: str, **values: Any) -> str:
        return _pages().get_template(name).render(**values)

    def exporter(self: Any) -> Page:
        # of the course that is open now: nbgrader's own keeps the settings with which the server began
        return Page(config=self.settings["nbgrader_formgrader"].config)  # type: ignore[no-untyped-call]

    def headers(self: Any) -> None:
        super(base.BaseApiHandler, self).set_default_headers()
        self.set_header("Content-Type", "text/plain; charset=UTF-8")  # else JSON with a name in it is read as HTML

    def policy(self: Any) -> str:
        policy = super(handlers.SubmissionFilesHandler, self).content_security_policy
        return f"{policy}; default-src 'none'; style-src 'unsafe-inline'; sandbox"  # a student's file may be a page

    def assignment(self: Any, name: str, released: Any = None) -> Any:
        about = plain(self, name, released)
        if about and about["status"] == "draft" and self.get_autograded_students(name):
            about["status"] = "graded"
        return about

    plain = getattr(NbGraderAPI.get_assignment, "plain", NbGraderAPI.get_assignment)
    assignment.plain = plain  # type: ignore[attr-defined]
    NbGraderAPI.get_assignment = assignment
    base.BaseHandler.render, base.BaseHandler.exporter = render, property(exporter)
    base.BaseApiHandler.set_default_headers = headers
    handlers.SubmissionFilesHandler.content_security_policy = property(policy)
