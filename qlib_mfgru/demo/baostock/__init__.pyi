from .faults import Faults
from .market import VendorMarket
from .server import Server, serving

__all__ = ["Faults", "Server", "VendorMarket", "serving"]
