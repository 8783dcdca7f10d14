"""``mfgru check``: a provider of any origin before the judge, and what is missing or damaged in its files."""
