"""What only the stocks of a market together show."""
