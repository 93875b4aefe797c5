"""The jobs that wait for the renderer's threads: in which order they are taken, and how many."""

import heapq
import itertools
import threading

from .renderer_protocol import RenderNote

CHORD = 4
"""Most notes of the first batch after a rest: the first jobs are those of the keys that sound, and
the fewer there are in their batch, the sooner they do."""


class JobQueue:
    """Jobs in the order in which they came, beginnings and crops before whole notes."""

    def __init__(self, n_workers: int) -> None:
        """Begin empty.

        Args:
            n_workers: How many workers take jobs, one job at a time.
        """
        self._jobs: list[tuple[bool, int, RenderNote]] = []  # a heap
        self._arrivals = itertools.count()
        self._returns = itertools.count(-1, -1)  # before all that have not been taken yet
        self._changed = threading.Condition()
        self._n_workers = n_workers
        self._n_batch = 1
        self._n_swift = 0  # threads that go first and wait
        self._rested = True

    def serve(self, n_workers: int, n_batch: int) -> None:
        """Say how many workers take jobs from now on, and how many jobs each at a time."""
        with self._changed:
            self._n_workers, self._n_batch = n_workers, n_batch
            self._changed.notify_all()

    def put(self, job: RenderNote) -> None:
        """Add a job."""
        with self._changed:
            heapq.heappush(self._jobs, (not job.is_urgent, next(self._arrivals), job))
            self._changed.notify_all()

    def put_back(self, jobs: list[RenderNote]) -> None:
        """Add jobs that were taken and not done, in front."""
        with self._changed:
            for job in reversed(jobs):
                heapq.heappush(self._jobs, (not job.is_urgent, next(self._returns), job))
            self._changed.notify_all()

    def take(self, number: int, *, is_urgent: bool, is_swift: bool = False) -> list[RenderNote]:
        """Wait for jobs that may be made together: all of them beginnings, or whole notes.

        A note that goes on from a held one is made alone: each has its own place.

        Args:
            number: Of the worker; those from `n_workers` on get none.
            is_urgent: Whether this thread makes beginnings and crops only.
            is_swift: Whether it runs before others: while it is free, an urgent job is its own.
        """
        with self._changed:
            self._n_swift += is_swift
            while not self._is_for(number, is_urgent, is_swift):
                self._rested = self._rested or not self._jobs
                self._changed.wait()
            self._n_swift -= is_swift
            n_most = min(CHORD, self._n_batch) if self._rested else self._n_batch
            jobs = [heapq.heappop(self._jobs)[2]]
            while (
                len(jobs) < n_most
                and self._jobs
                and jobs[0].heard is None
                and self._jobs[0][2].heard is None
                and self._jobs[0][2].first_only == jobs[0].first_only
            ):
                jobs.append(heapq.heappop(self._jobs)[2])
            self._rested = self._rested and jobs[0].is_urgent
            return jobs

    def _is_for(self, number: int, is_urgent: bool, is_swift: bool) -> bool:
        if not self._jobs or number >= self._n_workers:
            return False
        if not self._jobs[0][2].is_urgent:
            return not is_urgent
        return is_swift or sum(job.is_urgent for _, _, job in self._jobs) > self._n_swift
