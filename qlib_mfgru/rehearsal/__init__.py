"""Some weeks of evenings on a demo market, from a vendor's server to an account, held against the backtest."""

import lazy_loader

# what is exported stands in __init__.pyi, and is imported when it is used
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
