"""Recorders of several models on the small market of the factor tests, and the page of them."""

from __future__ import annotations

from pathlib import Path

import market_world
import pytest
from experiments import start_qlib
from study_recorders import Recorders, make_recorders

from qlib_mfgru.study import Page, report


@pytest.fixture(scope="session")
def study_provider(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return market_world.write(tmp_path_factory.mktemp("study") / "my market")


@pytest.fixture(scope="session")
def recorders(study_provider: Path, tmp_path_factory: pytest.TempPathFactory) -> Recorders:
    store = tmp_path_factory.mktemp("study_store") / "mlruns.db"
    start_qlib(study_provider, store)
    return make_recorders(study_provider, store)


@pytest.fixture(scope="module", autouse=True)
def _in_their_store(request: pytest.FixtureRequest) -> None:
    """Tests of other folders, before a file's in the same process, leave qlib on stores of their own."""
    if any("recorders" in item.fixturenames for item in request.session.items if item.path == request.path):  # type: ignore[attr-defined]
        recorders: Recorders = request.getfixturevalue("recorders")
        start_qlib(recorders.provider, recorders.store)


@pytest.fixture(scope="session")
def page(recorders: Recorders) -> Page:
    """Of all recorders, in English."""
    return report(recorders.all, provider=recorders.provider, store=recorders.uri)


@pytest.fixture(scope="session")
def chinese(page: Page, recorders: Recorders) -> Page:
    """The same in Chinese, with empty charts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("qlib_mfgru.study.page.draw.inline_svg", lambda figure, key: f'<svg id="{key}"></svg>')
        return report(recorders.all, provider=recorders.provider, store=recorders.uri, lang="zh")
