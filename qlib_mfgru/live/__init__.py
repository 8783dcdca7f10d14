"""Every evening: collect new bars, update the provider, predict its newest day, and rebalance for the next."""

import lazy_loader

# what is exported stands in __init__.pyi, and is imported when it is used
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
