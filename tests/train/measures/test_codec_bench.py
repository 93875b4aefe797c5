"""The bench of representations, on notes whose fate is known."""

import io
import json
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch
from rich.console import Console

from model.representation import GANSynthRepresentation, WarpedRepresentation, representation_named
from model.specgram import SpecgramConfig
from model.warped import WarpedConfig
from train.datasets.notes import AUDIO_FOLDER, DatasetError, load_examples, write_wave
from train.measures import codec_bench
from train.measures.codec_bench import (
    CASES,
    CodecReport,
    bandwidth_hz,
    bench_codec,
    choose_notes,
    measure_note,
    report_json,
    report_table,
    round_trips,
    summarise,
    wave_for,
)
from train.measures.codec_pictures import draw_codecs
from train.measures.round_trip import ReferenceNote, RoundTrip

CASE = {case.name: case for case in CASES}
EXACT, REFINED = "exact", "exact, 4 iterations"
WHITE, SLOW = "white error, 4 iterations", "slow error, 4 iterations"


@pytest.fixture(scope="module")
def result(notes_folder: Path):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(codec_bench, "_TIMED_NOTES", 2)
        return bench_codec([notes_folder], n_notes=6, names=("M20hn", "mel"), workers=1)


@pytest.fixture
def report(result) -> CodecReport:
    return result[0]


# What is measured


def test_every_representation_goes_through_every_case(report: CodecReport) -> None:
    assert set(report.representations) == {"M20hn", "mel"}
    for figures in report.representations.values():
        assert set(figures.cases) == set(CASE)
        assert figures.size == (128, 1024, 2)
        assert all(spreads["lsd_db"].n_notes == 6 for spreads in figures.cases.values())


def test_notes_are_counted_as_they_are(report: CodecReport, result) -> None:
    _, examples, measured = result
    assert report.n_notes == len(examples) == len(measured) == 6
    assert sum(report.families.values()) == sum(report.velocities.values()) == 6
    assert set(report.families.values()) == {2}
    assert 48 <= report.pitches[0] < report.pitches[1] <= 64


def test_warped_brings_notes_back_where_mel_does_not(report: CodecReport) -> None:
    warped, mel = (report.representations[name].cases[EXACT] for name in ("M20hn", "mel"))
    assert warped["lsd_db"].worst < 0.3
    assert warped["snr_db"].worst > 45
    assert warped["level_db"].worst < 0.02
    assert warped["cents"].worst < 0.2
    assert warped["onset_ms"].worst < 0.1
    assert mel["lsd_db"].median > 2
    assert mel["level_db"].median > 0.3


def test_errors_do_harm_and_coarse_images_some(report: CodecReport) -> None:
    cases = report.representations["M20hn"].cases
    median = {name: spreads["lsd_db"].median for name, spreads in cases.items()}
    assert median[EXACT] < median["8 bits"] < median["white error"]
    assert median[SLOW] < median["slow error"]
    assert cases["fp16"]["snr_db"].worst > 40
    assert median[REFINED] < 0.3
    assert median[WHITE] < 2.5


def test_rate_size_and_times_are_told(report: CodecReport) -> None:
    warped, mel = report.representations["M20hn"], report.representations["mel"]
    assert (warped.sample_rate, mel.sample_rate) == (32000, 16000)
    for figures in (warped, mel):
        assert 0 < figures.decode_ms["0"] < figures.decode_ms["4"]
        assert figures.encode_ms > 0


def test_same_notes_have_the_same_figures_on_any_number_of_processes(notes_folder: Path) -> None:
    examples = load_examples(notes_folder)[:2]
    here = [measure_note(example, ["F"]) for example in examples]
    there = list(codec_bench._measure_all(examples, ["F"], 2))
    for one, other in zip(here, there, strict=True):
        for case in CASE:
            assert one["F"][case].lsd_db == pytest.approx(other["F"][case].lsd_db, abs=1e-3)


def test_silent_notes_are_left_out(notes_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "silent"
    (folder / AUDIO_FOLDER).mkdir(parents=True)
    (folder / "examples.json").write_bytes((notes_folder / "examples.json").read_bytes())
    for example in load_examples_without_audio(notes_folder):
        write_wave(folder / AUDIO_FOLDER / f"{example}.wav", np.zeros(128000, np.float32), 32000)
    with pytest.raises(DatasetError, match="no notes that sound"):
        bench_codec([folder], n_notes=2, names=("phase",), workers=1)


def load_examples_without_audio(folder: Path) -> list[str]:
    return list(json.loads((folder / "examples.json").read_text()))


def test_unknown_representation_is_refused(notes_folder: Path) -> None:
    with pytest.raises(ValueError, match="must be one of"):
        bench_codec([notes_folder], names=("M20hn", "cubic"))


def test_notes_are_chosen_alike_from_all_families_and_octaves(notes_folder: Path) -> None:
    chosen = choose_notes([notes_folder], 6, seed=0)
    kinds = {(example.instrument_family_str, example.pitch // 12) for example in chosen}
    assert len(kinds) == len(chosen) == 6


# The cases


def changed(name: str, image: torch.Tensor) -> torch.Tensor:
    return CASE[name].change(image, torch.Generator().manual_seed(0))


def test_eight_bits_are_256_values_a_255th_apart() -> None:
    image = torch.linspace(-1, 1, 20000).view(2, 100, 100)
    coarse = changed("8 bits", image)
    assert coarse.unique().numel() == 256
    assert (coarse - image).abs().max() == pytest.approx(1 / 255, rel=0.01)


def test_white_error_has_its_deviation_everywhere() -> None:
    error = changed("white error", torch.zeros(2, 128, 1024))
    assert error.std(dim=(1, 2)) == pytest.approx([0.02, 0.02], rel=0.01)
    assert error[0].std(dim=0).mean() == pytest.approx(0.02, rel=0.01)


def test_slow_error_stays_the_same_in_a_band_and_leaves_magnitudes() -> None:
    error = changed("slow error", torch.zeros(2, 128, 1024))
    assert not error[0].any()
    assert torch.equal(error[1], error[1, :1].expand(128, -1))
    assert error[1, 0].std() == pytest.approx(0.02, rel=0.1)


def test_iterations_get_the_same_errors_as_none(notes_folder: Path) -> None:
    [example, *_] = load_examples(notes_folder)
    representation = representation_named("M20hn")
    wave = wave_for(example, representation)
    trips = dict(zip(CASE, round_trips(wave, example.pitch, representation, 0), strict=True))
    label = torch.tensor([example.pitch])
    image = representation.encode(torch.from_numpy(wave)[None], label)[0]
    for name in (WHITE, SLOW):
        one = representation.decode(changed(name, image)[None], label, 4)[0].numpy()
        assert np.abs(one - trips[name]).max() < 1e-3


def test_notes_are_read_at_the_rate_and_length_asked_for(notes_folder: Path) -> None:
    [example, *_] = load_examples(notes_folder)
    for name, shape in (("M20hn", (128000,)), ("mel", (64000,))):
        wave = wave_for(example, representation_named(name))
        assert (wave.shape, wave.dtype) == (shape, np.float32)
        lost = ReferenceNote(wave, shape[0] // 4).measure(wave)
        assert lost.cents == 0


@pytest.mark.parametrize(
    ("representation", "reach_hz"),
    [
        (representation_named("M20hn"), 16000),
        (representation_named("linear"), 8000),
        (
            WarpedRepresentation(
                "48", WarpedConfig(sample_rate=48000, n_samples=192000, lead_in=4608, step_hz=26)
            ),
            24000,
        ),
        (
            GANSynthRepresentation(
                "8k", SpecgramConfig(sample_rate=8000, n_samples=64000), "linear"
            ),
            4000,
        ),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_bandwidth_is_up_to_where_noise_comes_back(representation, reach_hz: float) -> None:
    assert bandwidth_hz(representation) == reach_hz


def test_bandwidth_ends_where_the_bands_do() -> None:
    class Dull:
        sample_rate, n_samples = 32000, 128000

        def encode(self, waves: torch.Tensor, pitch: torch.Tensor) -> torch.Tensor:
            spectrum = torch.fft.rfft(waves)
            spectrum[:, torch.fft.rfftfreq(128000, 1 / 32000) > 10000] = 0
            return torch.fft.irfft(spectrum)

        def decode(self, images: torch.Tensor, pitch: torch.Tensor) -> torch.Tensor:
            return images

    assert bandwidth_hz(Dull()) == 10000  # type: ignore[arg-type]


# The report


def trip(lsd_db: float, snr_db: float, cents: float | None = None) -> RoundTrip:
    return RoundTrip(lsd_db, None, snr_db, 0.0, 0.0, cents, 0.0, None)


def test_spread_takes_the_bad_end_of_each_measure() -> None:
    spreads = summarise([trip(float(i), 100.0 - i) for i in range(101)])
    lsd, snr = spreads["lsd_db"], spreads["snr_db"]
    assert (lsd.median, lsd.p95, lsd.worst) == pytest.approx((50, 95, 100))
    assert (snr.median, snr.p95, snr.worst) == pytest.approx((50, 5, 0))


def test_notes_without_a_measure_do_not_count_in_it() -> None:
    spreads = summarise([trip(0, 0, 2.0), trip(0, 0), trip(0, 0, 4.0)])
    assert (spreads["cents"].n_notes, spreads["cents"].median) == (2, 3.0)
    assert "pre_echo_db" not in spreads


def test_json_holds_the_report(report: CodecReport) -> None:
    assert msgspec.json.decode(report_json(report), type=CodecReport) == report


def test_table_names_every_representation_in_every_case(report: CodecReport) -> None:
    out = io.StringIO()
    Console(width=260, file=out).print(report_table(report))
    text = out.getvalue()
    assert text.count("M20hn") == text.count("mel") == 1 + len(CASE)
    assert all(name in text for name in CASE)
    assert "…" not in text


def test_worst_notes_are_named_in_their_order(report: CodecReport, result) -> None:
    _, examples, measured = result
    by_name = {
        e.note_str: one["mel"][EXACT].lsd_db for e, one in zip(examples, measured, strict=True)
    }
    worst = report.representations["mel"].worst_notes
    assert [by_name[name] for name in worst] == sorted(by_name.values(), reverse=True)


def test_pictures_are_drawn_of_all_and_of_each(result, tmp_path: Path) -> None:
    _, examples, measured = result
    files = draw_codecs(examples, measured, tmp_path / "plots", n_worst=1)
    assert [file.name for file in files] == ["codecs.png", "worst-M20hn.png", "worst-mel.png"]
    assert all(file.read_bytes().startswith(b"\x89PNG") for file in files)
    assert not list((tmp_path / "plots").glob(".*"))


def test_a_place_for_pictures_that_is_a_file_is_an_error(result, tmp_path: Path) -> None:
    _, examples, measured = result
    (tmp_path / "plots").write_text("")
    with pytest.raises(DatasetError, match="plots"):
        draw_codecs(examples, measured, tmp_path / "plots")
