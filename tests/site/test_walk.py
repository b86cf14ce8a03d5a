"""Every page in a browser: on a desktop and on a phone, in the light and in the dark, served and from a disk."""

import pytest

BYTES = 1_500_000  # before compression, with all that a page asks for
REQUESTS = 45


@pytest.mark.parametrize("width", [1300, 390])
def test_nothing_is_wrong_with_a_page(window, address, report, page, width):
    """Opened with an empty cache, and looked at in the light and in the dark; and it is not heavy.

    Contrast takes axe-core most of its time, and does not depend on the width: it is looked at on the desktop. Its other
    rules do not depend on the colours: on the phone they are looked at in the light.
    """
    size = {}
    with window(address, "light", width) as reader:
        opened = reader.look(page, lambda tab, url: size.update(report.weigh(tab, url)))
        reader.turn(opened, "dark")
        reader.stumble(opened, f"{page}, dark, {width} px")
        for scheme in ("dark", "light") if width == 1300 else ("light",):
            reader.turn(opened, scheme)
            found = report.axe(opened, contrast=width == 1300)
            reader.note("axe-core", f"{page}, {scheme}, {width} px", *found)
    assert reader.found() == {}
    assert size["bytes"] <= BYTES
    assert size["requests"] <= REQUESTS
    assert size["stylesheet"] > 50_000, "what is weighed is the whole page"


def test_nothing_is_wrong_with_a_page_from_a_disk(window, disk, page):
    if page != "404.html":  # which only a server shows
        with window(disk) as reader:
            reader.look(page)
        assert reader.found() == {}
