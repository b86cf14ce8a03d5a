"""What is wrong with numbers, in words: only what is certain, and never more digits than it takes to see it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from fractions import Fraction

import numpy as np


def apart(found: float, wanted: float, digits: int = 6) -> tuple[str, str]:
    """Two different numbers, with as many digits as it takes to tell them apart.

    Parameters
    ----------
    found, wanted : float
        The numbers.
    digits : int
        With at least so many.

    Returns
    -------
    tuple of str
        Both.
    """
    for precision in range(digits, 18):
        one, other = f"{found:.{precision}g}", f"{wanted:.{precision}g}"
        if one != other:
            break
    return one, other


def both(found: np.ndarray, wanted: np.ndarray, wrong: np.ndarray) -> str:
    """What was found beside what was expected, or of a large array the worst entry.

    Parameters
    ----------
    found, wanted : numpy.ndarray
        Of one shape.
    wrong : numpy.ndarray
        Which entries differ; in print they do so too.

    Returns
    -------
    str
        A few words, or some lines.
    """
    if found.size == 1:
        return "found {}, expected {}".format(*apart(found.item(), wanted.item()))
    if found.size <= 16:
        plain, exact = ((digits, True) for digits in range(5, 9)), ((digits, False) for digits in range(5, 18))
        for digits, no_exponents in (*plain, *exact):
            shown, target = (_printed(array, digits, no_exponents) for array in (found, wanted))
            entries = [re.findall(r"[^\s\[\]]+", text) for text in (shown, target)]
            if all(one != other for one, other, bad in zip(*entries, wrong.flat, strict=True) if bad):
                break
        return f"found\n{shown}\nexpected\n{target}"
    worst = np.unravel_index(np.argmax(np.where(wrong, np.abs(found - wanted), -1.0)), found.shape)
    one, other = apart(found[worst].item(), wanted[worst].item())
    count = f"{np.sum(wrong)} of {found.size} entries {'differ' if np.sum(wrong) > 1 else 'differs'}"
    return f"entry {[int(i) for i in worst]} is {one}, expected {other} ({count})"


def _printed(array: np.ndarray, digits: int, no_exponents: bool) -> str:
    return np.array2string(array + 0.0, precision=digits, suppress_small=no_exponents, max_line_width=100)


def axis(found: tuple[int, ...], wanted: tuple[int, ...]) -> str:
    """Does a shape differ by axes of length 1 alone?

    Parameters
    ----------
    found, wanted : tuple of int
        Two shapes.

    Returns
    -------
    str
        What there is too much or missing; nothing if it is something else.
    """
    if found == wanted or [n for n in found if n != 1] != [n for n in wanted if n != 1]:
        return ""
    if len(found) > len(wanted):
        return "It has an axis of length 1 too many, as keepdims=True or a slice like i:i+1 leave it."
    if len(found) < len(wanted):
        return "An axis of length 1 is missing, as a sum without keepdims=True or an index like [:, j] take it away."
    return "An axis of length 1 stands in another place."


def pattern(found: np.ndarray, wanted: np.ndarray, allowed: np.ndarray) -> str:
    """What is wrong with all entries alike, or with some alone.

    Parameters
    ----------
    found, wanted : numpy.ndarray
        Of one shape, and they differ.
    allowed : numpy.ndarray
        By how much an entry may differ.

    Returns
    -------
    str
        A sentence, or nothing if there is none that is certain.
    """
    return next(_patterns(found, wanted, allowed), "")


def _patterns(found: np.ndarray, wanted: np.ndarray, allowed: np.ndarray) -> Iterator[str]:
    def fit(one: np.ndarray, other: np.ndarray) -> bool:
        return one.shape == other.shape and bool(np.all(np.abs(one - other) <= np.min(allowed)))

    single = found.size == 1
    if not single and not np.any(found):
        yield "Every entry is 0."
    if fit(-found, wanted):
        yield "The sign is wrong." if single else "Every entry has the wrong sign."
    if single:
        return
    if factor := _factor(found, wanted, allowed):
        yield f"Every entry is {factor} what is expected."
    if not fit(wanted, np.full_like(wanted, wanted.flat[0])):
        shift = (found - wanted).flat[0]
        if fit(found - shift, wanted):
            yield f"Every entry is too {'large' if shift > 0 else 'small'} by {abs(shift):.4g}."
    yield from _places(found, wanted, fit)
    yield from _region(np.abs(found - wanted) > allowed)


def _factor(found: np.ndarray, wanted: np.ndarray, allowed: np.ndarray) -> str:
    """A simple one: a whole number, or a fraction such as 1/2 or n / (n - 1)."""
    largest = np.argmax(np.abs(wanted))
    if np.sum(np.abs(wanted) > 100 * allowed) < 2:
        return ""
    factor = Fraction((found.flat[largest] / wanted.flat[largest]).item()).limit_denominator(12)
    simple = factor and (1 in (abs(factor.numerator), factor.denominator) or abs(factor.numerator) <= 12)
    if not simple or not np.all(np.abs(found - float(factor) * wanted) <= max(factor, 1) * allowed):
        return ""
    said = {Fraction(2): "twice", Fraction(1, 2): "half of"}.get(abs(factor), "")
    return ("minus " if factor < 0 else "") + (said or f"{abs(factor)} {'times' if abs(factor) > 1 else 'of'}")


def _places(found: np.ndarray, wanted: np.ndarray, fit: Callable[[np.ndarray, np.ndarray], bool]) -> Iterator[str]:
    """Right numbers in wrong places."""
    if found.ndim > 1:
        for moved, said in (found.swapaxes(-1, -2), "are exchanged"), (found[..., ::-1, ::-1], "run backwards"):
            if fit(moved, wanted):
                yield f"Rows and columns {said}."
    if found.ndim == 1 and fit(found[::-1], wanted):
        yield "The numbers are right, in the opposite order."
    if found.ndim == 1 and len(found) <= 1000 and fit(np.sort(found), np.sort(wanted)):
        yield "The numbers are right, in another order."
    if found.ndim != 2:
        return
    for one, other, said in (found, wanted, "rows"), (found.T, wanted.T, "columns"):
        if len(one) > 1 and fit(one, np.roll(one, 1, axis=0)) and not fit(other, np.roll(other, 1, axis=0)):
            yield f"All {said} are alike."
        order = [next((i for i, row in enumerate(one) if fit(row, line)), -1) for line in other[:100]]
        if sorted(order) == list(range(len(one))):
            yield f"The {said} are right, in another order."


def _region(wrong: np.ndarray) -> Iterator[str]:
    """Where alone it is wrong."""
    if wrong.size < 4:
        return
    if np.sum(wrong) == 1:
        yield f"Only entry {[int(i) for i in np.argwhere(wrong)[0]]} is wrong."
    elif wrong.ndim == 2:
        rows, columns = (np.flatnonzero(wrong.any(axis=k)) for k in (1, 0))
        for lines, said, all_of_them in (columns, "column", wrong.shape[1]), (rows, "row", wrong.shape[0]):
            if len(lines) == 1 < all_of_them:
                yield f"Only {said} {lines[0]} is wrong."
