"""``FactorTestSettings``: how a factor is tested, every choice with the report's as its default."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from qlib_mfgru.errors import InputError

FREQUENCIES = ("day", "week", "month")
WINSORIZERS = ("mad", "quantile", None)
EXCLUSIONS = ("st", "suspended", "limit_up")
DEALS = ("vwap", "close")


@dataclass(frozen=True)
class FactorTestSettings:
    """Settings of one factor test; REPORT sections 4 and 8 are the defaults.

    Attributes
    ----------
    pools : sequence of str
        Markets of the provider, members point in time.
    n_layers : int
    freq : str or int
        ``day``, ``week`` (the last trading day of each calendar week), ``month``, or a number of trading days.
    winsorize : str or None
        ``mad`` (median +- 5 MAD), ``quantile`` (1 % and 99 %), or None.
    neutralize : sequence of str
        ``industry`` makes dummies, ``market_cap`` is taken as its logarithm, any other daily field as it is; [] turns
        it off.
    exclude : sequence of str
        Of ``st`` (flagged on the test date), ``suspended`` and ``limit_up`` (on the next trading day).
    deal_price : str
        ``vwap`` or ``close`` of the next trading day.
    horizons : sequence of int
        Trading days over which the decay of the IC is shown.
    start_time, end_time : stamp or None
        First and last date that may be a test date; by default all that have scores.

    Raises
    ------
    InputError
        A setting that is not known; the message says what is.
    """

    pools: Sequence[str] = ("csi300", "csi500", "csi1000", "all")
    n_layers: int = 10
    freq: str | int = "week"
    winsorize: str | None = "mad"
    neutralize: Sequence[str] = ("industry", "market_cap")
    exclude: Sequence[str] = EXCLUSIONS
    deal_price: str = "vwap"
    horizons: Sequence[int] = (1, 2, 3, 5, 10, 15, 20)
    start_time: Any = None
    end_time: Any = None

    def __post_init__(self) -> None:
        for name in ("pools", "neutralize", "exclude", "horizons"):
            if isinstance(getattr(self, name), str):
                raise InputError(f"{name} must be a list, not {getattr(self, name)!r}")
        _one_of("winsorize", self.winsorize, WINSORIZERS)
        _one_of("deal_price", self.deal_price, DEALS)
        for exclusion in self.exclude:
            _one_of("exclude", exclusion, EXCLUSIONS)
        if not (isinstance(self.freq, int) and self.freq > 0):
            _one_of("freq", self.freq, (*FREQUENCIES, "a positive number of trading days"))
        if not self.pools or self.n_layers < 2 or any(horizon < 1 for horizon in self.horizons):
            raise InputError("a factor test needs at least one pool, at least 2 layers and horizons of 1 day or more")


def _one_of(name: str, value: Any, known: Sequence[Any]) -> None:
    if value not in known:
        raise InputError(f"{name} is {value!r}; it must be one of {list(known)}")
