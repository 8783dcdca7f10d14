"""README.md and README.zh.md say the same, link to what is there, and quote the figures of the page on real bars."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ENGLISH, CHINESE = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh.md"))
BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)
LINK = re.compile(r"\]\(([^)]+)\)")
NUMBER = re.compile(r"\d{4}-\d\d-\d\d|(?<!\w)-\d+\.\d+|\d+(?:[.,]\d+)*")
"""A date, a number below 0, or any other; hyphens elsewhere are none of a number's."""


def sections(text: str) -> list[str]:
    """The page without its listings, from one heading to the next."""
    return re.split(r"^## ", BLOCK.sub("", text), flags=re.MULTILINE)


def listings(text: str) -> list[tuple[str, list[str]]]:
    """Language and lines of each listing, without comments, which are in the page's own language."""
    return [(kind, [re.sub(r"\s+# .*", "", line) for line in code.splitlines()]) for kind, code in BLOCK.findall(text)]


def numbers(section: str) -> Counter[str]:
    """What is counted, measured or dated in a section; addresses of links are no figures."""
    return Counter(NUMBER.findall(LINK.sub("]", section)))


def links(section: str) -> Counter[str]:
    """Where a section points to, the other language aside."""
    return Counter(link for link in LINK.findall(section) if not link.startswith("README"))


def anchors(page: Path) -> set[str]:
    """Names of a page's headings, as GitHub and mkdocs make them."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title).strip().lower().replace(" ", "-") for title in titles}


PAIRS = list(zip(sections(ENGLISH), sections(CHINESE), strict=True))
TITLES = [english.splitlines()[0] for english, _ in PAIRS]


def test_listings_are_the_same() -> None:
    assert listings(ENGLISH) == listings(CHINESE)


@pytest.mark.parametrize(("english", "chinese"), PAIRS, ids=TITLES)
def test_sections_have_the_same_figures_and_links(english: str, chinese: str) -> None:
    assert numbers(english) == numbers(chinese)
    assert links(english) == links(chinese)
    assert english.count("\n|") == chinese.count("\n|")
    assert english.count("\n- ") == chinese.count("\n- ")


@pytest.mark.parametrize("page", [ENGLISH, CHINESE], ids=["README.md", "README.zh.md"])
def test_links_lead_somewhere(page: str) -> None:
    for link in LINK.findall(page):
        file, _, anchor = link.partition("#")
        if not link.startswith("https://"):
            assert (ROOT / file).is_file(), link
            assert not anchor or anchor in anchors(ROOT / file), link


def test_results_are_those_of_the_page_on_real_bars() -> None:
    (results,) = (english for english, _ in PAIRS if english.startswith("Results"))
    measured = [NUMBER.findall(line) for line in (ROOT / "docs/real_data.md").read_text(encoding="utf-8").splitlines()]
    assert numbers(results).keys() <= {number for line in measured for number in line}
    rows = [NUMBER.findall(line.split("|", 2)[2]) for line in results.splitlines() if line.startswith("|")]
    for row in filter(None, rows):
        assert any(in_order(row, line) for line in measured), row


def in_order(row: list[str], line: list[str]) -> bool:
    """Whether a line of the page has these figures one after the other, perhaps with others between them."""
    rest = iter(line)
    return all(number in rest for number in row)
