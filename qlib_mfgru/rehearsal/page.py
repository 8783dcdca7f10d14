"""What a play shows: a table of its evenings, and a plot of the account."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from qlib_mfgru.rehearsal.evenings import Played
from qlib_mfgru.report.style import BLUE, GREY, ORANGE, leave_room_above, panels, save

_MOST_DATES = 7
"""As many weeks have their first day named."""


def table(played: Played) -> str:
    """A line an evening: what is known, what was done, and the seconds of each command."""
    rows = [
        {
            "day": f"{evening.day:%a %m-%d}",
            "bars end": f"{evening.bars_end:%Y-%m-%d}",
            "scores": evening.n_scores,
            "orders": len(evening.dealt.amounts) or "",
            "turnover": f"{evening.turnover:.1%}" if evening.dealt.amounts else "",
            "value": f"{evening.value:,.0f}",
            **{name: f"{seconds:.1f} s" for name, seconds in evening.seconds.items()},
        }
        for evening in played.evenings
    ]
    return pd.DataFrame(rows).fillna("").to_string(index=False)


def plot(played: Played, curves: pd.DataFrame, file: Path) -> None:
    """Value of the account, live and in the backtest, and the index, from the first evening's cash on.

    Parameters
    ----------
    played : Played
    curves : DataFrame
        Those of its `Comparison`.
    file : Path
    """
    start = played.evenings[0]
    first = pd.DataFrame(dict.fromkeys(curves, start.value), index=[start.day])
    save(drawn(pd.concat([first, curves]), [evening.day for evening in played.evenings if evening.dealt.amounts]), file)


def drawn(curves: pd.DataFrame, weeks: Sequence[pd.Timestamp]) -> Figure:
    """The figure; dates are named where the weeks begin."""
    period = f"{curves.index[0]:%Y-%m-%d} .. {curves.index[-1]:%Y-%m-%d}"
    figure, (ax,) = panels("Evenings on a demo market: the account, live and in the backtest", [""], period)
    ax.plot(curves.index, curves["index"] / 1e6, color=GREY, label="index, from the same value")
    ax.plot(curves.index, curves["backtest"] / 1e6, color=ORANGE, linewidth=4, alpha=0.5, label="backtest")
    ax.plot(curves.index, curves["live"] / 1e6, color=BLUE, marker=".", label="live")
    ax.set_ylabel("account, million yuan")
    named = [*weeks[:: len(weeks) // _MOST_DATES + 1], curves.index[-1]]
    ax.set_xticks(named, [f"{day:%m-%d}" for day in named])
    leave_room_above(ax, 0.2)
    ax.legend(loc="upper right", fontsize="small", ncols=3)
    return figure
