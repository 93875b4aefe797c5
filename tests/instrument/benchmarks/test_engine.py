import time

import pytest

from instrument.benchmarks import engine
from instrument.benchmarks.engine import (
    bench_beside,
    bench_engine,
    held_voices,
    note_pool,
)


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(engine, "N_MEASUREMENTS", 2)
    monkeypatch.setattr(engine, "MEASURED_SECONDS", 0.01)
    monkeypatch.setattr(engine, "NOTE_SECONDS", 0.5)


def test_every_voice_that_is_measured_sounds(quick):
    pool = note_pool(48000)
    assert held_voices(256, 48000, pool).counters().n_voices == 256
    pool.close()


def test_the_figures_of_each_number_of_voices_are_given(quick):
    figures = bench_engine(128, 48000)
    assert (figures["block"], figures["sample_rate"]) == (128, 48000)
    assert list(figures["voices"]) == ["32", "64", "128", "256"]
    assert all(row["block_us"] > 0 for row in figures["voices"].values())
    seconds_64 = figures["voices"]["64"]["block_us"] * 1e-6
    rate = 64 * 128 / 48000 / seconds_64
    assert figures["voice_seconds_per_cpu_second"] == pytest.approx(rate, rel=0.01)


class Idler:
    """Another player, that takes its time."""

    def process(self, out):
        end = time.process_time() + 0.002
        while time.process_time() < end:
            pass


def test_a_slower_peer_has_fewer_voice_seconds_than_the_engine(quick):
    rate, ratio = bench_beside(Idler(), 128, 48000)
    assert rate < 64 * 128 / 48000 / 0.002
    assert ratio > 1
