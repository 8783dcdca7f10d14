"""What is hidden of addresses and statements in a text, and what stays."""

import pytest

from qlib_mfgru.addresses import without_addresses, without_literals
from qlib_mfgru.refusals import shown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("postgresql://quant:hunter2@db/prices: no", "postgresql://quant:***@db/prices: no"),
        ("/x/postgresql:/quant:hunter2@db/prices: no", "/x/postgresql:/quant:***@db/prices: no"),  # as a path has it
        ("(mysql+pymysql://q:hun)t'e@r2@db/p) refused", "(mysql+pymysql://q:***@db/p) refused"),
        ("redis://:hunter2@db", "redis://:***@db"),
        ("https://hunter2@db/x", "https://***@db/x"),
        ("postgresql://q:hun%40ter2@db", "postgresql://q:***@db"),
        ("is 'postgresql%3A%2F%2Fq%3Ahunter2%40db'", "is 'postgresql://q:***@db'"),
        ("no 'mysql://db/p?user=q&password=hunter2'; known", "no 'mysql://db/p?user=***&password=***'; known"),
        ("https://api.example/daily?token=hun)ter2: 404", "https://api.example/daily?token=***: 404"),
        ("prices.csv?passwd=hunter2&x=1", "prices.csv?passwd=***&x=1"),
        ("host=db user=q password=hunter2", "host=db user=q password=***"),
        ("where api_key = 'hunter 2' and x = 1", "where api_key = *** and x = 1"),
        ("quant:hunter2@db/prices: no", "quant:***@db/prices: no"),
        ("postgresql://quant:$PGPASSWORD@db", "postgresql://quant:$PGPASSWORD@db"),
        ("a.yaml: bars: no file 'b/*.csv' under /data/x@y", "a.yaml: bars: no file 'b/*.csv' under /data/x@y"),
        ("sqlite:////data/market.db: no such table", "sqlite:////data/market.db: no such table"),
        ("see https://sqlalche.me/e/21/4xp6).", "see https://sqlalche.me/e/21/4xp6)."),
    ],
)
def test_a_text_is_shown_without_passwords(text: str, expected: str) -> None:
    assert without_addresses(text) == expected
    assert without_addresses(expected) == expected


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("select a, 1.5 from b where token='hunter2' and n > 20", "select a, 1.5 from b where token='***' and n > 20"),
        ("select \"x y\", `z` from t where a = 'it''s hunter2'", "select \"x y\", `z` from t where a = '***'"),
        ("select 1 where a = 'it\\'s hunter2' and b = 'hunter2' or c", "select 1 where a = '***' or c"),
        ("select 1 where path = 'C:\\' and b = 'hunter2'", "select 1 where path = '***'"),
        ("select 1 where a = $$hunter2$$ or b = $t$hun$$ter2$t$", "select 1 where a = '***' or b = '***'"),
        ('select 1 where a = "hunter2"', "select 1 where a = '***'"),
        ('select 1 from a join b on a."k" = "b"."k"', 'select 1 from a join b on a."k" = "b"."k"'),
        ("select 1 -- it's hunter2\nfrom b # don't\nwhere a = 'hunter2'", "select 1  \nfrom b  \nwhere a = '***'"),
        ("select 1 /* 'hunter2 */ from b where a like 'hunter2", "select 1   from b where a like '***'"),
    ],
)
def test_a_statement_is_kept_without_its_texts(sql: str, expected: str) -> None:
    assert without_literals(sql) == expected


def test_a_value_that_is_cut_short_is_hidden_first() -> None:
    address = "postgresql://quant:" + "hunter2" * 30 + "@db"
    assert shown(address) == "'postgresql://quant:***@db'"
    assert shown({"sql": "select 1 where token = 'hunter2'", "url": address}) == (
        "{'sql': \"select 1 where token = '***'\", 'url': 'postgresql://quant:***@db'}"
    )
