"""What differs between demo markets by their session: trading days, the shape of a day, codes, names of indices."""
