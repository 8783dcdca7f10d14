from .page.report import Page, report

__all__ = ["Page", "report"]
