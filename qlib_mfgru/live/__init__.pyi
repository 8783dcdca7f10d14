from .updates import UpdateReport, update

__all__ = ["UpdateReport", "update"]
