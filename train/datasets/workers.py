"""Processes that share the work on one data set."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, ExitStack, nullcontext
from itertools import islice
from multiprocessing import active_children, get_context
from typing import Any, Generic, Self, TypeVar

from .notes import DatasetError
from .stop_signals import leave_to_the_first

Context = TypeVar("Context")
Task = TypeVar("Task")
Result = TypeVar("Result")

# Tasks handed out and not yet back, for each process: enough that none waits, few enough that
# the waves inside them fit in memory.
_TASKS_AHEAD = 3


class Workers(Generic[Context]):
    """Processes that each hold a context, or this process when one is enough."""

    def __init__(
        self, n_workers: int, open_context: Callable[[], AbstractContextManager[Context]]
    ) -> None:
        """Start nothing yet.

        Args:
            n_workers: Processes; 1 is this one.
            open_context: Opens what each process keeps between tasks; a function that a fresh
                process can import.
        """
        self._open_context = open_context
        self._stack = ExitStack()
        self._here: Context | None = None
        self._n_workers = n_workers
        self._others = set(active_children())
        self._pool: ProcessPoolExecutor | None = None
        if n_workers > 1:
            self._pool = ProcessPoolExecutor(
                n_workers, get_context("spawn"), initializer=_begin, initargs=(open_context,)
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, error_type: type[BaseException] | None, *_error: object) -> None:
        if self._pool:
            if error_type:  # nobody waits for the end of an hour-long recording
                for process in set(active_children()) - self._others:
                    process.terminate()
            self._pool.shutdown(cancel_futures=True)
        self._stack.close()

    def run(
        self, function: Callable[[Context, Task], Result], tasks: Iterable[tuple[str, Task]]
    ) -> Iterator[tuple[str, Result]]:
        """Yield each task's key with what the function makes of it, in any order.

        Tasks are taken as they are needed, so there may be more of them than fit in memory.

        Raises:
            DatasetError: If a process was killed, as happens when memory runs out.
        """
        if self._pool is None:
            if self._here is None:
                self._here = self._stack.enter_context(self._open_context())
            for key, task in tasks:
                yield key, function(self._here, task)
            return
        try:
            yield from self._share(self._pool, function, iter(tasks))
        except BrokenProcessPool as error:
            raise DatasetError(
                "A process of the preparation was killed, perhaps for lack of memory. "
                "Start again with fewer --workers; it goes on where it stopped."
            ) from error

    def _share(
        self,
        pool: ProcessPoolExecutor,
        function: Callable[[Context, Task], Result],
        tasks: Iterator[tuple[str, Task]],
    ) -> Iterator[tuple[str, Result]]:
        keys: dict[Future[Result], str] = {}
        while True:
            for key, task in islice(tasks, _TASKS_AHEAD * self._n_workers - len(keys)):
                keys[pool.submit(_call, function, task)] = key
            if not keys:
                return
            for future in wait(keys, return_when=FIRST_COMPLETED).done:
                yield keys.pop(future), future.result()


def no_context() -> AbstractContextManager[None]:
    """Open nothing, for work that needs nothing but its task."""
    return nullcontext()


_contexts: list[Any] = []  # the context of a worker process; empty in the parent


def _begin(open_context: Callable[[], AbstractContextManager[Any]]) -> None:
    leave_to_the_first()
    _contexts.append(open_context().__enter__())


def _call(function: Callable[[Context, Task], Result], task: Task) -> Result:
    return function(_contexts[0], task)
