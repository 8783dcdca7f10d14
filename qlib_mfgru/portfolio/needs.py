"""The daily fields that a portfolio reads, what for, and the settings that do without those that are missing."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from qlib_mfgru.errors import InputError
from qlib_mfgru.provider.daily import is_stored

TRADE_FIELDS = dict.fromkeys(("open", "close", "vwap", "volume", "factor", "limit_up", "limit_down"), "trades")
"""Fields without which no trade can be simulated, as `read_daily` takes them."""

_ALWAYS = TRADE_FIELDS | {"is_st": "the ST flag", "industry": "industry exposures"}


def daily_needs(index: str, weighting: str, needs: Sequence[str]) -> dict[str, str]:
    """Fields to read, each with what needs it, as `read_daily` takes them.

    Parameters
    ----------
    index, weighting : str
        As of `MarketSnapshot`.
    needs : sequence of str
        Fields that constraints read.

    Raises
    ------
    InputError
        Unknown weighting.
    """
    weights = _weights(index)
    if weighting not in weights:
        raise InputError(f"index_weights is {weighting!r}: it must be one of {', '.join(weights)}")
    read = dict.fromkeys(needs, "constraints or exposures")
    return _ALWAYS | read | {weights[weighting]: f"index_weights: {weighting}"}


def instead(missing: Collection[str], index: str, weighting: str, stocks: Sequence[str]) -> str:
    """What to set where fields are missing; empty where no setting does without all of them.

    Parameters
    ----------
    missing : collection of str
    index, weighting : str
    stocks : sequence of str
        The provider's.
    """
    weights = _weights(index)
    ways: list[str] = []
    if weights[weighting] in missing:
        other = next(name for name in weights if name != weighting)
        if weights[other] in missing or not is_stored(stocks, weights[other]):
            return ""
        ways.append(f"index_weights: {other}")
    if not _ALWAYS.keys().isdisjoint(missing):
        return ""
    unread = [f"${name}" for name in missing if name != weights[weighting]]
    ways += [f"constraints or exposures without {', '.join(unread)}"] if unread else []
    return f"set {', '.join(ways)}"


def _weights(index: str) -> dict[str, str]:
    """Kinds of index weights -> the field that each is made of."""
    return {"drifted": f"{index}_weight", "market_cap": "market_cap"}
