"""Jobs are taken in order, beginnings first, in batches where a worker takes batches."""

import threading
import time

from instrument.notes.job_queue import CHORD, JobQueue
from instrument.notes.renderer_protocol import RenderNote


def job(number: int, *, first_only: bool = False) -> RenderNote:
    return RenderNote(number, "model", b"", (1.0,), 60, 1, 48000.0, first_only)


def taken(queue: JobQueue, *, is_urgent: bool = False) -> list[int]:
    return [job.job for job in queue.take(0, is_urgent=is_urgent)]


def test_a_cpu_takes_one_job_at_a_time_in_the_order_in_which_they_came() -> None:
    queue = JobQueue(2)
    for number in (5, 3, 4):
        queue.put(job(number))
    assert [taken(queue) for _ in range(3)] == [[5], [3], [4]]


def test_beginnings_overtake_whole_notes() -> None:
    queue = JobQueue(1)
    queue.put(job(1))
    queue.put(job(2, first_only=True))
    assert [taken(queue), taken(queue)] == [[2], [1]]


def test_a_gpu_takes_a_chord_first_and_then_large_batches() -> None:
    queue = JobQueue(1)
    queue.serve(1, 16)
    for number in range(40):
        queue.put(job(number))
    batches = [taken(queue) for _ in range(4)]
    assert [len(batch) for batch in batches] == [CHORD, 16, 16, 4]
    assert [number for batch in batches for number in batch] == list(range(40))


def test_after_a_rest_the_first_batch_is_small_again() -> None:
    queue = JobQueue(1)
    queue.serve(1, 16)
    for number in range(CHORD + 1):
        queue.put(job(number))
    taken(queue)
    taken(queue)
    got: list[list[int]] = []
    waiting = threading.Thread(target=lambda: got.append(taken(queue)))
    waiting.start()
    while not queue._rested:  # until it waits
        time.sleep(0.001)
    queue.put(job(100))
    waiting.join(10)
    for number in range(101, 121):
        queue.put(job(number))
    assert got == [[100]]
    assert len(taken(queue)) == 16


def test_a_batch_has_beginnings_or_whole_notes_and_not_both() -> None:
    queue = JobQueue(1)
    queue.serve(1, 16)
    for number, first_only in enumerate((False, True, True, False)):
        queue.put(job(number, first_only=first_only))
    assert [taken(queue), taken(queue)] == [[1, 2], [0, 3]]


def test_jobs_put_back_are_the_next_in_their_order() -> None:
    queue = JobQueue(1)
    queue.serve(1, 2)
    for number in range(4):
        queue.put(job(number))
    queue.put_back(queue.take(0, is_urgent=False))
    assert [taken(queue), taken(queue)] == [[0, 1], [2, 3]]


def test_who_is_urgent_takes_beginnings_only() -> None:
    queue = JobQueue(1)
    got: list[list[int]] = []
    urgent = threading.Thread(target=lambda: got.append(taken(queue, is_urgent=True)))
    urgent.start()
    queue.put(job(1))
    queue.put(job(2, first_only=True))
    urgent.join(10)
    assert got == [[2]]
    assert taken(queue) == [1]


def test_an_urgent_job_is_the_swift_threads_while_that_is_free_and_else_anybodys() -> None:
    queue = JobQueue(2)
    got: dict[str, list[int]] = {}

    def take(name: str, **kind: bool) -> None:
        got[name] = [job.job for job in queue.take(0, is_urgent=True, **kind)]

    slow = threading.Thread(target=take, args=("slow",))
    swift = threading.Thread(target=take, args=("swift",), kwargs={"is_swift": True})
    for thread in (slow, swift):
        thread.start()
    while not queue._n_swift:  # until it waits
        time.sleep(0.001)
    queue.put(job(1, first_only=True))
    swift.join(10)
    assert got == {"swift": [1]}
    queue.put(job(2, first_only=True))
    slow.join(10)
    assert got == {"swift": [1], "slow": [2]}


def test_of_two_urgent_jobs_the_swift_thread_leaves_one_to_others() -> None:
    queue = JobQueue(2)
    got: list[list[int]] = []
    threads = [
        threading.Thread(target=lambda kind=kind: got.append(_first_of(queue, kind)))  # type: ignore[misc]
        for kind in (False, True)
    ]
    for number in (1, 2):
        queue.put(job(number, first_only=True))
    for thread in threads:
        thread.start()
        thread.join(10)
    assert sorted(got) == [[1], [2]]


def _first_of(queue: JobQueue, is_swift: bool) -> list[int]:
    return [job.job for job in queue.take(0, is_urgent=True, is_swift=is_swift)]


def test_workers_that_are_not_needed_get_nothing_until_they_are() -> None:
    queue = JobQueue(1)
    got: list[int] = []
    second = threading.Thread(
        target=lambda: got.extend(job.job for job in queue.take(1, is_urgent=False))
    )
    second.start()
    queue.put(job(1))
    assert taken(queue) == [1]
    queue.put(job(2))
    queue.serve(2, 1)
    second.join(10)
    assert got == [2]
