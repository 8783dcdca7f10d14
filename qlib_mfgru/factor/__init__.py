"""The report's single-factor test, on any qlib recorder that holds a prediction."""
