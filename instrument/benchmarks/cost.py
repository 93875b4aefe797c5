"""What the cache's policy costs a note, with few and with many notes cached."""

import time

from instrument.engine.pool import NoteInfo
from instrument.notes.cache import NoteCache
from instrument.notes.target import make_target

N_CACHED = (1_000, 20_000)
N_KEYBOARDS = 20
_LOWEST, _HIGHEST = 24, 84
_N_JOBS = 2
_MODEL = "a model"


def policy_microseconds(n_cached: int) -> float:
    """Time the policy alone, with a renderer and an engine that take no time.

    Args:
        n_cached: Notes that the cache holds; it is full, so each new one takes another's place.

    Returns:
        Microseconds for each note of a keyboard at a place of the pad that is new.
    """
    seconds = [0.0]  # the cache's clock: the pad has long rested whenever it is asked
    cache = NoteCache(n_cached + 1, 48000.0, clock=lambda: seconds[0])
    cache.set_pitches(_LOWEST, _HIGHEST)
    cache.set_ready(_MODEL)
    n_filling = n_cached // (_HIGHEST - _LOWEST + 1) + 1
    n_made, start = 0, 0.0
    for place in range(n_filling + N_KEYBOARDS):
        if place == n_filling:
            n_made, start = 0, time.perf_counter()
        seconds[0] += 1000.0
        cache.want(make_target(_MODEL, [[float(place)]], 0.0, 0.0))
        while jobs := cache.next_jobs(_N_JOBS, set()):
            for job in jobs:
                n_made += 1
                seconds[0] += 1.0
                cache.note_rendered(job.job, NoteInfo(job.slot, 1))
                cache.publish_to(lambda _pitch, _note, _layer: True)
    return 1e6 * (time.perf_counter() - start) / n_made
