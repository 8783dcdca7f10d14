"""What the kernels' tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch


@pytest.fixture
def threads() -> Iterator[None]:
    """torch's number of threads is set back after a test that changes it."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)
