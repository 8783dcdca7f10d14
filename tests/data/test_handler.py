"""Cross-sections: against the slow reference, and which stocks have a sample."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import reference
from qlib.data import D
from small_market import (
    BARS,
    CODES,
    DAYS,
    DELISTED,
    FIRST_BAR_DAY,
    HALTED,
    INPUTS,
    LABEL,
    LISTED_LATE,
    LONG_SUSPENDED,
    MEMBER,
    NO_BARS,
    SUSPENDED,
    use,
)

from qlib_mfgru.data import MultiFreqHandler
from qlib_mfgru.data.settings import REPORT_INPUTS
from qlib_mfgru.errors import InputError

Make = Callable[..., MultiFreqHandler]


@pytest.mark.parametrize("day", [39, 49, 53, 55, 58, 60, 61, 79])
def test_small_market_equals_the_reference(handler: MultiFreqHandler, provider: Path, day: int, processor: str) -> None:
    section = handler.cross_section(DAYS[day])
    codes, tensors = reference.cross_section(provider, DAYS[day], INPUTS, CODES)
    assert list(section.instruments) == codes
    for freq, tensor in tensors.items():
        assert section.features[freq].dtype == np.float32
        np.testing.assert_allclose(section.features[freq], tensor, rtol=0, atol=2e-5)


@pytest.mark.parametrize("day", [59, 84, 129])
def test_demo_market_with_the_reports_windows_equals_the_reference(
    demo_provider: Path, cache: Path, day: int, processor: str
) -> None:
    use(demo_provider)
    handler = MultiFreqHandler(cache_dir=cache)
    date = handler.panels.days[day]
    section = handler.cross_section(date)
    codes, tensors = reference.cross_section(demo_provider, date, REPORT_INPUTS, handler.panels.instruments)
    assert list(section.instruments) == codes
    assert section.features["15min"].shape == (len(codes), 320, 6)
    assert section.features["day"].shape == (len(codes), 40, 6)
    for freq, tensor in tensors.items():
        np.testing.assert_allclose(section.features[freq], tensor, rtol=0, atol=2e-5)


def test_demo_dates_hold_the_dirt_that_the_reference_is_to_be_tried_on(demo_provider: Path, cache: Path) -> None:
    use(demo_provider)
    panels = MultiFreqHandler(cache_dir=cache).panels
    closes = D.features(panels.instruments, ["$close", "$volume", "$factor"], freq="day")
    assert closes["$close"].isna().sum() > 20, "suspended days"
    assert (closes["$factor"].groupby(level="instrument").agg(np.ptp) > 0.01).sum() > 5, "ex-dates"
    bars = D.features(panels.instruments, ["$close", "$volume"], freq="15min")
    assert ((bars["$volume"] == 0) & bars["$close"].notna()).sum() > 50, "bars without trade in live days"


@pytest.mark.parametrize(
    ("day", "code", "expected"),
    [
        (49, SUSPENDED, True),
        (50, SUSPENDED, False),  # does not trade
        (53, SUSPENDED, False),  # three of the last ten days are missing: 70 % < 80 %
        (59, SUSPENDED, False),
        (60, SUSPENDED, True),  # 8 of 10 days
        (57, LONG_SUSPENDED, False),
        (63, LONG_SUSPENDED, False),
        (64, LONG_SUSPENDED, True),
        (53, LISTED_LATE, False),  # the daily window has nine days
        (54, LISTED_LATE, True),
        (60, DELISTED, True),
        (61, DELISTED, False),
        (55, NO_BARS, False),
        (55, HALTED, True),
    ],
)
def test_who_has_a_sample(handler: MultiFreqHandler, day: int, code: str, expected: bool) -> None:
    assert (code in handler.cross_section(DAYS[day]).instruments) == expected


def test_frequencies_in_use_decide_who_has_a_sample(handler: MultiFreqHandler) -> None:
    assert NO_BARS in handler.cross_section(DAYS[55], ["day"]).instruments
    assert LISTED_LATE in handler.cross_section(DAYS[49], ["15min"]).instruments
    assert list(handler.cross_section(DAYS[20], ["day"]).features) == ["day"]


def test_a_share_that_opens_late_on_its_first_day_has_no_window_from_that_day(
    provider: Path, cache: Path, tmp_path: Path, processor: str
) -> None:
    other = tmp_path / "provider"
    shutil.copytree(provider, other)
    silent = (45 - FIRST_BAR_DAY) * BARS
    for file in (other / "features" / LISTED_LATE.lower()).glob("*.15min.bin"):
        values = np.fromfile(file, dtype="<f4")
        values[1 + silent : 1 + silent + 2] = np.nan
        values.tofile(file)
    use(other)
    handler = MultiFreqHandler(inputs=INPUTS, label=LABEL, cache_dir=cache)
    for day, expected in ((49, False), (50, True)):
        section = handler.cross_section(DAYS[day], ["15min"])
        assert (LISTED_LATE in section.instruments) == expected
        assert np.isfinite(section.features["15min"]).all()


def test_labels_are_the_expression_and_its_z_score(handler: MultiFreqHandler) -> None:
    section = handler.cross_section(DAYS[59])
    truth = D.features(CODES, [LABEL], freq="day").iloc[:, 0].xs(DAYS[59], level="datetime")[section.instruments]
    np.testing.assert_array_equal(section.raw_label, truth.to_numpy(np.float32))
    assert np.isnan(section.raw_label[list(section.instruments).index(DELISTED)])
    known = truth.dropna().to_numpy(np.float64)
    scored = section.label[np.isfinite(section.label)]
    np.testing.assert_allclose(scored, (known - known.mean()) / known.std(), atol=1e-6)


def test_labels_equal_the_reference(handler: MultiFreqHandler, provider: Path) -> None:
    """Of every stock and sample date; on days 47 and 46 a suspension hides the entry's and the exit's close."""
    unknown = set()
    for day in (46, 47, 49, 53, 60, 70, 75, 79):
        section = handler.cross_section(DAYS[day], ["day"])
        expected = [reference.label(provider, code, DAYS[day], 1, 4) for code in section.instruments]
        np.testing.assert_allclose(section.raw_label, expected, rtol=1e-5, atol=1e-7)
        unknown |= {(day, code) for code, label in zip(section.instruments, expected, strict=True) if np.isnan(label)}
    assert {(49, SUSPENDED), (46, SUSPENDED), (60, DELISTED)} <= unknown


def test_scale_of_prices_and_volumes_does_not_matter(provider: Path, cache: Path, tmp_path: Path) -> None:
    use(provider)
    plain = MultiFreqHandler(inputs=INPUTS, cache_dir=cache).cross_section(DAYS[60])
    shutil.copytree(provider, tmp_path / "scaled")
    for number, code in enumerate(CODES):
        for path in (tmp_path / "scaled/features" / code.lower()).glob("*.bin"):
            stored = np.fromfile(path, "<f4")
            stored[1:] *= 0.01 * 7**number if path.name.startswith("volume") else 3.7 ** (number % 5)
            stored.tofile(path)
    use(tmp_path / "scaled")
    scaled = MultiFreqHandler(inputs=INPUTS, cache_dir=tmp_path / "panels").cross_section(DAYS[60])
    for freq in INPUTS:
        np.testing.assert_allclose(scaled.features[freq], plain.features[freq], rtol=0, atol=1e-4)


def test_members_are_taken_point_in_time(make_handler: Make) -> None:
    few = make_handler(instruments="few")
    for day, expected in ((44, True), (50, True), (51, False), (59, False), (60, True), (70, True), (71, False)):
        assert (MEMBER in few.cross_section(DAYS[day]).instruments) == expected, day
    assert list(few.cross_section(DAYS[55]).instruments) == CODES[8:]


@pytest.mark.parametrize("instruments", ["few", {"market": "few", "filter_pipe": []}, CODES[8:]])
def test_ways_to_name_stocks(make_handler: Make, instruments: object) -> None:
    assert list(make_handler(instruments=instruments).cross_section(DAYS[55]).instruments) == CODES[8:]


def test_codes_are_plain_strings(handler: MultiFreqHandler) -> None:
    assert {type(code) for code in handler.cross_section(DAYS[55]).instruments} == {str}


def test_clip_bounds_the_features(make_handler: Make) -> None:
    plain, clipped = (make_handler(clip=clip).cross_section(DAYS[55]) for clip in (None, 1.5))
    for freq in INPUTS:
        assert np.abs(plain.features[freq]).max() > 1.5
        np.testing.assert_array_equal(clipped.features[freq], np.clip(plain.features[freq], -1.5, 1.5))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"instruments": "csi800"}, r"unknown market 'csi800'.*\['all', 'few'\]"),
        ({"instruments": ["SH600000", "SH609999"]}, "1 stocks are not in the provider's `all` market.*SH609999"),
        ({"inputs": {"5min": {"days": 2, "scale": "mean"}}}, r"no '5min' data; it has \['15min', 'day'\]$"),
        (
            {"inputs": {"60min": {"days": 2, "scale": "mean"}}},
            r"no '60min' data; .*; an ingest makes it of the 15min bars \(mfgru ingest --vendor qlib\)$",
        ),
        ({"inputs": {"day": {"days": 81, "scale": "last"}}}, "the day calendar has 80 days .* window of 81"),
        ({"start_time": "2030-01-01"}, "no trading day between 2030-01-01 and 2024-04-22"),
        ({"instruments": [MEMBER], "start_time": DAYS[20], "inputs": INPUTS, "end_time": DAYS[20]}, None),
    ],
)
def test_errors_name_what_is_wrong(make_handler: Make, settings: dict, message: str | None) -> None:
    if message is None:
        with pytest.raises(InputError, match=r"no stock of .* has complete windows in .* on .*no date has any"):
            make_handler(**settings).cross_section(DAYS[20])
        return
    with pytest.raises(InputError, match=message):
        _ = make_handler(**settings).panels


def test_a_date_without_samples_names_those_that_have(handler: MultiFreqHandler) -> None:
    with pytest.raises(InputError, match=r"on 2024-02-13; samples exist from 2024-02-19 to 2024-04-22"):
        handler.cross_section("2024-02-13")
    with pytest.raises(InputError, match="2024-02-17 is not a trading day"):
        handler.cross_section("2024-02-17")
    with pytest.raises(InputError, match=r"no input \['5min'\]"):
        handler.cross_section("2024-03-04", ["5min"])


def test_the_label_frame_is_qlibs(handler: MultiFreqHandler) -> None:
    frame = handler.fetch(slice(DAYS[50], DAYS[60]), col_set="label", data_key="raw")
    assert list(frame.columns) == ["LABEL0"]
    assert frame.index.names == ["datetime", "instrument"]
    truth = D.features(CODES, [LABEL], DAYS[50], DAYS[60], freq="day").iloc[:, 0].swaplevel().sort_index()
    pd.testing.assert_series_equal(frame["LABEL0"].reindex(truth.index), truth, check_names=False, check_dtype=False)
    with pytest.raises(InputError, match="features are tensors"):
        handler.fetch(col_set="feature")


def test_it_says_what_it_is(make_handler: Make, handler: MultiFreqHandler) -> None:
    windows = ", ".join(f"{freq}: {spec.days} days by {spec.scale}" for freq, spec in handler.inputs.items())
    assert repr(handler) == f"<MultiFreqHandler of all, all dates; {windows}; label {handler.label.expression!r}>"
    some = make_handler(instruments=CODES[:2], start_time=DAYS[3], end_time=DAYS[60])
    assert repr(some).startswith(f"<MultiFreqHandler of 2 instruments, {DAYS[3]:%Y-%m-%d} .. {DAYS[60]:%Y-%m-%d}; ")
    assert handler.params["label"] == handler.label.expression
    section = handler.cross_section(DAYS[60])
    shapes = ", ".join(f"{freq} {shape}" for freq, shape in handler.input_shapes().items())
    assert repr(section) == f"<CrossSection of {DAYS[60]:%Y-%m-%d}: {len(section.instruments)} stocks; {shapes}>"
