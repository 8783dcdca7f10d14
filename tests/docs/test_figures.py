"""The measured figures of the docs are those that benchmarks have recorded, and none is changed by hand."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import torch

from benchmarks.blocks import BlockError, Blocks, names
from benchmarks.record import PACKAGES, RESULTS, command_line, write
from docs.markdown_blocks import Page, pages

BLOCKS = Blocks()
SHOWING = [page for page in pages() if names(page.text)]
RECORDS = sorted(RESULTS.glob("*.json"))
KEYS = {"command", "date", "commit", "machine", "versions", "figures"}
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


def shown() -> set[str]:
    """Names of all blocks."""
    return {name for page in SHOWING for name in names(page.text)}


@pytest.mark.parametrize("page", SHOWING, ids=lambda page: page.name)
def test_blocks_are_what_the_records_give(page: Page) -> None:
    assert BLOCKS.page(page.text) == page.text, "make figures"


def test_every_template_and_every_record_is_shown() -> None:
    assert {template.stem for template in BLOCKS.templates.glob("*.md")} == shown()
    read = {record for name in shown() for record in BLOCKS.rendered(name)[1]}
    assert {record.stem for record in RECORDS} == read


def test_both_readmes_show_the_same_figures() -> None:
    english, chinese = (names(page.text) for page in pages() if page.name in ("README.md", "README.zh.md"))
    assert [f"{name}.zh" for name in english] == chinese
    for name in english:
        ours, theirs = (NUMBER.findall(BLOCKS.rendered(each)[0]) for each in (name, f"{name}.zh"))
        assert sorted(ours) == sorted(theirs)


@pytest.mark.parametrize("file", RECORDS, ids=lambda file: file.name)
def test_a_record_says_where_its_figures_are_from(file: Path) -> None:
    record = json.loads(file.read_text(encoding="utf-8"))
    assert record.keys() == KEYS
    assert re.search(r"python (benchmarks/\w+\.py|-m pytest .*tests/\w+)", record["command"])
    assert not re.search(r"(^|[ =])/", record["command"]), "a path of the machine"
    assert date(2026, 1, 1) <= date.fromisoformat(record["date"]) <= date.today()
    assert re.fullmatch(r"[0-9a-f]{7,}(\+dirty)?", record["commit"])
    assert {"cpu", "cores", "memory_gib", "load_at_start"} <= record["machine"].keys()
    assert record["versions"].keys() == {"python", *PACKAGES}
    assert record["figures"]


# --- that faults are seen, on a world of one page


RECORD: dict[str, Any] = {
    "command": "python benchmarks/speed.py --repeat 2",
    "date": "2026-11-26",
    "machine": {"cpu": "A processor", "cores": 2, "memory_gib": 23.5},
    "figures": {"seconds": 1.26},
}
PAGE = "# Page\n\nIt takes:\n\n<!-- figures: speed -->\n<!-- /figures -->\n\nEnd.\n"
WRITTEN = """# Page

It takes:

<!-- figures: speed -->

1.3 s

`python benchmarks/speed.py --repeat 2`, 2026-11-26, A processor, 2 cores, 24 GiB

<!-- /figures -->

End.
"""


@pytest.fixture
def blocks(tmp_path: Path) -> Blocks:
    for name, text in [("speed", '{{ results.speed.seconds | numeral(".1f") }} s'), ("memory", "{{ results.memory }}")]:
        (tmp_path / f"{name}.md").write_text(text)
    (tmp_path / "speed.zh.md").write_text('{{ results.speed.seconds | numeral(".1f") }} 秒')
    (tmp_path / "lacks.md").write_text('{{ results.speed.minutes | numeral(".1f") }}')
    (tmp_path / "speed.json").write_text(json.dumps(RECORD))
    return Blocks(results=tmp_path, templates=tmp_path)


def test_a_block_is_written_and_then_stays(blocks: Blocks) -> None:
    assert blocks.page(PAGE) == WRITTEN
    assert blocks.page(WRITTEN) == WRITTEN


@pytest.mark.parametrize(("here", "by_hand"), [("1.3 s", "1.2 s"), ("11-26", "11-27"), ("1.3 s\n", "1.3 s\n\nMore.\n")])
def test_a_change_by_hand_is_undone(blocks: Blocks, here: str, by_hand: str) -> None:
    assert here in WRITTEN
    assert blocks.page(WRITTEN.replace(here, by_hand)) == WRITTEN


def test_a_block_in_chinese_names_its_source_in_chinese(blocks: Blocks) -> None:
    source = "`python benchmarks/speed.py --repeat 2`, 2026-11-26, A processor，2 核，24 GiB"
    assert blocks.block("speed.zh") == f"1.3 秒\n\n{source}"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("memory", "memory.json: no such record"),
        ("none", "none: no template"),
        ("lacks", "lacks: the record lacks.*'minutes'"),
    ],
)
def test_what_a_block_needs_and_does_not_have_is_named(blocks: Blocks, name: str, told: str) -> None:
    with pytest.raises(BlockError, match=f"^{told}"):
        blocks.page(PAGE.replace("speed", name))


@pytest.mark.parametrize(
    "page",
    [
        PAGE.replace("<!-- /figures -->", ""),
        PAGE.replace("<!-- figures: speed -->", ""),
        f"<!-- figures: speed -->\n\n{PAGE}",
    ],
    ids=["no end", "no beginning", "two beginnings"],
)
def test_a_block_without_its_other_end_is_named(blocks: Blocks, page: str) -> None:
    with pytest.raises(BlockError, match="needs a line with"):
        blocks.page(page)


# --- records


def test_a_record_has_the_command_as_a_reader_types_it() -> None:
    words = ["--target", "/some/x", "--record", "--json", "/some/x.json", "--workdir", "mine/x", "--repeat", "1"]
    typed = "python benchmarks/ingest.py --target DIR --workdir DIR --repeat 1"
    assert command_line("python benchmarks/ingest.py", words) == typed
    assert command_line("pytest", ["tests/docs", str(RESULTS), "-k", "a or b"]) == "pytest tests/docs DIR -k 'a or b'"


def test_a_record_is_complete(tmp_path: Path) -> None:
    write(tmp_path / "new" / "x.json", "python benchmarks/x.py", {"seconds": 1.5}, gpu="A card")
    record = json.loads((tmp_path / "new" / "x.json").read_text())
    assert record.keys() == KEYS
    assert record["figures"] == {"seconds": 1.5}
    assert record["machine"]["gpu"] == "A card"
    assert record["machine"]["cores"] >= 1
    assert record["versions"]["torch"] == torch.__version__
