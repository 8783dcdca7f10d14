"""The single-factor test of the Huatai report (figures 15 to 33), on any qlib recorder that holds a prediction."""

import lazy_loader

# what is exported stands in __init__.pyi, and is imported when it is used
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
