"""What a plan looks like on the screen and in files."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from qlib_mfgru.errors import InputError
from qlib_mfgru.folders import locked, staged_file
from qlib_mfgru.live.rebalancing.plan import RebalancePlan
from qlib_mfgru.live.wording import counted
from qlib_mfgru.numerals import numeral
from qlib_mfgru.portfolio.trade.untradable import amounts

_SHARES = ("shares", "asked")
_WEIGHTS = ("weight_before", "weight_target", "weight_after", "index_weight")
_BROKEN = {"forced": "stocks that cannot be traded break constraints", "relaxed": "constraints gave way"}
"""What is said of plans whose targets break constraints, by status."""
_ROUNDING = 1e-4
"""Of a weight: what is less shows in no column."""
_SHOWN = ("instrument", "name", "side", "shares", "asked", "price", "value", *_WEIGHTS, "score", "flags")


def text(plan: RebalancePlan) -> str:
    """Account, constraints and orders, as the screen shows them."""
    summary, settings = plan.summary, f"settings of {plan.summary['settings']}"
    heads = [
        f"{summary['index']} after the close of {summary['decided']}, for the next trading day "
        f"({', '.join([*_recorder(plan), settings])}, turnover limit {summary['turnover_limit']:g})",
        _outcome(plan),
        f"turnover {summary['turnover']:.2%} planned, {summary['turnover_ordered']:.2%} in orders: bought "
        f"{summary['bought']:,.0f}, sold {summary['sold']:,.0f}, expected cost {summary['cost']:,.0f}; "
        f"{summary['scored']} stocks have a score; index covered {summary['index_covered']:.1%}",
    ]
    limits = _constraints(plan.constraints) + _rounding(plan.constraints)
    blocks = ["\n".join(heads), _account(plan.account), limits, _orders(plan)]
    return "\n\n".join([*blocks, *plan.notes])


def done(plan: RebalancePlan, files: Sequence[Path]) -> str:
    """What was decided and written, in one line."""
    told = _recorder(plan)
    told += [_BROKEN[plan.summary["status"]]] if plan.summary["status"] in _BROKEN else []
    told += [counted(len(plan.notes), "note")] if plan.notes else []
    place = f"written to {' and '.join(map(str, files))}" if files else "in no file: name one by --out"
    return ", ".join(
        [f"{counted(len(plan.sendable), 'order')} from the close of {plan.summary['decided']}", *told, place]
    )


def _recorder(plan: RebalancePlan) -> list[str]:
    return [f"recorder {plan.summary['recorder']}"] if plan.summary["recorder"] else []


def _outcome(plan: RebalancePlan) -> str:
    if plan.summary["status"] == "failed":
        return f"failed, the holding is kept: {plan.summary['message']}"
    lines = []
    if plan.summary["status"] == "relaxed":
        lines.append(f"no portfolio meets all constraints, gave way: {amounts(plan.summary['relaxed'])}")
    if plan.summary["contradicted"]:
        lines.append(f"no weight meets all limits on it: {', '.join(plan.summary['contradicted'])}")
    if plan.summary["untradable"]:
        lines.append(f"forced by stocks that cannot be traded: {'; '.join(plan.summary['untradable'])}")
    return "\n".join(lines) or "all constraints hold at the target weights"


def _account(account: pd.DataFrame) -> str:
    return account.map(lambda value: numeral(value, ",.0f")).rename_axis(None).to_string()


def _constraints(constraints: pd.DataFrame) -> str:
    frame = constraints.copy()
    for name in ("limit", "target", "after"):
        frame[name] = frame[name].map(_limit)
    frame["gave_way"] = frame["gave_way"].map(lambda value: f"{value:.2g}" if value else "")
    frame["active"] = [
        f"{active} of {bounded}" for active, bounded in zip(frame["active"], frame["bounded"], strict=True)
    ]
    return frame.drop(columns="bounded").to_string(index=False)


def _limit(value: float) -> str:
    return "" if np.isnan(value) else numeral(value, ".4f").replace("inf", "free")


def _rounding(constraints: pd.DataFrame) -> str:
    """What whole lots break that the targets keep, a line; empty where they break nothing."""
    rows = constraints[["constraint", "rule", "limit", "target", "after"]].itertuples(index=False, name=None)
    over = {
        f"{name} by {beyond:.2g}": beyond
        for name, rule, limit, target, after in rows
        if (beyond := _beyond(rule, after, limit)) > max(_beyond(rule, target, limit), _ROUNDING)
    }
    if not over:
        return ""
    return (
        f"\nin whole lots {len(over)} of {len(constraints)} are beyond their limit, most of all "
        f"{max(over, key=lambda name: over[name])}"
    )


def _beyond(rule: str, value: float, limit: float) -> float:
    """By how much a value breaks its limit; 0 where it does not, or where there is none."""
    distance = limit - value if rule == ">=" else value - limit
    return max(float(np.nan_to_num(distance, posinf=0.0, neginf=0.0)), 0.0)


def _orders(plan: RebalancePlan) -> str:
    orders = plan.orders
    if orders.empty:
        return f"no orders: {_why_none(plan)}"
    told = {"name": orders["name"].any(), "asked": (orders["asked"] != orders["shares"]).any()}
    frame = orders[[name for name in _SHOWN if told.get(name, True)]]
    formats: dict[str, Callable[[float], str]] = {
        **dict.fromkeys(_SHARES, lambda value: f"{value:,.10g}"),
        **dict.fromkeys(_WEIGHTS, lambda value: numeral(value, ".3%")),
        "value": lambda value: numeral(value, ",.0f"),
        "score": lambda value: "" if np.isnan(value) else numeral(value, ".4g"),
    }
    with pd.option_context("display.unicode.east_asian_width", True):  # a Chinese character is two columns wide
        return frame.to_string(index=False, formatters=formats)


def _why_none(plan: RebalancePlan) -> str:
    """Why a plan has no orders."""
    planned = plan.summary["turnover"]
    if planned < _ROUNDING / 100 or plan.summary["status"] == "failed":
        return "the holding is kept"
    return f"none of the planned {planned:.2%} of {plan.account['before']['invested']:,.0f} reaches a lot"


def write_orders(plan: RebalancePlan, path: Path) -> None:
    """The orders that have shares, as CSV or Parquet, or the whole plan as JSON, by the file's name.

    A table says in each row on what day it was decided, and has cents and weights of six digits; the JSON has all.

    Raises
    ------
    InputError
        A name that ends otherwise.
    """
    orders = plan.sendable.drop(columns="amount").round({"cost": 2, "value": 2, **dict.fromkeys(_WEIGHTS, 6)})
    orders.insert(0, "decided", plan.summary["decided"])
    _write(path, orders, lambda: as_json(plan))


def write_weights(plan: RebalancePlan, path: Path) -> None:
    """The table of weights, as CSV, Parquet or JSON."""
    _write(path, plan.weights, lambda: _text(_rows(plan.weights)))


def as_json(plan: RebalancePlan) -> str:
    """All of a plan: summary, and each frame as a list of rows; NaN is null."""
    summary = {name: None if value != value else value for name, value in plan.summary.items()}
    frames = {
        "account": plan.account.reset_index(),
        **{name: getattr(plan, name) for name in ("constraints", "orders", "weights")},
    }
    return _text({"summary": summary, "notes": plan.notes, **{name: _rows(frame) for name, frame in frames.items()}})


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """A frame's rows with all digits that JSON can be given; NaN is null."""
    rows: list[dict[str, Any]] = json.loads(frame.to_json(orient="records", double_precision=15))
    return rows


def _text(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def check_name(path: Path) -> Path:
    """A file's name that says how it is written; an InputError for another one, and for a folder's."""
    if path.is_dir():
        raise InputError(f"{path} is a folder: name a file")
    if path.suffix not in (".csv", ".parquet", ".json"):
        raise InputError(f"{path} must end with .csv, .parquet or .json")
    return path


def _write(path: Path, frame: pd.DataFrame, document: Callable[[], str]) -> None:
    """A file that is whole from the moment it has its name."""
    check_name(path)
    with locked(path, wait=True), staged_file(path) as new:
        if path.suffix == ".parquet":
            frame.to_parquet(new, index=False)
        elif path.suffix == ".csv":
            csv = frame.to_csv(index=False)
            new.write_text(csv, encoding="utf-8" if csv.isascii() else "utf-8-sig")  # by whose mark Excel knows UTF-8
        else:
            new.write_text(document(), encoding="utf-8")
