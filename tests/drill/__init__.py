"""The drill: faults at random moments, and what must hold after each.

Short by default; ``MFGRU_DRILL_ROUNDS=20`` plays that many rounds of every fault, and ``MFGRU_DRILL_TABLE=FILE`` keeps
the table of counts that is printed at the end, as Markdown.
"""
