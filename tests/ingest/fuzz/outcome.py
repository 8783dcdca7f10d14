"""What comes of a recipe: a sound provider or one clear message, and nothing else."""

from __future__ import annotations

import contextlib
import copy
import io
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from qlib_mfgru.cli import main
from qlib_mfgru.folders import SUMS, Sums
from qlib_mfgru.ingest.mapping import IngestMapping, load_mapping

from ..reference import check_stored
from .recipes import Recipe
from .spoiled_files import Added, OfFile, Setting
from .spoiled_tables import OfTable
from .vendors import LAYOUTS

MOST_LINES = 30
OLDER = {"mfgru.json": "{}", "older.txt": "an older provider"}


def play(recipe: Recipe, folder: Path) -> str | None:
    """Ingest what the recipe makes of its layout, in `folder`; the message where it is refused, None where not.

    Raises
    ------
    AssertionError
        The outcome is none of the two that are right.
    Exception
        Whatever the ingest raises besides the errors that the command tells in words.
    """
    layout = LAYOUTS[recipe.layout]
    source, target = folder / "in", folder / "out" / "provider"
    tables, mapping = layout.tables(), copy.deepcopy(layout.mapping)
    for mutation in recipe.mutations:
        if isinstance(mutation, OfTable):
            mutation(tables)
        elif isinstance(mutation, Setting | Added):
            mutation(mapping)
    files = layout.write(tables, source)
    for mutation in recipe.mutations:
        if isinstance(mutation, OfFile) and files:
            mutation(files)
    (folder / "mapping.yaml").write_text(yaml.safe_dump(mapping, allow_unicode=True), encoding="utf-8")
    target.mkdir(parents=True)
    for name, text in OLDER.items():
        (target / name).write_text(text)
    Sums.of(target).write(target)
    arguments = ["ingest", str(folder / "mapping.yaml"), "--quiet", "--source", str(source), "--target", str(target)]
    said, code = _run(arguments)
    if code == 0:
        assert not (target / "older.txt").exists(), "the older provider is still there"
        check_stored(target, load_mapping(folder / "mapping.yaml"), source)
        return None
    names = [*IngestMapping.model_fields, *_names(mapping), *(file.name for file in source.rglob("*"))]
    _check_refusal(said, code, names, target)
    return said


def play_in(recipe: Recipe, folder: Path) -> str | None:
    """As `play`, in a folder of its own that is removed."""
    place = folder / "recipe"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    try:
        return play(recipe, place)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _run(arguments: list[str]) -> tuple[str, int]:
    """What the command says on stderr, and its exit code."""
    said = io.StringIO()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(said):
        code = main(arguments)
    return said.getvalue(), code


def _names(mapping: dict[str, Any]) -> Iterator[str]:
    """Every key of a mapping, and of its sections."""
    for key, value in mapping.items():
        yield str(key)
        if isinstance(value, dict):
            yield from _names(value)


def _check_refusal(said: str, code: int, names: list[str], target: Path) -> None:
    """Assert that the message names an input, a setting or a file, and that the target is as it was."""
    assert code == 2, f"exit code {code}"
    assert said.startswith("mfgru: "), f"the message is not alone: {said[:300]!r}"
    lines = said.removeprefix("mfgru: ").splitlines()
    assert len(lines) <= MOST_LINES, f"{len(lines)} lines"
    assert any(name and name in said for name in names), f"says not where: {said}"
    assert all(line.isprintable() for line in lines), f"unreadable: {said!r}"
    assert "Traceback" not in said, said
    left = {path.name: path.read_text() for path in target.iterdir() if path.name != SUMS}
    assert left == OLDER, f"the older provider was touched: {sorted(left)}"
    beside = sorted(path.name for path in target.parent.iterdir())
    assert beside == [target.name], f"left beside the target: {beside}"
