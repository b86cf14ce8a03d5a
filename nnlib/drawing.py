"""A network as a table and as a picture: `Network.summary` and `Network.draw`."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Protocol

from .backend import Array
from .errors import Error
from .layers import Activation, Dense, Dropout, Layer, Shape

__all__ = ["draw", "summary"]

UNITS = 12  # a layer with more units than this is drawn as a block
DOWN, ACROSS, RADIUS = 1.0, 2.6, 0.3


class Chain(Protocol):
    """What a picture is drawn of: layers one after the other, as `Network` has them."""

    shapes: list[Shape]
    input_shape: Shape
    output_shape: Shape
    output_error: Error
    w: Array

    @property
    def layers(self) -> Sequence[Layer]:
        """From input to output."""


def summary(network: Chain) -> str:
    """A line for each layer: what it is, the shape that leaves it, how many weights and biases it has."""
    rows = [("layer", "output", "weights"), ("input", size(network.input_shape), "")]
    rows += [
        (repr(layer), size(shape), f"{layer.n_weights:,}" if layer.n_weights else "")
        for layer, shape in zip(network.layers, network.shapes, strict=True)
    ]
    rows.append((f"{network.output_error!r}", size(network.output_shape), ""))
    rows.append(("total", "", f"{len(network.w):,}"))
    name, shape, count = (max(len(row[column]) for row in rows) for column in range(3))
    lines = [f"{row[0]:{name}}  {row[1]:>{shape}}  {row[2]:>{count}}" for row in rows]
    rule = "-" * len(lines[0])
    return "\n".join([lines[0], rule, *lines[1:-1], rule, lines[-1]])


def size(shape: tuple[int, ...]) -> str:
    """(4, 16, 26) -> 4×16×26."""
    return "×".join(map(str, shape))


def draw(network: Chain, ax: Any = None, units: bool | None = None) -> Any:
    """Draw the network: units and arrows as in the lecture, or a block for each layer.

    Parameters
    ----------
    network : Network
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.
    units : bool, optional
        True for units, False for blocks; by default units where no layer has more than 12.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        Units are asked for and a layer is neither dense nor element by element.
    """
    import matplotlib.pyplot as plt

    drawable = all(isinstance(layer, Dense | Activation | Dropout) for layer in network.layers)
    if units and not drawable:
        raise ValueError("units: expected dense layers only, got others; units=False draws blocks")
    if units is None:
        units = drawable and max(math.prod(shape) for shape in (network.input_shape, *network.shapes)) <= UNITS
    columns = _columns(network) if units else []
    if ax is None:
        shapes = len(columns) or 1 + len(_blocks(network))
        tall = max((len(column["names"]) for column in columns), default=4)
        ax = plt.figure(figsize=(1.9 * shapes, max(2.4, 0.65 * (tall + 1)))).add_subplot()
    ax.set_axis_off()
    if units:
        _draw_units(ax, columns)
    else:
        _draw_blocks(ax, network)
    return ax


# Units ----------------------------------------------------------------------------------------------------------------


def _columns(network: Chain) -> list[dict[str, Any]]:
    """Inputs, hidden units, outputs: the names of the units, the bias unit first, and what is written beneath."""
    p = math.prod(network.input_shape)
    columns: list[dict[str, Any]] = [{"names": ["$X_0$", *(f"$X_{{{i}}}$" for i in range(1, p + 1))], "note": "inputs"}]
    for layer in network.layers:
        if isinstance(layer, Dense):
            columns.append({"names": ["$z_0$", *(f"$z_{{{j}}}$" for j in range(1, layer.outputs + 1))], "note": ""})
        else:
            what = layer.h.name if isinstance(layer, Activation) else repr(layer)
            columns[-1]["note"] += ("\n" if columns[-1]["note"] else "") + what
    K = math.prod(network.output_shape)
    columns[-1]["names"] = [None, *(rf"$\hat{{y}}_{{{k}}}$" for k in range(1, K + 1))]  # outputs have no bias unit
    note = columns[-1]["note"]
    columns[-1]["note"] = (note + "\n" if note else "") + network.output_error.output.name
    return columns


def _draw_units(ax: Any, columns: list[dict[str, Any]]) -> None:
    import matplotlib.pyplot as plt
    from matplotlib.colors import to_rgba
    from matplotlib.patches import Circle

    ink, paper = plt.rcParams["text.color"], to_rgba("C0", 0.15)
    bottom = max(len(column["names"]) for column in columns) * DOWN / 2 + 0.3
    places = []
    for number, column in enumerate(columns):
        names, x = column["names"], number * ACROSS
        top = (len(names) - 1 - (names[0] is None)) * DOWN / 2  # outputs, without a bias unit, are in the middle
        ys = [top - (i - (names[0] is None)) * DOWN for i in range(len(names))]
        places.append([(x, y, name) for y, name in zip(ys, names, strict=True) if name is not None])
        ax.text(x, -bottom, column["note"], ha="center", va="top", fontsize="small")
    for left, right in pairwise(places):
        for x, y, _ in left:
            for u, v, name in right:
                if name not in ("$X_0$", "$z_0$"):  # nothing leads to the unit that is always 1
                    length = math.hypot(u - x, v - y)
                    dx, dy = (u - x) / length * RADIUS, (v - y) / length * RADIUS
                    _arrow(ax, (x + dx, y + dy), (u - dx, v - dy), linewidth=0.6, mutation_scale=7)
    for placed in places:
        for x, y, name in placed:
            bias = name in ("$X_0$", "$z_0$")
            look = {"facecolor": "none", "linestyle": "--"} if bias else {"facecolor": paper, "linestyle": "-"}
            ax.add_patch(Circle((x, y), RADIUS, edgecolor=ink, linewidth=0.9, **look))
            ax.text(x, y, name, ha="center", va="center")
    ax.set(xlim=(-0.9, (len(columns) - 1) * ACROSS + 0.9), ylim=(-bottom - 0.9, bottom), aspect="equal")


# Blocks ---------------------------------------------------------------------------------------------------------------


def _blocks(network: Chain) -> list[tuple[str, tuple[int, ...]]]:
    """A name and an output shape for each block; an activation stands in the block of the layer before it."""
    blocks: list[tuple[str, tuple[int, ...]]] = []
    for layer, shape in zip(network.layers, network.shapes, strict=True):
        if isinstance(layer, Activation) and blocks:
            blocks[-1] = (f"{blocks[-1][0]}\n{layer.h.name}", shape)
        else:
            blocks.append((layer.h.name if isinstance(layer, Activation) else repr(layer), shape))
    blocks[-1] = (f"{blocks[-1][0]}\n{network.output_error.output.name}", blocks[-1][1])
    return blocks


def _draw_blocks(ax: Any, network: Chain) -> None:
    import matplotlib.pyplot as plt
    from matplotlib.patches import Rectangle

    ink = plt.rcParams["text.color"]
    blocks = [("input", network.input_shape), *_blocks(network)]
    width, tallest = 0.8, max(_height(shape) for _, shape in blocks)
    for x, (name, shape) in enumerate(blocks):
        h = _height(shape)
        colour = "C2" if len(shape) == 3 else "C0"  # images and vectors
        ax.add_patch(Rectangle((x * 1.6, -h / 2), width, h, facecolor=(colour, 0.2), edgecolor=ink, linewidth=0.9))
        ax.text(x * 1.6 + width / 2, h / 2 + 0.12, size(shape), ha="center", va="bottom", fontsize="small")
        ax.text(x * 1.6 + width / 2, -tallest / 2 - 0.2, name, ha="center", va="top", fontsize="small")
        if x:
            _arrow(ax, (x * 1.6 - 0.8, 0), (x * 1.6, 0), linewidth=0.9, mutation_scale=11)
    ax.set(xlim=(-0.4, len(blocks) * 1.6 - 0.4), ylim=(-tallest / 2 - 1.1, tallest / 2 + 0.6))


def _arrow(ax: Any, start: tuple[float, float], end: tuple[float, float], **look: float) -> None:
    import matplotlib.pyplot as plt

    ink = plt.rcParams["text.color"]
    ax.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": ink, "shrinkA": 0, "shrinkB": 0, **look})


def _height(shape: tuple[int, ...]) -> float:
    return 0.3 + 0.3 * math.log2(1 + math.prod(shape))
