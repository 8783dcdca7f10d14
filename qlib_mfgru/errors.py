"""The errors that a user can cause and mend."""


class InputError(ValueError):
    """Bad input: the message names the file, field, stock or date, and what to do about it.

    The command line prints the message without a traceback and exits with 2.
    """
