"""Messages for the user: what is quoted of a file cannot spoil the terminal."""

import pytest

from qlib_mfgru.errors import InputError, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("万科A 600000.SH", "万科A 600000.SH"),
        ("万\u3000科\tA\r", "万 科 A "),
        ("\x1b[31m600\x00000", "\ufffd[31m600\ufffd000"),
        ("a\u2028b\x85c", "a b c"),
    ],
)
def test_only_what_can_be_printed_is_kept(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_a_message_keeps_its_lines() -> None:
    assert str(InputError("bars: \x08 is no number\n  row 3\x07")) == "bars: \ufffd is no number\n  row 3\ufffd"
