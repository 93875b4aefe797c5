"""The engine's block time, with pytest-benchmark: `pytest tests/benchmarks/bench_engine.py`."""

import numpy as np
import pytest

from instrument.benchmarks.engine import VOICES, held_voices, note_pool

RATE, BLOCK = 48000, 128


@pytest.fixture(scope="module")
def pool():
    pool = note_pool(RATE)
    yield pool
    pool.close()


@pytest.mark.parametrize("n_voices", VOICES)
def test_block_time(benchmark, pool, n_voices):
    engine = held_voices(n_voices, RATE, pool)
    out = np.zeros((BLOCK, 2), np.float32)
    benchmark(engine.process, out)
    assert engine.counters().n_voices == n_voices
