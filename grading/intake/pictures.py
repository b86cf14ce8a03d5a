"""Pictures in what a student hands in: looked at before a browser gets them."""

from __future__ import annotations

import base64
import binascii
import io
import posixpath
import re
import warnings
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote

from PIL import Image

__all__ = ["Album", "checked"]

FORMATS = {"image/png": "PNG", "image/jpeg": "JPEG"}
MAX_BYTES = 6_000_000
MAX_PIXELS = 40_000_000  # a phone's photo of a proof; unpacked, each takes four bytes of whoever looks at the page


def checked(mime: str, text: object) -> str | None:
    """A picture as it may be shown.

    Parameters
    ----------
    mime : str
        What it is said to be: ``image/png`` or ``image/jpeg``.
    text : object
        Base64, with or without line breaks.

    Returns
    -------
    str or None
        The base64 in one line, or None if this is no picture of that kind, or too large.
    """
    if mime not in FORMATS or not isinstance(text, str) or len(text) > 2 * MAX_BYTES:
        return None
    try:
        data = base64.b64decode("".join(text.split()), validate=True)
        if len(data) > MAX_BYTES:
            return None
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # Pillow warns of what would unpack to very much
            with Image.open(io.BytesIO(data), formats=[FORMATS[mime]]) as picture:
                if picture.width * picture.height > MAX_PIXELS:
                    return None
                picture.verify()  # without unpacking, which would take as long as a student likes
    except (binascii.Error, ValueError, OSError, SyntaxError, Warning, Image.DecompressionBombError):
        return None
    return base64.b64encode(data).decode()


# ---------------------------------------------------------------------------------------------- of a cell of words


MAX_PICTURES = 30  # of a notebook
MAX_ALL = 40_000_000  # characters of them all
INLINE = re.compile(r"data:(image/[\w.+-]+);base64,([A-Za-z0-9+/=]*)")
TAG = re.compile(r"<img\b([^<>]{0,2000})>", re.IGNORECASE)
SOURCE = re.compile(r"\bsrc\s*=\s*[\"']?([^\"'\s>]+)", re.IGNORECASE)
LINK = re.compile(r"(!\[[^\[\]]{0,500}\]\()<?([^()\s<>]{1,300})>?(?=[\s)])")
ENDINGS = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg"}


class Album:
    """The pictures of one notebook: attached, pasted into the text, or files beside it.

    Parameters
    ----------
    files : mapping
        What was handed in beside the notebook, by its name.

    Attributes
    ----------
    left_out : int
        How many were none that may be shown, or too many.
    """

    def __init__(self, files: Mapping[str, bytes] | None = None) -> None:
        self.files = {name: data for name, data in (files or {}).items() if _ending(name) in ENDINGS}
        self.left_out, self._number, self._room = 0, 0, MAX_ALL

    def of(self, text: str, attached: Any) -> tuple[str, dict[str, dict[str, str]]]:
        """A cell's text, in which each picture is an attachment, and these attachments as a notebook keeps them."""
        kept = dict[str, dict[str, str]]()
        for name, kinds in attached.items() if isinstance(attached, dict) else ():
            for mime, data in kinds.items() if isinstance(kinds, dict) else ():
                self._keep(kept, name, mime, "".join(data) if _lines(data) else data)

        def pasted(found: re.Match[str]) -> str:
            name = f"pasted-{self._number}"
            return f"attachment:{name}" if self._keep(kept, name, found[1], found[2]) else "left-out"

        def tag(found: re.Match[str]) -> str:
            source = SOURCE.search(found[1])
            return f"![picture]({source[1]})" if source else found[0]

        def link(found: re.Match[str]) -> str:
            name = posixpath.normpath(unquote(found[2]))
            if name not in self.files or name in kept:
                return found[0] if name not in kept else f"{found[1]}attachment:{quote(name)}"
            data = base64.b64encode(self.files[name]).decode()
            return (
                f"{found[1]}attachment:{quote(name)}"
                if self._keep(kept, name, ENDINGS[_ending(name)], data)
                else found[0]
            )

        return LINK.sub(link, TAG.sub(tag, INLINE.sub(pasted, text))), kept

    def _keep(self, kept: dict[str, dict[str, str]], name: object, mime: str, data: object) -> bool:
        mime = "image/jpeg" if mime == "image/jpg" else mime
        picture = checked(mime, data) if self._number < MAX_PICTURES else None
        if picture is None or len(picture) > self._room or not isinstance(name, str):
            self.left_out += 1
            return False
        self._number += 1
        self._room -= len(picture)
        kept[name[:200].encode("utf-8", "replace").decode()] = {mime: picture}
        return True


def _ending(name: str) -> str:
    return posixpath.splitext(name)[1].lower()


def _lines(data: object) -> bool:
    return isinstance(data, list) and all(isinstance(line, str) for line in data)
