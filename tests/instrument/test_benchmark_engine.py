import ctypes.util

import pytest

from instrument import benchmark_engine
from instrument.benchmark_engine import bench_engine, held_voices, note_pool


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(benchmark_engine, "N_MEASUREMENTS", 2)
    monkeypatch.setattr(benchmark_engine, "MEASURED_SECONDS", 0.01)
    monkeypatch.setattr(benchmark_engine, "NOTE_SECONDS", 0.5)


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


@pytest.mark.skipif(
    ctypes.util.find_library("fluidsynth") is None, reason="FluidSynth is not installed"
)
def test_a_peer_is_measured_beside_it(quick):
    peer = bench_engine(128, 48000, "fluidsynth")["peer"]
    assert peer["name"] == "fluidsynth"
    assert peer["ratio"] > 0
    assert peer["voice_seconds_per_cpu_second"] > 0


def test_a_peer_that_is_not_known_is_named():
    with pytest.raises(ValueError, match='fluidsynth, not "vital"'):
        bench_engine(128, 48000, "vital")
