"""What is held, from a broker's list in its usual column names."""
