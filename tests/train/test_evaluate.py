"""Models whose faults are known are evaluated: each figure shows what it should."""

import io
import itertools
import json
import zlib
from collections.abc import Callable
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
import torch
from rich.console import Console

from model.config import ModelConfig, NetworkConfig, TimbreConfig
from model.gansynth import GANSynth, ModelError
from model.warped import WarpedConfig
from train.dataset import is_held_out
from train.evaluate import (
    PITCHES,
    EvaluationError,
    EvaluationReport,
    evaluate,
    evaluate_model,
    report_json,
    report_table,
)
from train.notes import (
    AUDIO_FOLDER,
    FAMILIES,
    DatasetError,
    Note,
    load_examples,
    note_name,
    write_examples,
    write_wave,
)
from train.pictures import CoveragePoint, principal_places

RATE = 16000
N_SAMPLES = 24000
SECONDS = np.arange(N_SAMPLES) / RATE
NAMES = ["Pure", "Bright", "Plucked"]
PARTIALS = [2, 20, 8]
DECAYS = [0.1, 0.1, 8.0]
BREATH = 0.03
DATA_PITCHES = range(52, 70)


def play(timbre: int, pitch: float) -> np.ndarray:
    """A real note of the data: float32 [sample]."""
    hertz = 440 * 2 ** ((pitch - 69) / 12)
    wave = sum(
        np.sin(2 * np.pi * hertz * n * SECONDS + n) / n
        for n in range(1, PARTIALS[timbre] + 1)
        if hertz * n < RATE / 2
    )
    wave = wave + BREATH * np.random.default_rng(timbre).standard_normal(N_SAMPLES)
    wave = wave * np.exp(-DECAYS[timbre] * SECONDS)
    return (0.8 * wave / np.abs(wave).max()).astype(np.float32)


Player = Callable[[int, int], np.ndarray]


class FakeModel:
    """A model whose latents are one-hot timbres, and which plays what it is told to."""

    name = "fake"
    hash = "0"
    sample_rate = RATE
    n_samples = N_SAMPLES
    pitches = range(24, 85)
    latents = torch.eye(len(NAMES))

    def __init__(self, player: Player = play, names: list[str] = NAMES) -> None:
        self.player = player
        self.timbres = tuple(TimbreConfig(name=name, family="bass") for name in names)
        self.played: list[tuple[int, int]] = []

    def draw(self, seed: int) -> np.ndarray:
        return np.eye(len(NAMES), dtype=np.float32)[seed % len(NAMES)]

    def render(self, z: torch.Tensor, pitch: torch.Tensor) -> torch.Tensor:
        notes = [(int(row.argmax()), int(p)) for row, p in zip(z, pitch, strict=True)]
        self.played += notes
        return torch.stack([torch.from_numpy(self.player(*note)) for note in notes])


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    """Three timbres at eighteen neighbouring pitches."""
    folder = tmp_path_factory.mktemp("data")
    (folder / AUDIO_FOLDER).mkdir()
    notes = []
    for timbre, pitch in itertools.product(range(len(NAMES)), DATA_PITCHES):
        instrument_str = f"bass_acoustic_{timbre:03d}"
        name = note_name(instrument_str, pitch, 100)
        write_wave(folder / AUDIO_FOLDER / f"{name}.wav", play(timbre, pitch), RATE)
        notes.append(
            Note(
                note=len(notes),
                note_str=name,
                instrument=timbre,
                instrument_str=instrument_str,
                pitch=pitch,
                velocity=100,
                sample_rate=RATE,
                instrument_family=0,
                instrument_family_str=FAMILIES[0],
                instrument_source=0,
                instrument_source_str="acoustic",
                qualities=(0,) * 10,
                qualities_str=(),
                preset_name=NAMES[timbre],
                level_db=0.0,
            )
        )
    write_examples(folder, notes)
    return folder


def judge(data: Path, player: Player, n_notes: int = 3) -> EvaluationReport:
    return evaluate_model(FakeModel(player), data, n_notes=n_notes, workers=0)


@pytest.fixture
def quick_ear(monkeypatch):
    """Every note is in tune: for tests of what is no matter of pitch."""
    monkeypatch.setattr("train.evaluate.cents_off", lambda held, pitch: 0.0)


@pytest.fixture(scope="module")
def perfect(data) -> EvaluationReport:
    return judge(data, play, n_notes=6)


def test_real_notes_themselves_are_a_perfect_model(perfect):
    for row in (perfect.drawn, perfect.blends, perfect.known, perfect.real):
        assert row is not None
        assert (row.in_tune, row.in_tune_folded, row.unpitched) == (1, 1, 0)
        assert (row.silent, row.clipped, row.dc) == (0, 0, 0)
        assert row.cents_p90 is not None
        assert row.cents_p90 <= 12
    assert perfect.held_out is not None
    assert perfect.held_out.distance_db.p90 < 0.1  # 16 bits
    assert perfect.held_out.convergence.p90 < 0.001
    assert perfect.held_out.nearer_than_neighbour == 1
    assert 1 < perfect.held_out.neighbour_db.median < perfect.held_out.other_db.p90
    assert perfect.held_out.jitter_db.median == pytest.approx(
        perfect.held_out.real_jitter_db.median, abs=0.01
    )


def test_as_many_notes_are_heard_as_were_asked_for(perfect):
    n_held_out = perfect.held_out.n_notes if perfect.held_out else 0
    assert (perfect.drawn.n_notes, perfect.blends.n_notes, perfect.real.n_notes) == (6, 2, 6)
    assert 3 <= n_held_out <= 6


def test_octave_too_high_is_out_of_tune_but_not_folded(data):
    report = judge(data, lambda timbre, pitch: play(timbre, pitch + 12))
    assert (report.drawn.in_tune, report.drawn.in_tune_folded) == (0, 1)
    assert report.drawn.cents_median == pytest.approx(1200, abs=10)
    assert report.real.in_tune == 1


def test_detuned_notes_are_out_of_tune_folded_too(data):
    report = judge(data, lambda timbre, pitch: play(timbre, pitch + 0.7))
    assert (report.drawn.in_tune, report.drawn.in_tune_folded) == (0, 0)
    assert report.known is not None
    assert report.known.in_tune == 0


def test_silence_is_silent_has_no_pitch_and_is_like_nothing(data):
    report = judge(data, lambda timbre, pitch: np.zeros(N_SAMPLES, np.float32))
    assert report.drawn.silent == report.drawn.n_notes
    assert report.drawn.unpitched == 1
    assert report.drawn.in_tune == 0
    assert report.drawn.cents_median is None
    assert report.held_out is not None
    assert report.held_out.nearer_than_neighbour == 0
    assert report.held_out.convergence.median == pytest.approx(1)


def test_notes_that_are_not_numbers_count_as_silent(quick_ear, data):
    report = judge(data, lambda timbre, pitch: np.full(N_SAMPLES, np.nan, np.float32), n_notes=1)
    assert report.drawn.silent == 1
    json.loads(report_json(report))


def test_clipping_and_dc_are_counted(quick_ear, data):
    report = judge(data, lambda timbre, pitch: 1.3 * play(timbre, pitch) + np.float32(0.1))
    assert report.drawn.clipped == report.drawn.dc == report.drawn.n_notes
    assert report.blends.clipped == report.blends.dc == report.blends.n_notes
    assert (report.real.clipped, report.real.dc) == (0, 0)


def test_another_timbre_at_the_right_pitch_is_no_nearer_than_the_neighbour(data):
    report = judge(data, lambda timbre, pitch: play((timbre + 1) % 3, pitch))
    assert report.held_out is not None
    assert report.known is not None
    assert report.known.in_tune == 1
    assert report.held_out.nearer_than_neighbour < 0.5
    assert report.held_out.distance_db.median > report.held_out.neighbour_db.median


def test_trembling_notes_have_more_jitter_than_real_ones(quick_ear, data):
    tremble = (1 + 0.4 * np.sin(2 * np.pi * 11 * SECONDS)).astype(np.float32)
    report = judge(data, lambda timbre, pitch: 0.7 * tremble * play(timbre, pitch))
    assert report.held_out is not None
    assert report.held_out.jitter_db.median > 5 * report.held_out.real_jitter_db.median


def test_held_out_notes_are_those_that_training_leaves_out(quick_ear, data):
    model = FakeModel()
    held_out = {
        (NAMES.index(e.preset_name or ""), e.pitch) for e in load_examples(data) if is_held_out(e)
    }
    for timbre, pitch in itertools.product(range(3), DATA_PITCHES):
        text = f"bass_acoustic_{timbre:03d}-{pitch}"
        assert ((timbre, pitch) in held_out) == (zlib.crc32(text.encode()) % 8 == 0)
    report = evaluate_model(model, data, n_notes=2, workers=0)
    assert report.held_out is not None
    # In order: drawn, blends, held-out.
    drawn, blends = report.drawn.n_notes, report.blends.n_notes
    assert set(model.played[drawn + blends :]) <= held_out


def test_pitches_asked_for_are_the_keyboard_s(quick_ear, data):
    model = FakeModel()
    evaluate_model(model, data, n_notes=8, workers=0)
    assert all(pitch in PITCHES for _, pitch in model.played)
    assert len({pitch for _, pitch in model.played}) > 5


def test_same_seed_gives_the_same_report_and_another_another(quick_ear, data):
    first, again, other = (FakeModel() for _ in range(3))
    reports = [
        evaluate_model(model, data, n_notes=2, seed=seed, workers=0)
        for model, seed in ((first, 3), (again, 3), (other, 4))
    ]
    assert reports[0] == reports[1]
    assert first.played == again.played != other.played


def test_timbres_that_the_data_does_not_have_are_not_compared(quick_ear, data):
    model = FakeModel(names=["a", "b", "c"])
    report = evaluate_model(model, data, n_notes=1, workers=0)
    assert report.held_out is None
    assert report.known is None
    assert "no held-out notes" in shown(report)


def test_progress_goes_up_to_its_total(quick_ear, data):
    seen: list[tuple[int, int, str]] = []
    evaluate_model(
        FakeModel(), data, n_notes=2, workers=0, progress=lambda *step: seen.append(step)
    )
    assert [done for done, _, _ in seen] == list(range(1, len(seen) + 1))
    assert seen[-1][0] == seen[-1][1]


def shown(report: EvaluationReport) -> str:
    out = io.StringIO()
    Console(file=out, width=80).print(report_table(report))
    return out.getvalue()


def test_table_fits_a_terminal_and_shows_the_figures(perfect):
    text = shown(perfect)
    assert "100.0%" in text
    assert "neighbouring semitone" in text
    assert "librosa.pyin" in text
    assert "…" not in text


def test_json_has_every_figure(perfect):
    report = json.loads(report_json(perfect))
    assert report["drawn"]["in_tune"] == 1
    assert report["held_out"]["distance_db"].keys() == {"median", "p90"}
    assert report["pitch_estimator"].startswith("librosa.pyin")


def test_pictures_show_each_timbre_and_the_coverage(quick_ear, data, tmp_path):
    evaluate_model(FakeModel(), data, n_notes=1, workers=0, pictures=tmp_path / "new")
    for name in ("timbres.png", "coverage.png"):
        picture = matplotlib.image.imread(tmp_path / "new" / name)
        assert picture.shape[0] > 100
        assert picture[..., :3].std() > 0.05
    assert len(list((tmp_path / "new").iterdir())) == 2


def test_coverage_keeps_the_distances_of_real_notes_on_a_plane():
    rng = np.random.default_rng(0)
    axes = np.linalg.qr(rng.standard_normal((512, 2)))[0]
    flat = rng.standard_normal((10, 2))
    points = [CoveragePoint("real", str(i), row) for i, row in enumerate(flat @ axes.T)]
    places = principal_places(points)
    for a, b in itertools.combinations(range(10), 2):
        assert np.linalg.norm(places[a] - places[b]) == pytest.approx(
            np.linalg.norm(flat[a] - flat[b])
        )


def test_coverage_of_a_picture_too_small_is_refused():
    with pytest.raises(ValueError, match=r"at least \(32, 16\), not \(8, 4\)"):
        CoveragePoint.of(np.zeros((8, 4), np.float32), "real", "")


# A whole model, with processes


@pytest.fixture
def random_model(tmp_path) -> Path:
    warped = WarpedConfig()
    config = ModelConfig(
        name="random",
        sample_rate=warped.sample_rate,
        n_samples=warped.n_samples,
        representation="warped",
        network=NetworkConfig(latent_size=4, channels=(4,) * 7, first_head=4, output="skip"),
        prior="timbres",
        timbres=tuple(TimbreConfig(name=name, family="bass") for name in NAMES),
        warped=warped,
    )
    GANSynth.create(config).save(tmp_path / "model")
    return tmp_path / "model"


def test_random_weights_are_neither_in_tune_nor_near(random_model, data):
    report = evaluate(random_model, data, n_notes=2, workers=1)
    assert report.model == "random"
    assert len(report.model_hash) == 64
    assert report.drawn.in_tune < 0.7
    assert report.real.in_tune == 1
    assert report.held_out is not None
    assert report.held_out.nearer_than_neighbour == 0
    assert report.held_out.distance_db.median > report.held_out.neighbour_db.median


def test_number_of_torch_threads_is_left_as_it_was(quick_ear, data):
    before = torch.get_num_threads()
    judge(data, play, n_notes=1)
    assert torch.get_num_threads() == before


# What is wrong


def test_folder_that_is_no_model_is_refused(tmp_path, data):
    with pytest.raises(ModelError):
        evaluate(tmp_path, data, workers=0)


def test_folder_that_is_no_data_set_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="Make a data set with"):
        evaluate_model(FakeModel(), tmp_path, workers=0)


def test_data_outside_the_keyboard_is_refused(data, tmp_path):
    (tmp_path / AUDIO_FOLDER).mkdir()
    low = [Note(**{k: v for k, v in vars(e).items() if k != "path"}) for e in load_examples(data)]
    row = vars(low[0]) | {"pitch": 30, "note_str": "low"}
    write_wave(tmp_path / AUDIO_FOLDER / "low.wav", play(0, 30), RATE)
    write_examples(tmp_path, [Note(**row)])
    with pytest.raises(DatasetError, match=r"no notes of pitches 36\.\.84"):
        evaluate_model(FakeModel(), tmp_path, workers=0)


def test_model_with_too_few_pitches_is_refused(data):
    model = FakeModel()
    model.pitches = range(48, 73)
    with pytest.raises(EvaluationError, match=r"makes pitches 48\.\.72; .* needs 36\.\.84"):
        evaluate_model(model, data, workers=0)


def test_no_notes_are_refused(data):
    with pytest.raises(ValueError, match="n_notes must be at least 1, not 0"):
        evaluate_model(FakeModel(), data, n_notes=0, workers=0)


def test_pictures_that_cannot_be_written_are_an_error_of_one_line(quick_ear, data, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DatasetError, match="Could not write"):
        evaluate_model(FakeModel(), data, n_notes=1, workers=0, pictures=tmp_path / "file")
