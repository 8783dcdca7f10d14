"""Tables of a registry as they are, for what the Huatai report has no counterpart of."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from qlib_mfgru.report.outputs import Outputs, Table
from qlib_mfgru.study.page.draw import Drawer
from qlib_mfgru.study.page.elements import Block, Said
from qlib_mfgru.study.page.tables import table
from qlib_mfgru.study.page.words import Words


def registered_tables(
    outputs: Outputs[Any], result: Any, shown: Collection[Table[Any]], conventions: str, words: Words
) -> list[Block]:
    """Tables with a heading and their notes, but for those in `shown`, which stand elsewhere."""
    blocks: list[Block] = []
    for section in outputs.sections:
        if section.table in shown:
            continue
        heading = words.said(section.heading if isinstance(section.heading, str) else section.heading(result))
        frame = section.table(result)
        if frame.empty and section.empty:
            blocks.append(Said([f"{heading}: {words.said(section.empty)}"]))
        else:
            blocks.append(table(frame, words, section.formats, conventions, heading))
        notes = [words.said(note) for note in section.notes(result)]
        blocks += [Said(notes)] if notes else []
    return blocks


def registered_charts(outputs: Outputs[Any], result: Any, shown: Collection[str], drawer: Drawer) -> list[Block]:
    """Plots, but for those whose files are in `shown`."""
    return [drawer.plot(file, plot, result) for file, plot in outputs.plots.items() if file not in shown]
