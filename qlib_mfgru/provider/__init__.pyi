from .daily import as_exposure, read_daily
from .fill import carried_forward
from .reader import calendar, fingerprint, member_mask, member_spans, provider_path, read_series
from .writer import MANIFEST, ProviderWriter, Span, check_replaceable

__all__ = [
    "MANIFEST",
    "ProviderWriter",
    "Span",
    "as_exposure",
    "calendar",
    "carried_forward",
    "check_replaceable",
    "fingerprint",
    "member_mask",
    "member_spans",
    "provider_path",
    "read_daily",
    "read_series",
]
