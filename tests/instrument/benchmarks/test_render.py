"""The benchmark of rendering measures a real renderer and says what it should."""

from pathlib import Path

import pytest

from instrument.benchmarks import render
from instrument.benchmarks.render import bench_render
from instrument.notes.renderer import NoteRenderer
from instrument.notes.renderer_client import RendererError
from model.config import ModelConfig, NetworkConfig
from model.gansynth import GANSynth
from model.roofline import DevicePeak, network_flops
from model.specgram import SpecgramConfig
from model.warped import WarpedConfig


@pytest.fixture
def model(tmp_path: Path) -> Path:
    warped = WarpedConfig()
    network = NetworkConfig(latent_size=4, n_pitches=3, channels=(4,) * 7, output="skip")
    config = ModelConfig(
        name="three notes",
        sample_rate=warped.sample_rate,
        n_samples=warped.n_samples,
        representation="warped",
        network=network,
        warped=warped,
    )
    GANSynth.create(config).save(tmp_path / "model")
    return tmp_path / "model"


def test_figures_are_those_of_the_model(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(render, "N_FIRST_SOUNDS", 3)
    monkeypatch.setattr(render, "N_CACHED", (100, 200))
    monkeypatch.setattr(render, "NETWORK_SECONDS", 0.1)
    figures = bench_render(str(model), 1)
    assert figures["model"] == "three notes"
    assert (figures["device"], figures["threads"]) == ("CPU, 1 thread", 1)
    assert figures["notes_per_second"] == pytest.approx(3 / figures["keyboard_seconds"], rel=0.02)
    for name in ("first_sound_ms", "busy_first_sound_ms"):
        assert 0 < figures[name]["p50"] <= figures[name]["p99"]
    assert figures["plain_network_ms"] is None
    assert set(figures["milliseconds_a_note"]) == {1, 2, 3}
    assert set(figures["policy_microseconds_a_note"]) == {100, 200}
    assert 0 < figures["network_gflops"] < figures["gemm_gflops"]
    assert figures["fraction_of_peak"] == pytest.approx(
        figures["network_gflops"] / figures["gemm_gflops"], abs=0.01
    )


def test_a_model_of_the_published_kind_is_measured_beside_a_plain_port(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(render, "N_FIRST_SOUNDS", 2)
    monkeypatch.setattr(render, "N_CACHED", (100,))
    monkeypatch.setattr(render, "NETWORK_SECONDS", 0.1)
    monkeypatch.setattr(render, "N_PLAIN", 2)
    specgram = SpecgramConfig()
    config = ModelConfig(
        name="published",
        sample_rate=specgram.sample_rate,
        n_samples=specgram.n_samples,
        representation="gansynth",
        gansynth=specgram,
        network=NetworkConfig(latent_size=4, n_pitches=2, channels=(4,) * 7),
    )
    GANSynth.create(config).save(tmp_path / "model")
    figures = bench_render(str(tmp_path / "model"), 1)
    assert figures["network_ms"] > 0
    assert figures["plain_network_ms"] > 0


def test_a_gpu_is_measured_beside_its_own_peak(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    peak = DevicePeak(1e12, 1e11)
    monkeypatch.setattr("instrument.notes.renderer.measure_peak", lambda *_: peak)
    renderer = NoteRenderer(GANSynth.load(model, "cpu", "fp32"), str(model))
    figures = renderer.network_figures()
    assert figures["precision"] == "fp32"
    assert (figures["gemm_gflops"], figures["bandwidth_gbs"]) == (1000.0, 100.0)
    flops = network_flops(GANSynth.load(model).config.network)
    notes_per_second = figures["network_notes_per_second"]
    assert figures["network_gflops"] == pytest.approx(notes_per_second * flops / 1e9, abs=0.1)
    assert 0 <= figures["fraction_of_peak"] <= figures["fraction_of_roofline"]


def test_a_device_that_is_not_there_is_said_in_one_line(model: Path) -> None:
    with pytest.raises(RendererError, match='no device "cuda:99" here'):
        bench_render(str(model), 1, "cuda:99")


def test_model_that_is_not_there_is_said_in_one_line() -> None:
    with pytest.raises(RendererError, match="nowhere"):
        bench_render("nowhere", 1)
