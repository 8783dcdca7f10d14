"""The command: its report, its exit codes, and how soon it answers."""

import subprocess
import sys
from pathlib import Path

import pytest

from qlib_mfgru.cli import main

from .reference import check_sound
from .vendor import make_bars, make_daily, write

MAPPING = "bars: {files: bars/*, freq: 15min, stamps: end}\ndaily: {files: daily.csv}\n"


def test_the_command_prints_the_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bars = make_bars()
    source = write(tmp_path / "in", bars, make_daily(bars))
    (source / "mapping.yaml").write_text(MAPPING)
    arguments = ["ingest", str(source / "mapping.yaml"), "--source", str(source), "--quiet", "--target"]
    assert main([*arguments, str(tmp_path / "provider")]) == 0
    output = capsys.readouterr().out
    assert "192 read, 192 kept, 0 dropped" in output
    assert f"provider: {tmp_path / 'provider'}" in output
    check_sound(tmp_path / "provider")

    (source / "bars" / "all.parquet").write_bytes(b"PAR1")
    assert main([*arguments, str(tmp_path / "other")]) == 2
    assert "all.parquet: cannot be read" in capsys.readouterr().err
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read: No such file or directory"),
        ("bars: {files: b.csv, freq: 5min, stamps: begin}", "bars.stamps is 'begin': must be one of 'end', 'start'"),
        ("bars: [unclosed", "not a YAML file"),
    ],
)
def test_a_wrong_mapping_is_told_in_one_line_before_anything_heavy_is_imported(
    tmp_path: Path, content: str | None, message: str
) -> None:
    mapping = tmp_path / "my.yaml"
    if content is not None:
        mapping.write_text(content)
    program = (
        "import sys; from qlib_mfgru.cli import main; code = main(sys.argv[1:]); "
        "print(*sorted({'pandas', 'pyarrow', 'torch', 'qlib'} & set(sys.modules))); sys.exit(code)"
    )
    arguments = ["ingest", str(mapping), "--source", ".", "--target", str(tmp_path / "provider")]
    command = [sys.executable, "-c", program, *arguments]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert result.stderr.startswith(f"mfgru: {mapping}: {message}")
    assert result.stderr.count("\n") == 1
    assert result.stdout.strip() == ""


def test_a_vendor_alone_shows_its_mapping_and_with_ones_own_is_an_ingest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ingest", "--vendor", "tushare"]) == 0
    assert "daily:" in capsys.readouterr().out
    (tmp_path / "my.yaml").write_text("bars: {freq: 1min}\n")
    assert main(["ingest", "--vendor", "tushare", str(tmp_path / "my.yaml")]) == 2
    assert capsys.readouterr().err.startswith("mfgru: give --source, the folder of the files and --target, the")


def test_an_ingest_imports_neither_qlib_nor_torch() -> None:
    program = (
        "import sys; import qlib_mfgru.ingest.pipeline; print(*sorted({'torch', 'qlib'} & set(sys.modules)), sep='')"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == ""


def test_a_target_that_cannot_be_made_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = write(tmp_path / "in", make_bars(), make_daily(make_bars()))
    (source / "mapping.yaml").write_text(MAPPING)
    file, long = source / "daily.csv", tmp_path / ("x" * 300)
    for target, named in ((file / "provider", file), (long, long.with_name(f".{long.name}.lock"))):
        assert main(["ingest", str(source / "mapping.yaml"), "--source", str(source), "--target", str(target)]) == 2
        error = capsys.readouterr().err
        assert error.startswith(f"mfgru: {named}")
        assert error.count("\n") == 1
