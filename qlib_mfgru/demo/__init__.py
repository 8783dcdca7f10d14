"""A seeded, A-share-like demo market in provider format, with a known predictable part."""

from qlib_mfgru.demo.market import DemoSummary, make_demo_market
from qlib_mfgru.demo.spec import MarketSpec
from qlib_mfgru.demo.truth import Truth, load_truth, mean_rank_ic

__all__ = ["DemoSummary", "MarketSpec", "Truth", "load_truth", "make_demo_market", "mean_rank_ic"]
