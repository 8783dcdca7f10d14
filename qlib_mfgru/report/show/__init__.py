"""What a person sees of a result: its table and chart, in a terminal, a notebook or a browser."""
