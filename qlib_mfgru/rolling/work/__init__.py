"""Units of a rolling run: what one is, where finished ones are kept, and who runs them."""
