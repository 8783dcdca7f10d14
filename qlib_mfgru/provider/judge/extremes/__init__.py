"""Rules on highs and lows: against the day's limits, the limits against their reference, days against their bars."""
