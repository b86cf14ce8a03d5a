"""Chapter 10, Convolutional networks, from outside.

Two of the four numbers are weights of one matrix, 0.25. A change of edge maps and a count of multiplications are added.
"""

import itertools

import numpy as np
from pages import ROOT, agrees, printed, texts

CHAPTER = "10-convolutional-networks"


def positions(side, size, stride=1, padding=0):
    """At how many places a window lies inside the padded side, one by one."""
    return sum(start + size <= side + 2 * padding for start in range(0, side + 2 * padding, stride))


def test_mean_of_a_window():
    """The mean of the first window of four, from sums over all rectangles that begin in the corner."""
    z = np.array([[3, 1, 0, 2], [1, 2, 2, 1], [5, 0, 1, 1], [5, 4, 1, 1]])
    table = np.zeros((5, 5), int)
    for r, c in np.ndindex(4, 4):
        table[r + 1, c + 1] = z[r, c] + table[r, c + 1] + table[r + 1, c] - table[r, c]
    corners = table[::2, ::2]
    sums = corners[1:, 1:] - corners[:-1, 1:] - corners[1:, :-1] + corners[:-1, :-1]
    for place, total in enumerate(sums.ravel()):
        assert agrees(printed(CHAPTER, "cell-026", 4 + place), total / 4)


def test_multiplications_of_alexnet_in_convolutions():
    """The share of convolutions, from the sizes that the paper gives: maps, kernel, its channels, stride, padding."""
    side, convolutions = 227, 0
    for maps, size, channels, stride, padding, pooled in (
        (96, 11, 3, 4, 0, True),
        (256, 5, 48, 1, 2, True),
        (384, 3, 256, 1, 1, False),
        (384, 3, 192, 1, 1, False),
        (256, 3, 192, 1, 1, True),
    ):
        side = positions(side, size, stride, padding)
        for _unit in range(maps * side * side):
            convolutions += size * size * channels
        side = positions(side, 3, 2) if pooled else side
    assert side == 6
    dense = 256 * 6 * 6 * 4096 + 4096 * 4096 + 4096 * 1000
    assert agrees(printed(CHAPTER, "cell-070", 1), 100 * convolutions / (convolutions + dense))


def test_weights_of_a_mean_as_a_convolution():
    """Average pooling of three channels, pixel by pixel: what a 1 at one place of the window adds to the mean of it.

    These are the weights of the convolution, for each map a row; the first column is the bias, the mean of nothing.
    """
    found = []
    for m in range(3):
        row = [np.zeros((3, 2, 2))[m].mean()]
        for place in itertools.product(range(3), range(2), range(2)):
            z = np.zeros((3, 2, 2))
            z[place] = 1
            row.append(z[m].mean())
        found.append(row)
    found = np.array(found)
    nonzero = found[found != 0]  # printed as 0., a zero is none of the numbers
    for place in 4, 8:
        assert agrees(printed(CHAPTER, "cell-089", place), nonzero[place])
    text = dict(texts(CHAPTER))["cell-089"]
    assert np.array_equal(np.array(text.replace("[", "").replace("]", "").split(), float).reshape(3, 13), found)


def test_change_of_pooled_edges_by_a_shift():
    """Four edge maps of 200 digits, max pooling 4 x 4, digits moved by four pixels: the relative change.

    An edge is a difference of sums over three pixels; around the image is paper, 0.
    """
    with np.load(ROOT / "nnlib" / "data" / "mnist_subset.npz") as stored:
        images = stored["X_test"][:200].reshape(-1, 28, 28) / 255

    def pooled(images):
        z = np.pad(images, ((0, 0), (1, 1), (1, 1)))
        rows = z[:, :-2] + z[:, 1:-1] + z[:, 2:]  # of three pixels, one below the other
        columns = z[:, :, :-2] + z[:, :, 1:-1] + z[:, :, 2:]
        across, down = rows[:, :, 2:] - rows[:, :, :-2], columns[:, 2:] - columns[:, :-2]
        largest = [
            np.max([edge[:, i::4, j::4] for i, j in np.ndindex(4, 4)], axis=0)
            for edge in (across, -across, down, -down)
        ]
        return np.maximum(largest, 0)

    moved = np.zeros_like(images)
    moved[:, :, 4:] = images[:, :, :-4]
    change = np.linalg.norm(pooled(moved) - pooled(images)) / np.linalg.norm(pooled(images))
    assert agrees(printed(CHAPTER, "cell-028", 7), change)


def test_multiplications_for_each_weight():
    """The network of 5 x 5 windows, 8 and 16 maps: how often a weight is multiplied, on average, unit by unit."""
    side, channels, multiplications, weights = 28, 1, 0, 0
    for maps in 8, 16:
        side = positions(side, 5)
        weights += maps * (1 + 25 * channels)
        multiplications += sum(25 * channels for _unit in range(maps * side * side))
        side, channels = positions(side, 2, 2), maps
    inputs = channels * side * side
    weights, multiplications = weights + 10 * (1 + inputs), multiplications + 10 * inputs
    assert agrees(printed(CHAPTER, "cell-063", 0), multiplications / weights)
