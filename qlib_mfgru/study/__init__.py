"""The whole study: what its recorders hold, on one page that a person reads, prints and sends on."""

import lazy_loader

# what is exported stands in __init__.pyi, and is imported when it is used
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
