"""What an ingest leaves in a provider for updates: conventions, files that were read, and each stock's last rows."""

from qlib_mfgru.ingest.state.closes import Closes
from qlib_mfgru.ingest.state.past import PAST, counts_of
from qlib_mfgru.ingest.state.store import STATE, State, rows_file
from qlib_mfgru.ingest.state.tails import KEPT, NOTHING, OPEN, Tail, Tails

__all__ = ["KEPT", "NOTHING", "OPEN", "PAST", "STATE", "Closes", "State", "Tail", "Tails", "counts_of", "rows_file"]
