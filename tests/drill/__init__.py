"""The drill: faults at random moments, and what must hold after each.

Short by default; ``MFGRU_DRILL_ROUNDS=20`` plays that many rounds of every fault, and ``MFGRU_DRILL_RECORD=FILE`` keeps
the counts that are printed at the end, as benchmarks keep their figures for the docs.
"""
