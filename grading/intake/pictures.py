"""Pictures in what a student hands in: looked at before a browser gets them."""

from __future__ import annotations

import base64
import binascii
import io
import warnings

from PIL import Image

__all__ = ["checked"]

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
