"""The findings as Markdown, and as one HTML file that needs nothing else and can be read on a phone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from string import Template

from qlib_mfgru.provider.check.table import HEADINGS, Row, counts

_DATE = re.compile(r"\d{4}-\d\d-\d\d")

_PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>
body { font: 15px/1.45 system-ui, sans-serif; margin: 1.5rem auto; max-width: 75rem; padding: 0 1rem; color: #1a1a1a; }
h1 { font-size: 1.25rem; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .4rem .6rem; border-bottom: 1px solid #ddd; }
td { overflow-wrap: anywhere; }
td:first-child { overflow-wrap: normal; }
th { font-weight: 600; white-space: nowrap; }
.number { text-align: right; font-variant-numeric: tabular-nums; overflow-wrap: normal; }
.error td:first-child { color: #b00020; font-weight: 600; }
.warning td:first-child { color: #8a5a00; font-weight: 600; }
.note td:first-child { color: #555; }
.whole { white-space: nowrap; }
@media (max-width: 64rem) { body { font-size: 14px; } th, td { padding: .35rem .4rem; } }
@media (max-width: 44rem) {
  thead { display: none; }
  tr { display: block; padding: .6rem 0; border-bottom: 2px solid #bbb; }
  td { display: grid; grid-template-columns: 7.5rem 1fr; padding: .15rem 0; border: 0; }
  td.number { display: inline-block; text-align: left; padding-right: 1.2rem; }
  td::before { content: attr(data-label); color: #555; font-weight: 400; }
  td.number::before { padding-right: .5rem; }
  td:empty { display: none; }
}
</style>
</head>
<body>
<h1>$title</h1>
<p>$summary</p>
$table
</body>
</html>
""")


def summary(rows: Sequence[Row]) -> str:
    """How many kinds of each severity there are, in a sentence."""
    if not rows:
        return "Nothing to report."
    words = [f"{count} {severity}{'s' if count != 1 else ''}" for severity, count in counts(rows).items() if count]
    return f"{', '.join(words)}."


def as_markdown(title: str, rows: Sequence[Row]) -> str:
    """A heading, a sentence and the table."""
    lines = [list(HEADINGS), ["---"] * len(HEADINGS), *(row.cells() for row in rows)]
    text = "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
    return f"# {title}\n\n{summary(rows)}\n" + (f"\n{text}\n" if rows else "")


def as_html(title: str, rows: Sequence[Row]) -> str:
    """A whole page."""
    head = "".join(f"<th{_number(name)}>{escape(name)}</th>" for name in HEADINGS)
    body = "\n".join(_line(row) for row in rows)
    table = f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>" if rows else ""
    return _PAGE.substitute(title=escape(title), summary=escape(summary(rows)), table=table)


def _line(row: Row) -> str:
    cells = zip(HEADINGS, row.cells(), strict=True)
    return (
        f'<tr class="{row.severity}">'
        + "".join(f'<td data-label="{escape(name)}"{_number(name)}>{_cell(cell)}</td>' for name, cell in cells)
        + "</tr>"
    )


def _cell(text: str) -> str:
    """Text whose dates stay on one line; on a phone it is one box beside its label."""
    html = _DATE.sub(r'<span class="whole">\g<0></span>', escape(text))
    return f"<span>{html}</span>" if html else ""


def _number(name: str) -> str:
    return ' class="number"' if name in ("count", "judged", "stocks") else ""
