"""In which manner a value is wrong, as far as that tells no right number: a sign, a factor, a column, an order."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["manner"]

NEAR = 1e-6  # relative to the largest entry
FACTORS = (2.0, 3.0, 4.0, 0.5, 1 / 3, 0.25)


def manner(found: np.ndarray, wanted: np.ndarray) -> dict[str, Any]:
    """The manner as a word, and its data: no number that was wanted can be read off.

    Parameters
    ----------
    found, wanted : array
        Of one shape, finite, and not the same.

    Returns
    -------
    dict
        ``how`` is ``zero``, ``sign``, ``factor`` (with ``factor``, or without where it is no simple one), ``offset``,
        ``signs`` (of some entries), ``transposed``, ``alike`` (all rows), ``order`` (of rows), ``shifted`` or, with
        the ``index`` from 0, ``row`` or ``column``, the only one that is wrong. Empty where none of them fits.
    """
    scale = float(np.max(np.abs(wanted))) or 1.0
    found = np.clip(found, -1e99, 1e99)  # its square is finite

    def near(one: np.ndarray, other: np.ndarray) -> bool:
        return one.shape == other.shape and bool(np.all(np.abs(one - other) <= NEAR * scale))

    if not found.any():
        return {"how": "zero"}
    if near(found, -wanted):
        return {"how": "sign"}
    ratio = float(np.vdot(wanted, found) / np.vdot(wanted, wanted)) if wanted.any() else 0.0
    if found.size > 1 and ratio and near(found, ratio * wanted):
        lengths = sorted({*found.shape} - {1})
        known = [*FACTORS, *map(float, lengths), *(1 / length for length in lengths)]
        simple = next((factor for factor in known if abs(ratio / factor - 1) < 1e-5), None)
        return {"how": "factor"} | ({"factor": simple} if simple else {})
    if found.size > 2 and near(found - wanted, np.full(found.shape, np.mean(found - wanted))):
        return {"how": "offset"}
    if near(np.abs(found), np.abs(wanted)):
        return {"how": "signs"}
    if found.ndim == 2 and near(found.T, wanted):
        return {"how": "transposed"}
    if not found.ndim or len(found) < 2:
        return {}
    wrong = np.abs(found - wanted) > NEAR * scale
    for axis, name in enumerate(("row", "column")[: found.ndim] if found.ndim == 2 else ()):
        places = np.flatnonzero(wrong.any(axis=1 - axis))
        if len(places) == 1 and found.shape[axis] > 1:
            return {"how": name, "index": int(places[0])}
    if found.ndim > 1 and near(found, np.broadcast_to(found[:1], found.shape)):
        return {"how": "alike"}
    if near(found[1:], wanted[:-1]) or near(found[:-1], wanted[1:]):
        return {"how": "shifted"}
    if near(_sorted(found), _sorted(wanted)):
        return {"how": "order"}
    return {}


def _sorted(rows: np.ndarray) -> np.ndarray:
    """The rows in an order of their own."""
    flat = rows.reshape(len(rows), -1)
    return np.asarray(flat[np.lexsort(np.round(flat, 6).T[::-1])])
