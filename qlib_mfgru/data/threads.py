"""Work in numpy, which lets go of the interpreter's lock, spread over threads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from tqdm.auto import tqdm

from qlib_mfgru.native.threads import n_threads

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_threads(
    work: Callable[[Item], Result], items: Sequence[Item], description: str | None = None, unit: str = "it"
) -> list[Result]:
    """Results of `work` on every item, in order; with a progress bar if it has a description and takes long.

    Threads of numpy over pieces that fit the cache, rather than torch's own threads over the whole: these wait for
    each other after every operation, which costs ten times the work where other processes want the cores too.
    """
    with ThreadPoolExecutor(n_threads()) as pool:
        done = pool.map(work, items)
        return list(
            done if description is None else tqdm(done, description, len(items), unit=unit, leave=False, delay=1)
        )
