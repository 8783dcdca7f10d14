"""Rows from databases: the same provider as from files, one line for each error, and no password anywhere."""

import json
import logging
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
import sqlalchemy

from qlib_mfgru.addresses import hidden
from qlib_mfgru.errors import InputError
from qlib_mfgru.ingest.mapping import RowInput, load_mapping, parse_mapping
from qlib_mfgru.ingest.mapping.urls import expanded
from qlib_mfgru.ingest.read.sources.database import Query

from ...vendor import BARS, make_bars, make_daily, run, write

PASSWORD = "s3cret/p@ss:w0rd"
SLICES = {"chunk_rows": 37}


def fill(url: str) -> None:
    """Both tables of the small vendor."""
    bars = make_bars()
    engine = sqlalchemy.create_engine(url)
    with engine.begin() as connection:
        bars.to_sql("bars", connection, index=False)
        make_daily(bars).to_sql("daily", connection, index=False)
    engine.dispose()


@pytest.fixture(params=["sqlite", "duckdb"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    pytest.importorskip("duckdb_engine")
    url = f"{request.param}:///{tmp_path / 'market.db'}"
    fill(url)
    return url


def from_database(url: str) -> dict[str, object]:
    """A mapping of both tables; percent signs and colons in SQL are no parameters."""
    bars = {"sql": "select * from bars where symbol like '%0%' and '09:45' <> ' :x';", "url": url}
    daily = {"sql": "select symbol, date, open, high, low, close, volume, factor as adj from daily", "url": url}
    return {
        "bars": {key: value for key, value in BARS.items() if key != "files"} | bars,
        "daily": daily | {"columns": {"factor": "adj"}},
    }


def assert_equals_files(folder: Path, target: Path) -> None:
    """The provider is that of the same rows in files."""
    bars = make_bars()
    run(write(folder / "in", bars, make_daily(bars)), folder / "by_files")
    for file in sorted((folder / "by_files" / "features").rglob("*.bin")):
        assert (target / file.relative_to(folder / "by_files")).read_bytes() == file.read_bytes(), file


def test_a_database_gives_the_provider_of_the_same_files(tmp_path: Path, target: Path, url: str) -> None:
    (tmp_path / "empty").mkdir()
    report = run(tmp_path / "empty", target, from_database(url), **SLICES)
    assert report.inputs["bars"].read == report.inputs["bars"].kept == 192
    assert_equals_files(tmp_path, target)


def test_no_more_than_a_slice_of_rows_is_held(url: str) -> None:
    query = Query(RowInput(sql="select symbol, close from bars order by symbol, datetime", url=url), "bars")
    frames = list(query.frames(query.columns(("close",), ("symbol",)), 100))
    assert [len(frame) for frame in frames] == [100, 92]
    assert pd.concat(frames)["close"].tolist() == make_bars().sort_values(["symbol", "datetime"])["close"].tolist()


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("select nothing from bars", "nothing"),
        ("select (close from bars", r"near|syntax|expected"),
        ("select * from bars where symbol = 'x'", "it has no rows"),
        ("select close from bars", r"query of bars: no column for 'symbol'"),
    ],
)
def test_a_bad_query_is_one_line(tmp_path: Path, target: Path, url: str, sql: str, message: str) -> None:
    mapping = from_database(url)
    mapping["bars"] |= {"sql": sql, "columns": dict.fromkeys(("open", "high", "low", "volume"), "close")}
    with pytest.raises(InputError, match=message) as error:
        run(tmp_path, target, mapping)
    assert "\n" not in str(error.value)
    assert str(error.value).startswith("query of bars")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://quant:{}@127.0.0.1:1/market",
        "postgresql+psycopg://quant:x@127.0.0.1:1/market?sslpassword={}",
        "nosuch://quant:{}@127.0.0.1/market",
        "postgresql+nosuch://quant:{}@127.0.0.1/market",
        "://quant:{}@",
        "mssql+pyodbc://?odbc_connect=PWD%3D{}",
        "postgresql+psycopg://quant:{}@127.0.0.1:port/market",
        "postgresql+psycopg://quant:x@{}@127.0.0.1:1/market",
        "postgresql+psycopg://q@127.0.0.1:1/market?options=-c%20password%3D{}",
        "quant:{}@127.0.0.1/market",
        "postgresql//quant:{}@127.0.0.1/market",
        "sqlite:////nowhere/at/all?token={}",
    ],
)
@pytest.mark.parametrize("password", ["s3cret", "s3cret%2Fp%40ss"])
def test_what_cannot_be_reached_is_one_line_without_the_password(
    tmp_path: Path, target: Path, url: str, password: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(InputError) as error:
        run(tmp_path, target, from_database(url.format(password)))
    assert error.value.__cause__ is error.value.__context__ is None
    assert "\n" not in str(error.value)
    assert "s3cret" not in str(error.value) + caplog.text
    assert "***" in str(error.value)


@pytest.mark.parametrize(
    "sql",
    [
        "drop table bars",
        "select 1; drop table bars",
        "with gone as (select 1) delete from bars",
        "/* select */ delete from bars",
        "pragma user_version = 7",
    ],
)
def test_a_statement_that_is_no_query_is_refused_before_it_is_run(
    tmp_path: Path, target: Path, url: str, sql: str
) -> None:
    mapping = from_database(url)
    mapping["bars"] |= {"sql": f"{sql} -- 's3cret'"}
    with pytest.raises(InputError, match=r"^my\.yaml: bars\.sql: must be one query that changes nothing") as error:
        parse_mapping(mapping, "my.yaml")
    assert "s3cret" not in str(error.value)


@pytest.mark.parametrize(
    "sql", ["select 'a;b' as \"update x set\" ;", "(select 1)", "WITH a AS (select 1) select * from a", "from bars"]
)
def test_a_query_in_any_form_is_taken(sql: str) -> None:
    assert RowInput(sql=sql, url="sqlite:///x.db").sql == sql.rstrip("; ")


def test_the_transaction_is_read_only_where_the_database_allows_it(postgres: str, tmp_path: Path, target: Path) -> None:
    mapping = from_database(postgres.format("s3cret%2Fp%40ss%3Aw0rd"))
    columns = ("symbol", "datetime", "open", "high", "low", "close", "volume")
    may_write = "case when current_setting('transaction_read_only') = 'on' then 0 else 1 end"
    mapping["bars"] |= {"sql": f"select 1 / {may_write} as one", "columns": dict.fromkeys(columns, "one")}
    with pytest.raises(InputError, match="division by zero"):
        run(tmp_path, target, mapping)


def test_a_token_in_the_statement_is_not_shown(tmp_path: Path, target: Path) -> None:
    mapping = from_database("duckdb:///:memory:")
    mapping["bars"] |= {"sql": "select * from read_csv_auto('/nowhere?token=s3cret')"}
    with pytest.raises(InputError, match="query of bars") as error:
        run(tmp_path, target, mapping)
    assert "s3cret" not in str(error.value)


def test_a_token_in_the_statement_is_in_no_file_of_the_provider(tmp_path: Path, target: Path, url: str) -> None:
    content = from_database(url)
    content["daily"]["sql"] += " where 'tok-17' <> symbol and close > 0.5 -- tok-17"  # type: ignore[index]
    run(tmp_path, target, content)
    assert not [file for file in target.rglob("*") if file.is_file() and b"tok-17" in file.read_bytes()]
    kept = json.loads((target / "mfgru.json").read_text())["mapping"]["daily"]["sql"]
    columns = "symbol, date, open, high, low, close, volume, factor as adj"
    assert kept.rstrip() == f"select {columns} from daily where '***' <> symbol and close > 0.5"


def test_an_address_anywhere_in_a_message_is_shown_without_its_password(tmp_path: Path) -> None:
    address = "postgresql://quant:s3cret@host/db"
    for content in ({"bars": address}, {"daily": {"files": address}}, {"quotes": {"sql": "x", "url": address}}):
        with pytest.raises(InputError) as error:
            parse_mapping(content, "my.yaml")
        assert "s3cret" not in str(error.value)
    (tmp_path / "my.yaml").write_text(f'daily: {{sql: "select 1", url: "{address}, amount: yuan}}\n')
    with pytest.raises(InputError, match=r"not a YAML file: while scanning a quoted scalar \(line 1\)") as error:
        load_mapping(tmp_path / "my.yaml")
    assert "s3cret" not in str(error.value)


def test_a_missing_driver_or_package_names_the_extra(
    tmp_path: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match=r"MySQLdb.*qlib_mfgru\[databases\]"):
        run(tmp_path, target, from_database("mysql+mysqldb://127.0.0.1/x"))
    monkeypatch.setitem(__import__("sys").modules, "sqlalchemy", None)
    with pytest.raises(InputError, match=r"qlib_mfgru\[databases\]"):
        run(tmp_path, target, from_database("sqlite:///x.db"))


def test_variables_of_the_environment_are_filled_in_and_a_missing_one_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MARKET_PASSWORD", PASSWORD)
    url = expanded("postgresql://quant:${MARKET_PASSWORD}@host/db", "bars.url")
    assert sqlalchemy.make_url(url).password == PASSWORD
    monkeypatch.setenv("DATABASE", "sqlite:///a$b.db")
    assert expanded("$DATABASE", "bars.url") == "sqlite:///a$b.db"
    with pytest.raises(InputError, match=r"daily\.url names the environment variable NOT_SET, which is not set"):
        expanded("postgresql://quant:$NOT_SET@host/db", "daily.url")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://quant:s3cret@host:5432/db", "postgresql://quant:***@host:5432/db"),
        ("postgresql://quant:s3:cr/e@t@host/db", "postgresql://quant:***@host/db"),
        ("postgresql://:s3cret@host/db?a=1&Password=s3cret&b=2", "postgresql://:***@host/db?a=***&Password=***&b=***"),
        ("quant:s3cret@host/db", "***@host/db"),
        ("postgresql//quant:s3cret@host/db", "postgresql//***@host/db"),
        ("postgresql://host/db?options=-c%20password%3Ds3cret", "postgresql://host/db?options=***"),
        ("postgresql://quant:${PGPASSWORD}@host/db", "postgresql://quant:${PGPASSWORD}@host/db"),
        ("duckdb:///md:market?motherduck_token=s3cret", "duckdb:///md:market?motherduck_token=***"),
        ("sqlite:///market.db", "sqlite:///market.db"),
    ],
)
def test_an_address_is_shown_without_its_secret(url: str, shown: str) -> None:
    assert hidden(url) == shown


def test_neither_the_mapping_nor_its_errors_show_a_password() -> None:
    url = f"postgresql://quant:{PASSWORD}@host/db"
    mapping = parse_mapping(from_database(url), "my.yaml")
    assert PASSWORD not in json.dumps(mapping.model_dump(mode="json")) + mapping.model_dump_json()
    assert PASSWORD not in repr(mapping) + str(mapping)
    assert "***" in mapping.model_dump(mode="json")["daily"]["url"]
    for wrong in ({"url": [url]}, {"url": url}, {"url": url, "sql": 1}, {"url": url, "sql": "x", "files": "y"}):
        with pytest.raises(InputError) as error:
            parse_mapping({"daily": wrong}, "my.yaml")
        assert PASSWORD not in str(error.value)


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a PostgreSQL of our own, with a password; as another user where we are root."""
    if not shutil.which("initdb") or not shutil.which("pg_ctl"):
        pytest.skip("PostgreSQL (initdb, pg_ctl) is not installed")
    pytest.importorskip("psycopg")
    folder = tmp_path_factory.mktemp("postgres")
    (folder / "password").write_text(PASSWORD)
    user: dict[str, object] = {}
    if os.getuid() == 0:
        user = {"user": "nobody", "group": "nogroup", "extra_groups": [], "cwd": "/"}
        for each in (folder, folder / "password"):
            shutil.chown(each, "nobody", "nogroup")
        for parent in list(folder.parents)[:-2]:
            parent.chmod(parent.stat().st_mode | 0o011)

    def call(*command: str) -> None:
        done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"}, **user)
        if done.returncode:
            pytest.skip(f"{command[0]} fails here: {done.stderr.strip()[-200:]}")

    data = str(folder / "data")
    call(
        "initdb",
        "-D",
        data,
        "-U",
        "quant",
        "-E",
        "UTF8",
        "--auth=scram-sha-256",
        f"--pwfile={folder / 'password'}",
        "-N",
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = f"-p {port} -h 127.0.0.1 -k {folder} -c fsync=off"
    call("pg_ctl", "-D", data, "-w", "-l", str(folder / "log"), "-o", options, "start")
    try:
        address = f"postgresql+psycopg://quant:{{}}@127.0.0.1:{port}/postgres"
        fill(address.format("s3cret%2Fp%40ss%3Aw0rd"))
        yield address
    finally:
        call("pg_ctl", "-D", data, "-m", "immediate", "stop")


def test_a_postgresql_gives_the_provider_of_the_same_files(
    tmp_path: Path, target: Path, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MARKET_PASSWORD", PASSWORD)
    report = run(tmp_path, target, from_database(postgres.format("$MARKET_PASSWORD")), **SLICES)
    assert_equals_files(tmp_path, target)
    manifest = (target / "mfgru.json").read_text()
    assert PASSWORD not in manifest + str(report)
    assert "$MARKET_PASSWORD" in manifest


def test_a_written_password_is_in_no_file_of_the_provider(tmp_path: Path, target: Path, postgres: str) -> None:
    run(tmp_path, target, from_database(postgres.format("s3cret%2Fp%40ss%3Aw0rd")))
    assert "s3cret" not in (target / "mfgru.json").read_text()


def test_a_wrong_password_is_refused_without_being_shown(tmp_path: Path, target: Path, postgres: str) -> None:
    with pytest.raises(InputError, match="password authentication failed") as error:
        run(tmp_path, target, from_database(postgres.format("s3cret-but-wrong")))
    assert "s3cret" not in str(error.value)
