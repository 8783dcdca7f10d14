"""What every result shares: measures, published figures, tables, chart style, the page, the base of our records."""
