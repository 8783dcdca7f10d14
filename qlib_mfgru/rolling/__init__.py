"""Retraining by the calendar, seed by seed, in units that survive a crash."""
