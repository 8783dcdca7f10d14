"""Results print a title and a table of five lines, and show the table with a chart in a notebook."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd
from matplotlib.figure import Figure

from qlib_mfgru.report.show.shown import Shown, View


def frame(rows: int) -> pd.DataFrame:
    return pd.DataFrame({"pool": [f"P{row}" for row in range(rows)], "rank_ic_mean": 0.0123, "n_dates": range(rows)})


def drawn() -> Figure:
    figure = Figure()
    figure.add_subplot().plot([0, 1])
    return figure


@dataclass(frozen=True, repr=False)
class Result(Shown):
    rows: int
    heavy: pd.DataFrame = field(default_factory=lambda: frame(1000))

    def view(self) -> View:
        return View("A <result>", frame(self.rows), drawn if self.rows else None)


def test_four_rows_are_printed_below_their_header() -> None:
    title, header, *rows = repr(Result(4)).splitlines()
    assert title == "A <result>"
    assert header.split()[0] == "pool"
    assert [row.split() for row in rows] == [[f"P{row}", "1.23%", str(row)] for row in range(4)]
    assert len({len(line) for line in (header, *rows)}) == 1, "columns stand below each other"


def test_of_more_rows_it_says_how_many_are_left_out() -> None:
    *_, first, second, third, last = repr(Result(50)).splitlines()
    assert [row.split()[0] for row in (first, second, third)] == ["P0", "P1", "P2"]
    assert last == "... and 47 more rows"


def test_a_notebook_gets_the_table_and_the_chart() -> None:
    page = Result(6)._repr_html_()
    assert "A &lt;result&gt;" in page
    assert page.count("<tr>") == 7
    assert page.count("data:image/png;base64,") == 1
    assert "more rows" not in page
    assert Result(30)._repr_html_().count("<tr>") == 20
    assert "... and 11 more rows" in Result(30)._repr_html_()


def test_a_table_without_rows_or_chart() -> None:
    assert len(repr(Result(0)).splitlines()) == 2
    assert "<img" not in Result(0)._repr_html_()
