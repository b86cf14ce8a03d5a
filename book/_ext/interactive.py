"""Figures that a reader can move: what a cell computed, a picture of it, and a small script that draws it anew.

A cell runs this file (``%run ../_ext/interactive.py``) and ends with ``interactive(...)``. The output holds all that
it needs, so it works on the site, from a disk, on paper and in JupyterLab, without a network. Where no script runs,
and on paper, the picture is shown. The scripts are in book/_static/interactive/.
"""

import base64
import html
import io
import json
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
from IPython.display import HTML
from matplotlib.figure import Figure

SCRIPTS = Path(__file__).resolve().parents[1] / "_static" / "interactive"
LIMIT = 100_000  # characters of data that a page may carry for one figure


def interactive(name: str, data: dict[str, Any], picture: Figure, alt: str) -> HTML:
    """A figure that a reader can move.

    Parameters
    ----------
    name : str
        Of the script: ``_static/interactive/NAME.mjs`` defines the element ``<NAME-figure>``.
    data : dict
        The numbers, rounded: as JSON at most 100,000 characters.
    picture : matplotlib.figure.Figure
        One good frame, for where no script runs. It is closed.
    alt : str
        What the picture shows, for those who do not see it.

    Returns
    -------
    IPython.display.HTML
        The output of the cell.

    Raises
    ------
    ValueError
        There is no such script, a number is not finite, or the data are too long.
    """
    script = SCRIPTS / f"{name}.mjs"
    if not script.is_file():
        known = ", ".join(sorted(path.stem for path in SCRIPTS.glob("*.mjs") if path.stem != "figure"))
        raise ValueError(f"name: expected one of {known}, got {name!r}")
    numbers = json.dumps(data, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
    if len(numbers) > LIMIT:
        raise ValueError(f"data: expected at most {LIMIT:,} characters, got {len(numbers):,}; round, or leave out")
    png = io.BytesIO()
    picture.savefig(png, format="png", dpi=150)
    plt.close(picture)
    image = base64.b64encode(png.getvalue()).decode()
    width, height = (round(100 * side) for side in picture.get_size_inches())
    code = "\n".join(path.read_text(encoding="utf-8") for path in (SCRIPTS / "figure.mjs", script))
    return HTML(
        f'<{name}-figure class="interactive">'
        f'<img width="{width}" height="{height}" alt="{html.escape(alt)}" src="data:image/png;base64,{image}">'
        f'<script type="application/json">{numbers}</script>'
        f"</{name}-figure>"
        f'<script type="module">{code}</script>'
    )
