"""A result that is kept: it comes back whole, or an earlier version's is refused in one line."""

from __future__ import annotations

import pickle

import made_up_runs
import pandas as pd
import pytest

from qlib_mfgru.errors import InputError


def test_a_pickled_run_comes_back_whole() -> None:
    run = made_up_runs.result().runs[0]
    again = pickle.loads(pickle.dumps(run))
    pd.testing.assert_frame_equal(again.untradable, run.untradable)
    pd.testing.assert_frame_equal(again.rebalances, run.rebalances)
    assert again.limit == 0.3


def test_one_of_an_earlier_version_is_refused() -> None:
    run = made_up_runs.result().runs[0]
    del run.__dict__["untradable"]
    with pytest.raises(InputError, match=r"^an earlier version made it, without untradable$"):
        pickle.loads(pickle.dumps(run))
