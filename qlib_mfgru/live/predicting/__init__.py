"""Scores of the newest day, by a recorder's saved model."""
