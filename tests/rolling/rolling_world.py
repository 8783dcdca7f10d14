"""The models' tiny world with a test of three months: what the rolling tests have in common."""

SEGMENTS = {"train": ("2020-01-01", "2020-05-29"), "test": ("2020-06-03", "2020-08-05")}
"""Three monthly tests: the first begins, and the last ends, inside its month."""
