"""Which input of a mapping a file is."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from qlib_mfgru.ingest.explain.sample import Sample
from qlib_mfgru.ingest.explain.stamps import are_timed
from qlib_mfgru.ingest.read.sources.dating import date_in_name
from qlib_mfgru.ingest.read.spool import PRICES
from qlib_mfgru.provider.symbols import is_index

_BY_FIELD = (
    ("weights", "weight"), ("renames", "renamed"), ("limits", "limit_up"), ("factors", "factor"),
    ("float_shares", "float_shares"), ("market_cap", "market_cap"), ("st", "is_st"), ("industry", "industry"),
    ("members", "start"), ("st", "name"),
)  # fmt: skip
"""Inputs by the field that only they need, the most telling first."""
_MARKETS = {"000300": "csi300", "399300": "csi300", "000905": "csi500", "399905": "csi500", "000852": "csi1000",
            "399303": "cni2000"}  # fmt: skip

_ALSO = {"hs300": "csi300", "zz500": "csi500", "zz1000": "csi1000"}
"""Other names of markets."""


def kind_of(sample: Sample) -> str | None:
    """The input that the rows are: ``bars``, ``daily``, ``members`` ..; None where no column tells."""
    fields = sample.columns.keys()
    if "close" in fields and _are_indices(sample):
        return "index"
    if fields >= set(PRICES):
        return "bars" if are_timed(sample.stamps) else "daily"
    if {"name", "start"} <= fields:
        return "st"
    if fields - {"index"} in ({"symbol", "date"}, {"symbol", "datetime"}):
        return "members"
    return next((kind for kind, field in _BY_FIELD if field in fields), None)


def markets_of(sample: Sample) -> dict[str, str | None]:
    """Markets that members or weights are of -> the index's code in the rows, None where the file holds one index."""
    if "index" in sample.rows and sample.columns.get("index"):
        codes = sorted(sample.rows["index"].dropna().astype("str").unique())
        if len(codes) > 1:
            return {_market(code) or f"index_{_digits(code)}": code for code in codes}
        if codes and (market := _market(codes[0])):
            return {market: None}
    return {market_of(sample.paths[0]): None}


def market_of(path: Path) -> str:
    """The market that a file of members or weights is named after, by itself, else by its folder."""
    stem = path.stem.lower()
    if found := re.search(r"(csi|cni|hs|zz|sz|sse)\d+", stem) or re.search(
        r"(csi|cni|hs|zz)\d+", path.parent.name.lower()
    ):
        return _ALSO.get(found[0], found[0])
    named = path.parent.name.lower() if date_in_name(stem) else stem
    return re.sub(r"\W", "_", named, flags=re.ASCII)


def _are_indices(sample: Sample) -> bool:
    known = pd.unique(sample.rows["stock"])
    codes = [sample.codes[number] for number in known if number >= 0]
    if not codes or sample.session.codes == "plain":
        return False
    by_code = all(map(is_index, codes))
    return by_code or ("index" in str(sample.paths[0].parent.name).lower() and len(codes) < 100)


def _digits(code: str) -> str:
    return re.sub(r"\D", "", code, flags=re.ASCII)


def _market(code: str) -> str | None:
    return _MARKETS.get(_digits(code))
