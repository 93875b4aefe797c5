"""Processes that share the work on one SoundFont."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path
from typing import Self, TypeVar

from .fluidsynth import SoundFont
from .notes import DatasetError

Task = TypeVar("Task")
Key = TypeVar("Key")
Result = TypeVar("Result")


class FontWorkers:
    """Processes with the font open, or this process when one is enough."""

    def __init__(self, font: Path, n_workers: int) -> None:
        self._font = font
        self._here: SoundFont | None = None
        self._pool: ProcessPoolExecutor | None = None
        if n_workers > 1:
            self._pool = ProcessPoolExecutor(
                n_workers, get_context("spawn"), initializer=_open_font, initargs=(font,)
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        if self._pool:
            self._pool.shutdown(cancel_futures=True)
        if self._here:
            self._here.close()

    def run(
        self, function: Callable[[SoundFont, Task], Result], tasks: Mapping[Key, Task]
    ) -> Iterator[tuple[Key, Result]]:
        """Yield each task's key with what the function makes of it, in any order.

        Raises:
            DatasetError: If a process was killed, as happens when memory runs out.
        """
        if self._pool is None:
            self._here = self._here or SoundFont(self._font)
            for key, task in tasks.items():
                yield key, function(self._here, task)
            return
        keys = {self._pool.submit(_call, function, task): key for key, task in tasks.items()}
        try:
            for future in as_completed(keys):
                yield keys[future], future.result()
        except BrokenProcessPool as error:
            raise DatasetError(
                "A rendering process was killed, perhaps for lack of memory. "
                "Start again with fewer workers; the render continues."
            ) from error


_opened: list[SoundFont] = []  # the font of a worker process; empty in the parent


def _open_font(font: Path) -> None:
    _opened.append(SoundFont(font))


def _call(function: Callable[[SoundFont, Task], Result], task: Task) -> Result:
    return function(_opened[0], task)
