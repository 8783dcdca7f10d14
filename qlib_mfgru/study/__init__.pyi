from .correlation import CorrelationRecord
from .page.report import Page, report
from .run import Study, run_study

__all__ = ["CorrelationRecord", "Page", "Study", "report", "run_study"]
