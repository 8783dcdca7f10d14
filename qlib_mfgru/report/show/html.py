"""Pages and tables as HTML: what a notebook and mlflow show, in one file without a network."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from itertools import groupby

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 1.5em auto; max-width: 75em; padding: 0 1em; color: #222; }
table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; }
div.wide { overflow-x: auto; }
th, td { padding: .25em .7em; border-bottom: 1px solid #ddd; text-align: left; white-space: nowrap; }
td.number { text-align: right; }
img { max-width: 100%; }
"""
_KINDS = {"#": "heading", "|": "table", "- ": "bullets"}
"""Kind of a block, by how its lines begin; others are paragraphs."""
_NUMBER = re.compile(r"[-+]?[\d,]*\.?\d+(e[-+]?\d+)?%?|inf|nan")


def document(page: str, pictures: Mapping[str, bytes]) -> str:
    """A page of ours (`markdown.page`) with its plots, as one HTML file.

    Parameters
    ----------
    page : str
    pictures : mapping of str to bytes
        Name -> PNG; they stand behind the first section.
    """
    title, first, *rest = page.split("\n## ")
    shown = [picture(png, name) for name, png in pictures.items()]
    heading = title.splitlines()[0].lstrip("# ")
    body = "\n".join([html(title), html(f"## {first}"), *shown, *(html(f"## {section}") for section in rest)])
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(heading)}</title>'
        f"<style>{_STYLE}</style></head><body>\n{body}\n</body></html>\n"
    )


def html(text: str) -> str:
    """Headings, tables, bullets and paragraphs of Markdown as `markdown` writes it."""
    return "\n".join(_block(kind, list(lines)) for kind, lines in groupby(text.splitlines(), _kind))


def picture(png: bytes, name: str) -> str:
    """A picture that is part of the file."""
    return f'<img alt="{escape(name)}" src="data:image/png;base64,{base64.b64encode(png).decode()}">'


def cells(lines: Sequence[str]) -> list[list[str]]:
    """Header and rows of the lines of a table of `markdown`."""
    return [[cell.replace(r"\|", "|") for cell in line[2:-2].split(" | ")] for line in (lines[0], *lines[2:])]


def _kind(line: str) -> str:
    return next((kind for mark, kind in _KINDS.items() if line.startswith(mark)), "")


def _block(kind: str, lines: list[str]) -> str:
    if kind == "heading":
        return "\n".join(f"<h{_level(line)}>{_inline(line.lstrip('# '))}</h{_level(line)}>" for line in lines)
    if kind == "table":
        rows = "".join(_rows(lines))
        return f'<div class="wide"><table>{rows}</table></div>'
    if kind == "bullets":
        return f"<ul>{''.join(f'<li>{_inline(line[2:])}</li>' for line in lines)}</ul>"
    return "\n".join(f"<p>{_inline(line)}</p>" for line in lines if line)


def _level(line: str) -> int:
    return len(line) - len(line.lstrip("#"))


def _rows(lines: list[str]) -> Iterator[str]:
    header, *rows = cells(lines)
    yield f"<tr>{''.join(f'<th>{_inline(cell)}</th>' for cell in header)}</tr>"
    for row in rows:
        yield f"<tr>{''.join(map(_cell, row))}</tr>"


def _cell(text: str) -> str:
    number = ' class="number"' if _NUMBER.fullmatch(text) else ""
    return f"<td{number}>{_inline(text)}</td>"


def _inline(text: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text, quote=False))
