from . import page
from .backtested import Comparison, compared
from .evenings import Evening, Played, play
from .settings import PlaySettings

__all__ = ["Comparison", "Evening", "PlaySettings", "Played", "compared", "page", "play"]
