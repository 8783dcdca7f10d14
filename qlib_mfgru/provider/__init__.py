"""A market on disk: what one directory holds, how it is read, and how it is written whole or not at all."""

import lazy_loader

# what is exported stands in __init__.pyi, and is imported when it is used
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
