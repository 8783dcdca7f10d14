"""Pages as HTML: every cell, bullet and heading of the Markdown page, and the plots, in one file."""

from __future__ import annotations

from html.parser import HTMLParser

import pandas as pd

from qlib_mfgru.report.markdown import markdown, page
from qlib_mfgru.report.show.html import cells, document, html

FRAME = pd.DataFrame({"what": ["ALL", "<few>", None], "value": [1.234, None, -2.0], "other": ["", "7", ""]})
TABLE = markdown(FRAME, {"value": ".2f"})
PAGE = page("Test & more", [("Layers", TABLE, ["Is `rank_ic` < 1?"]), ("None", "Nothing.", [])], ["A.", "B."])


class Texts(HTMLParser):
    """Texts by the tag that holds them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        if tag in ("td", "th"):
            self.found.append((tag, ""))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in ("td", "th"):
            self.found[-1] = (self.found[-1][0], data)
        elif data.strip() and self.open:
            self.found.append((self.open[-1], data))


def test_every_part_of_a_page() -> None:
    found = Texts(html(PAGE)).found
    assert [text for tag, text in found if tag == "th"] == ["what", "value", "other"]
    assert [text for tag, text in found if tag == "td"] == ["ALL", "1.23", "", "<few>", "", "7", "", "-2.00", ""]
    assert [text for tag, text in found if tag in ("h1", "h2")] == [
        "Test & more", "Layers", "None", "Conventions of all tables"]  # fmt: skip
    assert [text for tag, text in found if tag == "li"] == ["Is ", " < 1?", "A.", "B."]
    assert ("code", "rank_ic") in found
    assert ("p", "Nothing.") in found


def test_one_file_with_its_pictures_behind_the_first_section() -> None:
    text = document(PAGE, {"layers.png": b"abc"})
    parts = ["<h1>Test &amp; more</h1>", "<h2>Layers", "data:image/png;base64,YWJj", "<h2>None", "<h2>Conventions"]
    places = [text.index(part) for part in parts]
    assert places == sorted(places)
    assert "<title>Test &amp; more</title>" in text
    assert "http" not in text


def test_numbers_stand_at_the_right() -> None:
    assert '<td class="number">-2.00</td>' in html(TABLE)
    assert "<td>ALL</td>" in html(TABLE)


def test_cells_of_a_table() -> None:
    assert cells(TABLE.splitlines())[1:3] == [["ALL", "1.23", ""], ["<few>", "", "7"]]
    named = markdown(pd.DataFrame({"c | d": ["GRU | day", "a|b"], "sharpe": [1.5, 2.0]}))
    assert cells(named.splitlines()) == [["c | d", "Sharpe"], ["GRU | day", "1.50"], ["a|b", "2.00"]]
    assert r"| GRU \| day | 1.50 |" in named
