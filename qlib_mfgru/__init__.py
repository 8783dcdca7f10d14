"""Deep learning from raw intraday and daily bars to a traded portfolio, inside Microsoft qlib."""

__version__ = "0.1.0"
