"""A mapping file that is none: one line each, which shows nothing of the file."""

import os
from pathlib import Path

import pytest

from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.mapping import load_mapping

LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n" for before, name in zip("abcdefg", "bcdefgh", strict=True)
)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "expected keys such as bars, daily, members"),
        ("# nothing\n", "expected keys such as bars, daily, members"),
        ("- bars\n- daily\n", "expected keys such as bars, daily, members"),
        ("daily:\n", "give bars, daily, or both"),
        ("daily:\n\tfiles: d.csv\n", r"not a YAML file: .*'\\t' that cannot start any token \(line 2\)"),
        ("daily: d.csv\nst: s.csv\ndaily: e.csv\n", r"not a YAML file: 'daily' is given twice \(line 3\)"),
        ("daily: {files: d.csv, files: e.csv}\n", r"not a YAML file: 'files' is given twice \(line 1\)"),
        ("daily: d.csv\n---\ndaily: e.csv\n", "not a YAML file: expected a single document"),
        ("daily: *unknown\n", r"not a YAML file: found undefined alias 'unknown' \(line 1\)"),
        ("daily: &itself [*itself]\n", "holds itself, or more than 100,000 values"),
        (LAUGHS, "holds itself, or more than 100,000 values"),
        ("daily: " + "[" * 5000, "not a YAML file: nested too deeply"),
        ("daily: 2024-99-99\n", "not a YAML file: month must be in 1..12"),
        ("daily: !!python/object:os.system x\n", "not a YAML file: could not determine a constructor"),
        ("? [a, b]\n: c\n", "not a YAML file: .*unhashable key"),
        ("daily: d\0csv\n", "not a YAML file: unacceptable character #x0000"),
        ("daily: {files: d.csv, encoding: nonsense}\n", "daily.encoding is 'nonsense': must be an encoding such as"),
        (b"daily: \xc8\xd5\xcf\xdf.csv\n", "not a YAML file in UTF-8: byte 7 is none of its text"),
        ("daily: 日线.csv\n".encode("utf-16"), "not a YAML file in UTF-8: byte 0 is none of its text"),
        (bytes(range(256)), "not a YAML file in UTF-8: byte 128"),
        (b"#" * ((1 << 20) + 1), "1,048,577 bytes are too many for a mapping; is it a vendor's file?"),
    ],
)
def test_what_is_no_mapping_is_one_line(content: str | bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "my.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError, match=f"^{path}: {message}") as caught:
        load_mapping(path)
    assert "\n" not in str(caught.value)


def test_what_is_no_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("absent")
    os.mkfifo(tmp_path / "fifo")
    for name, message in {
        ".": "a folder, not a mapping's YAML file",
        "fifo": "no regular file, not a mapping's YAML file",
        "link": "cannot be read: No such file or directory",
        "absent": "cannot be read: No such file or directory",
    }.items():
        with pytest.raises(InputError, match=f"^{tmp_path / name}: {message}$"):
            load_mapping(tmp_path / name)


def test_anchors_merged_keys_and_a_byte_order_mark_are_taken(tmp_path: Path) -> None:
    path = tmp_path / "my.yaml"
    path.write_text("\ufeffdaily: &d {files: d.csv, encoding: gbk}\nst: {<<: *d, encoding: gb18030, from_name: true}\n")
    mapping = load_mapping(path)
    assert mapping.daily is not None
    assert mapping.st is not None
    assert (mapping.daily.files, mapping.daily.encoding) == (("d.csv",), "gbk")
    assert (mapping.st.files, mapping.st.encoding) == (("d.csv",), "gb18030")


def test_codes_and_times_are_text_as_they_are_written(tmp_path: Path) -> None:
    path = tmp_path / "my.yaml"
    path.write_text("daily: {files: d.csv, where: {code: [000300, 000905, 399006, 15:00]}, skip_rows: 3}\n")
    daily = load_mapping(path).daily
    assert daily is not None
    assert (daily.where, daily.skip_rows) == ({"code": ("000300", "000905", "399006", "15:00")}, 3)


@pytest.mark.parametrize(
    "content",
    [
        "daily: {sql: [\"select 1 where t = 'hunter2'\"], url: 'a://b:hunter2@c'}\n",
        "daily: [{sql: \"select 1 where t = 'hunter2'\"}]\n",
        "daily: {files: {sql: \"select 1 where t = 'hunter2'\"}}\n",
        "bars: {sql: \"select 1 where t = 'hunter2'\", url: 'a://b:hunter2@c', freq: {url: 'a://b:hunter2@c'}}\n",
        "daily: 'a://b:hunter2@c'\n",
        "daily: {provider: 'a://b:hunter2@c', freq: 1}\n",
        "daily: {files: d.csv, sep: ['a://b:hunter2@c']}\n",
    ],
)
def test_no_error_shows_a_secret(content: str, tmp_path: Path) -> None:
    (tmp_path / "my.yaml").write_text(content)
    with pytest.raises(InputError) as caught:
        load_mapping(tmp_path / "my.yaml")
    assert "hunter2" not in str(caught.value)
