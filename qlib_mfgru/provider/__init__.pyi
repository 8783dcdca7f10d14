from .daily import as_exposure, read_daily
from .fill import carried_forward
from .manifest import MANIFEST, read_manifest
from .reader import calendar, fingerprint, market_session, member_mask, member_spans, provider_path
from .session import ASHARE, FREQS, SESSIONS, Session
from .storage.stored import SeriesReader, read_series
from .writer import Span, check_replaceable, new_provider

__all__ = [
    "ASHARE",
    "FREQS",
    "MANIFEST",
    "SESSIONS",
    "SeriesReader",
    "Session",
    "Span",
    "as_exposure",
    "calendar",
    "carried_forward",
    "check_replaceable",
    "fingerprint",
    "market_session",
    "member_mask",
    "member_spans",
    "new_provider",
    "provider_path",
    "read_daily",
    "read_manifest",
    "read_series",
]
