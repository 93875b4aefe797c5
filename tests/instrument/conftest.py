import pytest

from instrument.engine.pool import NotePool
from tests.instrument.playing import Player

RATE, SECONDS, N_SLOTS = 48000, 4, 24


@pytest.fixture
def note_pool():
    pool = NotePool(N_SLOTS, SECONDS * RATE)
    yield pool
    pool.close()


@pytest.fixture
def player(note_pool):
    return Player(note_pool)
