"""The table and the picture show what the network is."""

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import pytest
from matplotlib.patches import Circle, Rectangle

from nnlib import (
    Activation,
    Conv2D,
    CrossEntropy,
    Dense,
    Dropout,
    Flatten,
    MaxPool2D,
    Network,
    SumOfSquares,
    Unmatched,
    mlp,
)


@pytest.fixture(autouse=True)
def _no_figure_is_left():
    yield
    plt.close("all")


def cnn():
    layers = [Conv2D(4, 5), Activation("relu"), MaxPool2D(2), Flatten(), Dropout(0.5), Dense(10)]
    return Network(layers, CrossEntropy(), (1, 20, 30))


def parts(ax):
    """Circles, blocks, arrows and texts."""
    circles = [patch for patch in ax.patches if isinstance(patch, Circle)]
    blocks = [patch for patch in ax.patches if isinstance(patch, Rectangle)]
    arrows = [text for text in ax.texts if getattr(text, "arrow_patch", None) is not None]
    return circles, blocks, arrows, [text.get_text() for text in ax.texts if text not in arrows]


def test_the_lectures_cnn_as_a_table():
    lines = cnn().summary().splitlines()
    rows = [line.split() for line in lines]
    assert ["Conv2D(4,", "5)", "4×16×26", "104"] in rows
    assert ["MaxPool2D(2)", "4×8×13"] in rows
    assert rows[-1] == ["total", "4,274"]
    assert len({len(line) for line in lines}) == 1


def test_the_total_is_the_number_of_weights():
    network = mlp([784, 1000, 2])
    counts = [int(line.split()[-1].replace(",", "")) for line in network.summary().splitlines() if "Dense" in line]
    assert sum(counts) == len(network.w) == int(network.summary().split()[-1].replace(",", ""))


@pytest.mark.parametrize("sizes", [[2, 2, 3, 2], [1, 4, 1], [12, 12]])
def test_small_networks_as_units_and_arrows(sizes):
    """A circle for each unit and each z_0 = 1, an arrow for each weight and bias."""
    network = mlp(sizes, "tanh", Unmatched("sigmoid"))
    circles, blocks, arrows, texts = parts(network.draw())
    assert len(circles) == sum(sizes) + len(sizes) - 1
    assert len(arrows) == len(network.w)
    assert not blocks
    assert texts.count("$z_0$") == len(sizes) - 2
    assert [text for text in texts if "hat" in text] == [rf"$\hat{{y}}_{{{k}}}$" for k in range(1, sizes[-1] + 1)]
    assert texts.count("tanh") == len(sizes) - 2
    assert texts.count("sigmoid") == 1


def test_large_networks_and_images_as_blocks():
    circles, blocks, arrows, texts = parts(mlp([784, 30, 10], "relu").draw())
    assert (len(circles), len(blocks), len(arrows)) == (0, 3, 2)
    assert {"784", "30", "10", "input", "Dense(30)\nrelu", "Dense(10)\nsoftmax"} == set(texts)
    heights = [block.get_height() for block in blocks]
    assert heights == sorted(heights, reverse=True)
    _, blocks, _, texts = parts(cnn().draw())
    assert len(blocks) == 6
    assert {"1×20×30", "4×16×26", "4×8×13"} < set(texts)


def test_either_picture_can_be_asked_for():
    assert len(parts(mlp([13, 2]).draw(units=True))[0]) == 13 + 1 + 2
    assert len(parts(mlp([2, 2]).draw(units=False))[1]) == 2
    with pytest.raises(ValueError, match="units: expected dense layers only"):
        cnn().draw(units=True)
    assert len(plt.get_fignums()) == 2  # nothing is left of the one that failed


def test_into_given_axes():
    figure, axes = plt.subplots(1, 2)
    assert mlp([2, 3, 1], error=SumOfSquares()).draw(axes[1]) is axes[1]
    assert not axes[0].patches
    assert plt.get_fignums() == [figure.number]


def test_dropout_is_a_note():
    network = Network([Dense(3), Activation("relu"), Dropout(0.5), Dense(1)], SumOfSquares(), 2)
    assert "relu\nDropout(0.5)" in parts(network.draw())[3]


def test_ink_follows_the_style():
    with plt.rc_context({"text.color": "white"}):
        circles = parts(mlp([2, 2]).draw())[0]
    assert {circle.get_edgecolor() for circle in circles} == {(1.0, 1.0, 1.0, 1.0)}
