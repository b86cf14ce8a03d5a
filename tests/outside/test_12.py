"""Chapter 12, GPUs, from outside: operations are counted one by one, and what travels is collected place by place."""

import itertools

import numpy as np
from pages import agrees, printed

CHAPTER = "12-gpu"


class Counted(float):
    """A number that counts the multiplications and additions that it takes part in."""

    times = plus = 0

    def __mul__(self, other):
        Counted.times += 1
        return Counted(float(self) * float(other))

    def __add__(self, other):
        Counted.plus += 1
        return Counted(float(self) + float(other))


def count(sizes, batch):
    """Multiplications of one step, unit by unit: forward, back, and for the weights; each weight has its addition."""
    times = 0
    for layer, (inputs, outputs) in enumerate(itertools.pairwise(sizes)):
        for _unit in range(outputs):
            times += batch * (1 + inputs)  # its sum: the bias and each input, for each observation
            times += batch * (1 + inputs)  # the derivative for each of its weights: delta times what comes in
        if layer:  # the first layer sends nothing back
            for _unit in range(inputs):
                times += batch * outputs  # its delta: from all units behind it
    return times


def really(sizes, batch):
    """The same step on numbers that count: only the products, the slopes of the hidden units are left out."""
    rng = np.random.default_rng(0)

    def numbers(shape):
        return [[Counted(x) for x in row] for row in rng.normal(size=shape)]

    def total(products):
        result = Counted(0)  # as an accumulator starts: each product has its addition
        for product in products:
            result = result + product
        return result

    one = Counted(1)
    W = [numbers((m, 1 + n)) for n, m in itertools.pairwise(sizes)]
    z = [numbers((batch, sizes[0]))]
    Counted.times = Counted.plus = 0
    for W_l in W:
        z.append([[total(w * x for w, x in zip(row, [one, *x_i], strict=True)) for row in W_l] for x_i in z[-1]])
    delta = z.pop()
    for layer in reversed(range(len(W))):
        for unit in range(sizes[layer + 1]):
            for s in range(1 + sizes[layer]):
                total(d[unit] * ([one, *x][s]) for d, x in zip(delta, z[layer], strict=True))
        if layer:
            columns = list(zip(*W[layer], strict=True))[1:]
            delta = [[total(w * d for w, d in zip(column, row, strict=True)) for column in columns] for row in delta]
    return Counted.times, Counted.plus


def test_the_count_is_that_of_a_step_that_is_really_made():
    """As many multiplications as the count says, and as many additions: on numbers that count both."""
    for sizes, batch in ([4, 3, 2], 5), ([5, 4, 3, 2], 3), ([3, 2], 4):
        assert really(sizes, batch) == (count(sizes, batch),) * 2


def test_operations_of_a_step():
    """Multiplications and additions of a step with 128 observations, counted unit by unit."""
    for place, hidden in enumerate(([30], [512, 256], [4096, 4096])):
        assert agrees(printed(CHAPTER, "c03", place), 2 * count([784, *hidden, 10], 128))


def test_operations_for_each_number_moved():
    """A dense layer of 500 inputs and 40 units, one observation: each number that a product needs is fetched once."""
    moved, operations = set(), 0
    for unit in range(40):
        moved.add(("output", unit))
        for s in range(20 * 25):
            moved |= {("weight", unit, s), ("input", s)}
            operations += 2
    assert agrees(printed(CHAPTER, "c21", 0), operations / len(moved))
