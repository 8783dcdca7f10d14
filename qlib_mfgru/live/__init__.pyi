from .collect.run import Collected, collect_market

__all__ = [
    "Collected",
    "collect_market",
]
