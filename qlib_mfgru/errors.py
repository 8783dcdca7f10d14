"""The errors that a user can cause and mend."""

from qlib_mfgru.addresses import without_addresses


class InputError(ValueError):
    """Bad input: the message names the file, field, stock or date, and what to do about it.

    The command line prints the message without a traceback and exits with 2. A message may quote what is in a file:
    only what can be printed of it is kept, and no password of an address.
    """

    def __init__(self, message: str = "") -> None:
        super().__init__("\n".join(map(printable, without_addresses(message).split("\n"))))


def printable(text: str) -> str:
    """One line with a blank for each space of another kind, and U+FFFD for what cannot be printed."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else " " if char.isspace() else "\ufffd" for char in text)
