"""How many threads the kernels have beside torch's."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import torch

from qlib_mfgru.threads import n_threads, torch_on_one_thread


@pytest.fixture(autouse=True)
def three_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


def both() -> tuple[int, int]:
    return n_threads(), torch.get_num_threads()


def test_kernels_keep_the_threads_that_torch_had() -> None:
    assert both() == (3, 3)
    with torch_on_one_thread():
        assert both() == (3, 1)
        with torch_on_one_thread():
            assert both() == (3, 1)
        assert both() == (3, 1)
    assert both() == (3, 3)


def test_an_error_gives_torch_its_threads_back() -> None:
    with pytest.raises(ArithmeticError), torch_on_one_thread():
        raise ArithmeticError
    assert both() == (3, 3)


def test_other_threads_of_python_have_their_own_number() -> None:
    """As rolling training with joblib's threads sets it in each."""
    seen = []

    def other() -> None:
        torch.set_num_threads(2)
        seen.append(both())
        with torch_on_one_thread():
            seen.append(both())
        seen.append(both())

    with torch_on_one_thread():
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        assert both() == (3, 1)
    assert seen == [(2, 2), (2, 1), (2, 2)]
    assert both() == (3, 3)
