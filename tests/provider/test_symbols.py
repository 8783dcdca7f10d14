import pytest
from qlib.utils import code_to_fname

from qlib_mfgru.provider.symbols import feature_folder, is_index, normalise_symbol, symbol_in_name


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("600000", "SH600000"),
        ("sh.600000", "SH600000"),
        ("600000.SH", "SH600000"),
        ("SH600000", "SH600000"),
        ("sh600000", "SH600000"),
        ("600000.XSHG", "SH600000"),
        ("600000.SS", "SH600000"),
        ("sz000001", "SZ000001"),
        ("000001.XSHE", "SZ000001"),
        ("SZ_000001", "SZ000001"),
        ("1", "SZ000001"),
        ("700", "SZ000700"),
        ("510300", "SH510300"),
        ("sh.588000", "SH588000"),
        ("159915", "SZ159915"),
        ("161725.SZ", "SZ161725"),
        ("501018", "SH501018"),
        ("sh000300", "SH000300"),
        ("000300.XSHG", "SH000300"),
        ("688981", "SH688981"),
        ("900901", "SH900901"),
        ("301236", "SZ301236"),
        ("200011", "SZ200011"),
        ("430047", "BJ430047"),
        ("835185", "BJ835185"),
        ("920002", "BJ920002"),
        ("920002.BJ", "BJ920002"),
        (" 600000 ", "SH600000"),
    ],
)
def test_a_stock_is_known_however_it_is_written(text: str, code: str) -> None:
    assert normalise_symbol(text) == code


@pytest.mark.parametrize("text", [
    "", "abc", "6000000", "110059", "SH.600000.SZ", "HK00700", "600000.HK", "00700.HK", "nan",
    "00700", "0700", "６０００００", "٦٠٠٠٠٠", "SH６０００００", "²", "sh.٦٠٠٠٠٠",
])  # fmt: skip
def test_what_is_no_stock_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="unknown symbol"):
        normalise_symbol(text)


@pytest.mark.parametrize(
    ("text", "code"),
    [("000300", "SH000300"), ("399303", "SZ399303"), ("000300.SH", "SH000300"), ("932000", "SH932000")],
)
def test_a_bare_index_code_has_its_own_exchange(text: str, code: str) -> None:
    assert normalise_symbol(text, index=True) == code


@pytest.mark.parametrize("code", ["SH000300", "SZ399303", "SH932000", "BJ899050", "sh000300", "^GSPC"])
def test_an_index_is_known_by_exchange_and_first_digits(code: str) -> None:
    assert is_index(code)


@pytest.mark.parametrize("code", ["SZ000300", "SH600000", "SH510300", "BJ835185", "SZ000001"])
def test_what_is_no_index(code: str) -> None:
    assert not is_index(code)


@pytest.mark.parametrize(
    ("stem", "symbol"),
    [
        ("600000", "600000"),
        ("00700", None),
        ("６０００００", None),
        ("sh.600000", "sh.600000"),
        ("600000.SH", "600000.SH"),
        ("Bars_000001.xshe", "000001.xshe"),
        ("bars_600000_15min", "600000"),
        ("SH600000_5min", "SH600000"),
        ("600000_20250101", "600000"),
        ("202501", None),
        ("all", None),
    ],
)
def test_the_stock_in_a_files_name(stem: str, symbol: str | None) -> None:
    assert symbol_in_name(stem) == symbol


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("aapl", "AAPL"),
        (" BRK.B ", "BRK.B"),
        ("0700.HK", "0700.HK"),
        ("btc-usdt", "BTC-USDT"),
        ("BTC_USDT", "BTC_USDT"),
        ("^gspc", "^GSPC"),
        ("600000", "600000"),
        ("nan", "NAN"),
    ],
)
@pytest.mark.parametrize("index", [False, True])
def test_a_plain_code_is_the_vendors_in_upper_case(text: str, code: str, index: bool) -> None:
    assert normalise_symbol(text, "plain", index=index) == code


@pytest.mark.parametrize("text", ["", ".HID", "A/B", "..", "A B", "É", "NA", "null", "A\tB", "_qlib_con", "A" * 65])
def test_what_cannot_name_a_folder_and_an_instrument_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="unknown symbol"):
        normalise_symbol(text, "plain")


@pytest.mark.parametrize(
    ("stem", "symbol"),
    [
        ("aapl", "aapl"),
        ("BRK.B", "BRK.B"),
        ("aapl_15min", "aapl"),
        ("Aapl-DAY", "Aapl"),
        ("BTCUSDT-15m-2024-01", "BTCUSDT"),
        ("BTC-USDT_day", "BTC-USDT"),
        ("BTC-240628", "BTC-240628"),
        ("BAC-D", "BAC-D"),
        (".hidden", None),
        ("bars of 2024", None),
        ("A" * 64, "A" * 64),
        ("A" * 65, None),
    ],
)
def test_a_plain_code_in_a_files_name_ends_before_the_frequency(stem: str, symbol: str | None) -> None:
    assert symbol_in_name(stem, "plain") == symbol


@pytest.mark.parametrize("code", ["SH600000", "BRK.B", "^GSPC", "CON", "prn", "AUX", "NUL", "COM0", "LPT9", "COM10"])
def test_a_folder_is_named_as_qlib_opens_it(code: str) -> None:
    assert feature_folder(code) == code_to_fname(code).lower()


def test_an_index_of_another_market_is_told_by_a_caret_alone() -> None:
    assert [code for code in ("^GSPC", "^hsi", "SH000300", "AAPL", "BRK^B") if is_index(code, "plain")] == [
        "^GSPC",
        "^hsi",
    ]


def test_indices_are_told_by_their_codes() -> None:
    indices = ("SH000300", "SH000905", "SH000852", "SH932000", "SZ399303", "SZ980017", "BJ899050")
    stocks = ("SZ000300", "SH600000", "SH688001", "SZ300750", "SH900901", "SZ200002", "BJ830799", "BJ920002", "AAPL")
    assert [code for code in (*indices, *stocks) if is_index(code)] == list(indices)
