"""The errors that a user can cause and mend."""


class InputError(ValueError):
    """Bad input: the message names the file, field, stock or date, and what to do about it.

    The command line prints the message without a traceback and exits with 2. A message may quote what is in a file:
    only what can be printed of it is kept.
    """

    def __init__(self, message: str = "") -> None:
        super().__init__("\n".join(map(printable, message.split("\n"))))


def printable(text: str) -> str:
    """One line with a blank for each space of another kind, and U+FFFD for what cannot be printed."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else " " if char.isspace() else "\ufffd" for char in text)
