from .market import DemoSummary, make_demo_market
from .spec import DemoSpec
from .truth import Truth, load_truth, mean_rank_ic

__all__ = [
    "DemoSpec",
    "DemoSummary",
    "Truth",
    "load_truth",
    "make_demo_market",
    "mean_rank_ic",
]
