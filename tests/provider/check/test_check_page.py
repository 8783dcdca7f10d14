"""The findings on paper: Markdown and HTML hold the same table."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

from foreign import Foreign

from qlib_mfgru.cli import main
from qlib_mfgru.provider.check.page import as_html, as_markdown
from qlib_mfgru.provider.check.table import Row

ROWS = [
    Row("error", "closes < 0 | odd", 12345, 1000000, 5, ["SH600000 2025-03-03", "SZ000001 2025-03-04"], 'write "x"'),
    Row("note", "stocks without $amount", 1, 3, 1, ["SH600000"]),
]


class Cells(HTMLParser):
    """Collects the cells of a table, and anything that would be loaded from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.external: list[str] = []
        self._in_cell = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.external += [f"{tag} {name}" for name, _ in attrs if name in ("src", "href")]
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self._in_cell = True
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        self._in_cell = self._in_cell and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self._in_cell:
            self.rows[-1][-1] += data


def test_markdown_is_one_table() -> None:
    lines = as_markdown("Check of x", ROWS).splitlines()
    assert lines[2] == "1 error, 1 note."
    assert lines[6] == (
        "| error | closes < 0 \\| odd | 12,345 | 1,000,000 | 5 | SH600000 2025-03-03; SZ000001 2025-03-04 and 3 more "
        '| write "x" |'
    )
    assert as_markdown("Check of x", []) == "# Check of x\n\nNothing to report.\n"


def test_html_has_the_same_cells_and_needs_nothing_else() -> None:
    cells = Cells()
    cells.feed(as_html("Check of <x>", ROWS))
    assert cells.rows[1:] == [row.cells() for row in ROWS]
    assert cells.external == []
    assert '<span class="whole">2025-03-04</span> and 3 more' in as_html("", ROWS)


def test_the_page_is_written(tmp_path: Path) -> None:
    foreign = Foreign(tmp_path / "cn_data")
    for name in ("report.md", "report.html"):
        assert main(["check", str(foreign.path), "--quiet", "--out", str(tmp_path / name)]) == 0
    assert "| warning | stocks without $vwap | 3 | 3 | 3 |" in (tmp_path / "report.md").read_text()
    assert "<td" in (tmp_path / "report.html").read_text()
