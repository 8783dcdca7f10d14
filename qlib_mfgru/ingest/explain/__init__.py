"""What vendor files hold, by their columns and by the evidence in their rows, and the mapping that would read them."""

from qlib_mfgru.ingest.explain.explain import Explanation, explain

__all__ = ["Explanation", "explain"]
