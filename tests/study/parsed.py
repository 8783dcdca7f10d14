"""A page as a test reads it: its tables by section, ids, links and texts."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class ParsedTable:
    """Rows as mappings of a column's name to text and number; `sources` says whose figures each row holds."""

    section: str
    title: str = ""
    names: list[str] = field(default_factory=list)
    rows: list[dict[str, tuple[str, float | None]]] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)


class ParsedPage(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tables: list[ParsedTable] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.figures: list[str] = []
        self.texts: dict[str, str] = {}
        self._sections: list[str] = []
        self._cell: tuple[str, float | None] | None = None
        self._title = ""
        self._in_title = False
        self.feed(html)

    def table(self, section: str, title: str = "") -> ParsedTable:
        """The first table of a section, or the one with that title."""
        return next(each for each in self.tables if each.section == section and title in each.title)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if found.get("id"):
            self.ids.append(str(found["id"]))
        if tag == "a":
            self.links.append(str(found.get("href")))
        if tag == "section":
            self._sections.append(str(found.get("id")))
            self._title = ""
            self.figures += [str(found["data-figure"])] if "data-figure" in found else []
        if tag == "h4":
            self._title, self._in_title = "", True
        if tag == "table":
            self.tables.append(ParsedTable(self._sections[-1], self._title))
            self._title = ""
        if tag == "th":
            self.tables[-1].names.append(str(found["data-name"]))
        if tag == "tr" and "class" in found:
            self.tables[-1].rows.append({})
            self.tables[-1].sources.append(str(found["class"]))
        if tag == "td":
            value = found.get("data-value")
            self._cell = ("", None if value is None else float(value))

    def handle_endtag(self, tag: str) -> None:
        if tag == "section":
            self._sections.pop()
        if tag == "h4":
            self._in_title = False
        if tag == "td":
            assert self._cell is not None
            table = self.tables[-1]
            table.rows[-1][table.names[len(table.rows[-1])]] = self._cell
            self._cell = None

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self._title += data
        if self._cell is not None:
            self._cell = (self._cell[0] + data, self._cell[1])
        for section in self._sections:
            self.texts[section] = self.texts.get(section, "") + data
