"""A small kind of result: a number, and all that can be registered for it."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from qlib_mfgru.report.outputs import Outputs

tables: Outputs[float] = Outputs()
plots: Outputs[float] = Outputs()


@tables.table("value.csv", heading="The value", notes=lambda result: [f"It is {result:g}."])
def value(result: float) -> pd.DataFrame:
    return pd.DataFrame({"pool": ["ALL"], "sharpe": [result]})


@tables.table("kept.csv")
def kept(result: float) -> pd.DataFrame:
    return pd.DataFrame({"twice": [2 * result]})


@tables.table(heading=lambda result: "Exceptions" if result < 0 else "No exceptions", empty="None.")
def exceptions(result: float) -> pd.DataFrame:
    return pd.DataFrame({"what": ["negative"] if result < 0 else []})


@tables.pickle("series.pkl")
def series(result: float) -> pd.DataFrame:
    return pd.DataFrame({"x": [result, result + 1]})


@plots.plot("line.png")
def line(result: float) -> Figure:
    figure = Figure()
    figure.add_subplot().plot([0, result])
    return figure
