"""Which pages changed: compares the articles of two built sites and prints a list in Markdown.

python scripts/changed_pages.py PUBLISHED BUILT
"""

import argparse
import difflib
from collections.abc import Iterator
from pathlib import Path

from bs4 import BeautifulSoup


def articles(site: Path) -> dict[str, list[str]]:
    """For each page its lines; a figure is a line with the name of its file, which is made from its content."""
    found = {}
    for file in sorted(site.rglob("*.html")):
        article = BeautifulSoup(file.read_text(encoding="utf-8"), "html.parser").select_one("article.bd-article")
        if article is not None:
            for image in article.select("img"):
                image.replace_with(Path(str(image["src"])).name)
            found[file.relative_to(site).as_posix()] = article.get_text().split("\n")
    return found


def changes(old: dict[str, list[str]], new: dict[str, list[str]]) -> Iterator[str]:
    """A line for each page that is new, gone or different."""
    for page in sorted(old.keys() | new.keys()):
        if page not in old:
            yield f"- `{page}` is new"
        elif page not in new:
            yield f"- `{page}` is gone"
        elif old[page] != new[page]:
            lines = [line[0] for line in difflib.ndiff(old[page], new[page])]
            yield f"- `{page}`: {lines.count('+')} lines added, {lines.count('-')} removed"


def main() -> None:
    parser = argparse.ArgumentParser(description="list the pages that differ between two built sites")
    parser.add_argument("published", type=Path)
    parser.add_argument("built", type=Path)
    arguments = parser.parse_args()
    found = list(changes(articles(arguments.published), articles(arguments.built)))
    print(f"### {len(found)} pages changed\n" if found else "No page changed.")
    print("\n".join(found))


if __name__ == "__main__":
    main()
