"""A notebook without what nobody reads: its outputs, which are run anew, and the state of its widgets.

Plots make a notebook of a hundred kilobytes one of fifty megabytes. What is dropped is cut out of the text, before a
list or a dictionary is made of anything: of a file that was made to be large, no more than its bytes is held.
"""

from __future__ import annotations

import json
import re

__all__ = ["MAX_BYTES", "MAX_PICTURES", "MAX_READ", "lean"]

MAX_READ = 100_000_000  # bytes of a file: more is read of none
MAX_BYTES = 10_000_000  # without outputs and pictures: the longest assignment has 200 kB
MAX_PICTURES = 40_000_000  # of attached pictures: ten photos as a telephone takes them
MOST_PARTS = 3_000_000  # texts and brackets: a notebook with plots has some thousands
# each alternative matches wherever it begins, so that the search never starts anew in a text that has no end
PART = re.compile(rb'"(?:[^"\\]++|\\.)*+\\?"?|[\[\]{}]', re.DOTALL)
DROPPED = {b'"outputs"': b"[]", b'"widgets"': b"{}"}
COUNTED = b'"attachments"'


def lean(data: bytes) -> bytes | None:
    """Drop what nobody reads from a file with more than ``MAX_BYTES``.

    Parameters
    ----------
    data : bytes
        Of a file that should be a notebook.

    Returns
    -------
    bytes or None
        The file itself, where it is small. None if what is left is too much.
    """
    if len(data) <= MAX_BYTES:
        return data
    if (encoding := json.detect_encoding(data[:4])) not in ("utf-8", "utf-8-sig"):
        data = data.decode(encoding, "replace").encode("utf-8", "replace")
    kept, start, pictures, depth = list[bytes](), 0, 0, 0
    inside: tuple[int, bytes, int] | None = None  # what is dropped or counted: its depth, its name and where it begins
    name: re.Match[bytes] | None = None
    for number, part in enumerate(PART.finditer(data)):
        if number > MOST_PARTS:
            return None
        sign = data[part.start() : part.start() + 1]
        if sign == b'"':
            name = part
            continue
        if sign in b"[{":
            if inside is None and name and part.start() - name.end() < 10 and name.end() - name.start() < 20:
                key = name[0]
                if DROPPED.get(key, b"")[:1] == sign or (key == COUNTED and sign == b"{"):
                    inside = depth, key, part.start()
            depth += 1
        else:
            depth -= 1
            if inside and inside[0] == depth:
                if inside[1] in DROPPED:
                    kept += [data[start : inside[2]], DROPPED[inside[1]]]
                    start = part.end()
                else:
                    pictures += part.end() - inside[2]
                inside = None
        name = None
    kept.append(data[start:])
    left = b"".join(kept)
    return left if pictures <= MAX_PICTURES and len(left) - pictures <= MAX_BYTES else None
