"""Write the measured figures of the docs: blocks of Markdown, made from what benchmarks have recorded.

    python benchmarks/blocks.py [--results DIR]

A block stands between ``<!-- figures: NAME -->`` and ``<!-- /figures -->`` in a README or a page of docs/. It is
``templates/NAME.md``, in which ``results.X`` is the figures of ``results/X.json`` (see record.py), and below it a line
with command, date and machine of each record that the template has read. A name that ends in ``.zh`` is Chinese.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jinja2

from qlib_mfgru.numerals import numeral

ROOT = Path(__file__).parents[1]
PAGES = ("README*.md", "docs/*.md")
MACHINE = {"en": "{cpu}, {cores} cores, {memory_gib:.0f} GiB", "zh": "{cpu}，{cores} 核，{memory_gib:.0f} GiB"}
_BEGIN, _END = "<!-- figures: ", "<!-- /figures -->"
_BLOCK = re.compile(rf"{_BEGIN}(\S+) -->\n((?:(?!{_BEGIN}).)*?){_END}", re.DOTALL)


class BlockError(ValueError):
    """A block that cannot be written; the message says why and what to do."""


@dataclass
class Records:
    """Figures by the name of their record; `read` keeps the records that were asked for."""

    folder: Path
    read: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        file = self.folder / f"{name}.json"
        if not file.is_file():
            raise BlockError(f"{file.name}: no such record; a benchmark writes it with --record (benchmarks/README.md)")
        record = self.read.setdefault(name, json.loads(file.read_text(encoding="utf-8")))
        return record["figures"]


@dataclass(frozen=True)
class Blocks:
    """Records, and the templates that show them."""

    results: Path = ROOT / "benchmarks/results"
    templates: Path = ROOT / "benchmarks/templates"

    def page(self, text: str) -> str:
        """A page with all its blocks as they should be."""
        found = _BLOCK.findall(text)
        if not len(found) == text.count(_BEGIN) == text.count(_END):
            raise BlockError(f"every '{_BEGIN}NAME -->' needs a line with '{_END}' after it")
        return _BLOCK.sub(lambda block: f"{_BEGIN}{block[1]} -->\n\n{self.block(block[1])}\n\n{_END}", text)

    def block(self, name: str) -> str:
        """What stands in a block."""
        body, records = self.rendered(name)
        language = "zh" if name.endswith(".zh") else "en"
        return f"{body}\n\n{source(records.values(), language)}"

    def rendered(self, name: str) -> tuple[str, dict[str, dict[str, Any]]]:
        """A template with its figures, and the records that it has read, by name."""
        records = Records(self.results)
        loader = jinja2.FileSystemLoader(self.templates)
        environment = jinja2.Environment(
            loader=loader, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        environment.filters["numeral"] = _numeral
        try:
            return environment.get_template(f"{name}.md").render(results=records).strip(), records.read
        except jinja2.TemplateNotFound as error:
            raise BlockError(f"{name}: no template of that name in {self.templates.name}/") from error
        except jinja2.UndefinedError as error:
            raise BlockError(f"{name}: the record lacks what the template shows: {error}") from error


def _numeral(value: Any, specification: str = "") -> str:
    if isinstance(value, jinja2.Undefined):
        str(value)  # raises an error that names it, which `format` would not
    return numeral(value, specification)


def names(text: str) -> list[str]:
    """Names of a page's blocks."""
    return [name for name, _ in _BLOCK.findall(text)]


def source(records: Iterable[dict[str, Any]], language: str) -> str:
    """Where figures come from, in a line: commands, then when and where they were run."""
    commands: dict[str, list[str]] = {}
    for record in records:
        gpu = [record["machine"]["gpu"]] if "gpu" in record["machine"] else []
        run = ", ".join([record["date"], *gpu, MACHINE[language].format(**record["machine"])])
        commands.setdefault(run, []).append(f"`{record['command']}`")
    return "; ".join(f"{', '.join(each)}, {run}" for run, each in commands.items())


def main() -> None:
    """Write the blocks of all pages, or of none if one cannot be written; say which pages have changed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=Path, default=Blocks.results, help="folder of the records")
    blocks = Blocks(parser.parse_args().results)
    written = {}
    for page in (page for pattern in PAGES for page in sorted(ROOT.glob(pattern))):
        text = page.read_text(encoding="utf-8")
        try:
            written[page] = text, blocks.page(text)
        except BlockError as error:
            sys.exit(f"{page.relative_to(ROOT)}: {error}")
    for page, (before, after) in written.items():
        if before != after:
            page.write_text(after, encoding="utf-8")
            print(page.relative_to(ROOT))


if __name__ == "__main__":
    main()
