"""What README.md and docs/ show runs as it is written: its quickest part, and with ``--docs`` all that can run here."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs.markdown_blocks import Page, pages
from docs.playing import NOT_RUN, QUICK, played_code, played_lines, reason, script, shell_lines
from docs.user_world import PlayError, World
from qlib_mfgru.demo.baostock import VendorMarket, serving

OF_PORTFOLIOS = ("docs/rebalance.md",)
FROM_NOTHING = ("docs/data.md", "docs/demo_market.md", "docs/ingest.md", "docs/study.md")
"""Pages that need no market, or make theirs: each runs on an empty machine of its own."""
PAGES = [page for page in pages() if played_lines(page) or played_code(page)]


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("world")).settle()


def play(page: Page, world: World) -> None:
    for line in played_lines(page):
        try:
            world.bash(line.text)
        except PlayError as error:
            raise PlayError(f"{line.place}: {line.text}\n{error}") from None
    if played_code(page):
        world.python(script(page))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_runs(page: Page, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    if not request.config.getoption("--docs"):
        pytest.skip("takes minutes: --docs")
    world = World(tmp_path) if page.name in FROM_NOTHING else request.getfixturevalue("settled")
    play(page, world.of_the_portfolio() if page.name in OF_PORTFOLIOS else world)


def test_the_readmes_way_from_nothing(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Its commands from `mfgru collect` on, with its own study, on the server on the loopback that it names."""
    if not request.config.getoption("--docs"):
        pytest.skip("takes minutes: --docs")
    (page,) = (page for page in pages() if page.name == "README.md")
    given = [line.bare for line in shell_lines(page)]
    begin = next(number for number, text in enumerate(given) if text.startswith("mfgru collect"))
    world, market = World(tmp_path), VendorMarket.of(n_stocks=60, n_days=250, intraday_days=200, seed=0)
    (study,) = (block.text for block in page.blocks if "experiment_name" in block.text)
    (world.work / "mine.yaml").write_text(study)
    with serving(market) as server:
        world.bash(f"{given[begin]} --host {server.host} --port {server.port}")
    for line in given[begin + 1 :]:
        world.bash(line)
    assert (world.work / "mine.html").stat().st_size > 100_000
    assert len((world.work / "orders.csv").read_text().splitlines()) > 10


def test_the_quickest_lines_run(tmp_path: Path) -> None:
    world = World(tmp_path)
    quick = {line.bare for page in pages() for line in shell_lines(page)}
    chosen = sorted(line for line in quick if re.search(QUICK, line))
    assert len(chosen) == 4
    for line in chosen:
        world.bash(line)


def test_each_kind_that_is_not_run_is_on_a_page() -> None:
    shown = [(page.name, line.bare) for page in pages() for line in shell_lines(page)]
    shown += [(page.name, block.text) for page in pages() for block in page.blocks if block.language == "python"]
    assert [kind.words for kind in NOT_RUN if not any(kind.holds(*each) for each in shown)] == []
    assert sum(reason(*each) is None for each in shown) > 30


def test_a_line_that_fails_is_named(tmp_path: Path) -> None:
    page = Page("planted.md", "# Planted\n```bash\nmfgru configs\nmfgru report nothing   # it has no --out\n```\n")
    with pytest.raises(PlayError, match=r"^planted\.md:4: mfgru report nothing") as caught:
        play(page, World(tmp_path))
    assert "code 2" in str(caught.value)
    assert "--out" in str(caught.value).splitlines()[-1]


def test_code_that_fails_is_seen(tmp_path: Path) -> None:
    page = Page("planted.md", "# Planted\n```python\nx = 1\n```\n\n```python\nassert x == 2\n```\n")
    with pytest.raises(PlayError, match="AssertionError"):
        play(page, World(tmp_path))
