from .collect.account import Collected
from .collect.run import collect_market

__all__ = [
    "Collected",
    "collect_market",
]
