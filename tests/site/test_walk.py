"""Every page in a browser: on a desktop and on a phone, in the light and in the dark, served and from a disk."""

BYTES = 1_500_000  # before compression, with all that a page asks for
REQUESTS = 45


def test_nothing_is_wrong_with_a_page_on_a_desktop(window, address, report, page):
    """Served, with an empty cache: in the light and in the dark, narrow too, and it is not heavy.

    What axe-core says of colours takes it most of its time, so in the dark it is asked for that alone.
    """
    size = {}
    with window(address) as reader:
        opened = reader.look(page, lambda tab, url: size.update(report.weigh(tab, url)))
        for width in (390, 1300):
            opened.set_viewport_size({"width": width, "height": 900})
            reader.turn(opened, "dark")
            reader.stumble(opened, f"{page}, dark, {width} px")
        reader.note("axe-core", f"{page}, dark", *report.axe(opened, others=False))
        reader.turn(opened, "light")
        reader.note("axe-core", f"{page}, light", *report.axe(opened))
    assert reader.found() == {}
    assert size["bytes"] <= BYTES
    assert size["requests"] <= REQUESTS
    assert size["stylesheet"] > 50_000, "what is weighed is the whole page"


def test_nothing_is_wrong_with_a_page_on_a_phone(window, disk, report, page):
    """From a disk, where less works than from a server. Colours do not depend on the width."""
    if page != "404.html":  # which only a server shows
        with window(disk, width=390) as reader:
            opened = reader.look(page)
            reader.note("axe-core", f"{page}, 390 px", *report.axe(opened, colours=False))
        assert reader.found() == {}
