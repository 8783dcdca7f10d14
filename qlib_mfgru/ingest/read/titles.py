"""What the title of an export says of its prices."""

from __future__ import annotations

from typing import Literal

_WORDS: dict[str, Literal["raw", "adjusted"]] = {
    "不复权": "raw", "前复权": "adjusted", "后复权": "adjusted",
}  # fmt: skip
"""Not adjusted, adjusted forward and backward, as Chinese terminals write them in the first line."""


def prices_of_title(title: str) -> Literal["raw", "adjusted"] | None:
    """What prices are by a line before the header, None where it does not say."""
    return next((prices for word, prices in _WORDS.items() if word in title), None)


def title_fault(title: str, prices: str | None) -> str | None:
    """How a title contradicts the `prices` of a mapping, None where it does not; ``unadjusted`` takes any as they are.

    Parameters
    ----------
    title : str
        A line before the header.
    prices : str, optional
        The mapping's, None for an input without prices.
    """
    said = prices_of_title(title)
    if said is None or prices not in ("raw", "adjusted") or said == prices:
        return None
    if said == "raw":
        return f"its title says that prices are not adjusted ({title}), the mapping that they are: write prices: raw"
    return (
        f"its title says that prices are adjusted ({title}), the mapping that they are raw: export them without "
        "adjustment (不复权), or write prices: adjusted with the factor that they were adjusted by"
    )
