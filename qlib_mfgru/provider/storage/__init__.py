"""How series lie in a provider: what a file must be, one or all of them read, and what has changed since."""
