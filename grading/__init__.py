"""What instructors run on top of nbgrader: intake, isolated runs, trusted checks, journal, feedback, reports."""

import sys

# jsonschema, which nbformat imports, would build a parser of web addresses for two seconds, in every process
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
