"""A picture is a picture of the kind that it says, or is not shown."""

import base64
import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageFile

from grading.intake.pictures import MAX_BYTES, checked
from grading.run import execution


def encoded(data):
    return base64.b64encode(data).decode()


def drawn(kind="PNG", size=(5, 4), mode="RGB", **options):
    file = io.BytesIO()
    Image.new(mode, size).save(file, kind, **options)
    return file.getvalue()


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def claimed(width, height):
    """A PNG of a few bytes that says it is large."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


PNG, JPEG = drawn(), drawn("JPEG")


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_pictures_pass_in_one_line(mode):
    data = drawn(mode=mode)
    assert checked("image/png", encoded(data)) == encoded(data)
    broken = "\n".join(encoded(data)[start : start + 76] for start in range(0, len(encoded(data)), 76)) + "\n"
    assert checked("image/png", broken) == encoded(data)
    assert checked("image/jpeg", encoded(JPEG)) == encoded(JPEG)
    assert checked("image/jpeg", encoded(drawn("JPEG", progressive=True)))


def test_what_matplotlib_draws_passes():
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 8), dpi=300)
    figure.subplots().plot(np.arange(10))
    for kind in ("png", "jpeg"):
        file = io.BytesIO()
        figure.savefig(file, format=kind)
        assert checked(f"image/{kind}", encoded(file.getvalue()))


REFUSED = {
    "text": ("image/png", "<text>"),
    "base64 of text": ("image/png", encoded(b"text")),
    "nothing": ("image/png", ""),
    "no text": ("image/png", 7),
    "a list": ("image/png", ["iVBO"]),
    "the beginning of a PNG": ("image/png", encoded(b"\x89PNG\r\n\x1a\n")),
    "a beginning, then a script": ("image/png", encoded(b"\x89PNG\r\n\x1a\n<script>alert(1)</script>")),
    "half of a PNG": ("image/png", encoded(PNG[: len(PNG) // 2])),
    "a damaged PNG": ("image/png", encoded(PNG.replace(b"IDAT", b"IDAU"))),
    "the beginning of a JPEG": ("image/jpeg", encoded(b"\xff\xd8\xff")),
    "a JPEG that says PNG": ("image/png", encoded(JPEG)),
    "a PNG that says JPEG": ("image/jpeg", encoded(PNG)),
    "a GIF that says PNG": ("image/png", encoded(drawn("GIF", mode="P"))),
    "SVG": ("image/svg+xml", encoded(b"<svg onload=alert(1)>")),
    "SVG that says PNG": ("image/png", encoded(b"<svg onload=alert(1)>")),
    "another kind": ("image/gif", encoded(drawn("GIF", mode="P"))),
    "a page": ("text/html", encoded(PNG)),
    "characters outside of base64": ("image/png", encoded(PNG) + '" onerror="alert(1)'),
    "letters like those of base64": ("image/png", encoded(PNG).replace("A", "А")),
    "other base64": ("image/png", encoded(PNG).replace("+", "-").replace("/", "_").rstrip("=") + "_"),
    "too many bytes": ("image/png", encoded(PNG + bytes(MAX_BYTES))),
    "too many pixels": ("image/png", encoded(claimed(10_000, 10_000))),
    "far too many pixels": ("image/png", encoded(claimed(2**31 - 1, 2**31 - 1))),
    "no pixels": ("image/png", encoded(claimed(0, 0))),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_none_is_refused(kind):
    assert checked(*REFUSED[kind]) is None


@pytest.mark.parametrize("kind", REFUSED)
def test_no_such_output_leaves_the_sandbox(kind):
    """Of an output that is no picture its text stays."""
    mime, data = REFUSED[kind]
    told = [{"output_type": "display_data", "data": {mime: data, "text/plain": "words"}, "metadata": {}}]
    (out,) = execution._outputs(told, 1, execution.MOST_CELL)
    assert dict(out.data) == {"text/plain": "words"}


def test_none_is_unpacked(monkeypatch):
    """A file of some kilobytes would cost seconds, as often as a student likes."""
    data = drawn(size=(6_000, 6_000))
    assert len(data) < 200_000
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda _: pytest.fail("it is unpacked"))
    assert checked("image/png", encoded(data))
