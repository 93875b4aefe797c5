"""An exported SFZ as sfizz plays it, which shares no code with us, beside the engine."""

from pathlib import Path

import numpy as np
import pytest

from instrument.export.exporting import ExportOptions
from instrument.presets.preset import Preset
from tests.instrument.beside_engine import (
    PITCHES,
    PLAYED,
    WHOLE_BAND_DB,
    bands_db,
    by_engine,
    cents_apart,
)
from tests.instrument.sampled import SAMPLE_RATE, SteadyNotes, export_toy, preset_of
from train.datasets.fluidsynth import HELD_SAMPLES

pysfizz = pytest.importorskip("pysfizz")

KEY = 61
HZ = 440 * 2 ** ((KEY - 69) / 12)


def by_sfizz(
    preset: Preset,
    folder: Path,
    velocity: int,
    *,
    grid: int = 1,
    controllers: dict[int, int] | None = None,
) -> np.ndarray:
    """Play a key for 3 s: float32 [frame], 4 s, the mean of left and right."""
    options = ExportOptions(format="sfz")
    done = export_toy(
        folder / "sfz", options, preset=preset, notes=SteadyNotes(), pitches=PITCHES, grid=grid
    )
    synth = pysfizz.Synth(sample_rate=SAMPLE_RATE, block_size=64)
    assert synth.load_sfz_file(done.file)
    for controller, value in (controllers or {}).items():
        synth._synth.cc(0, controller, value)
    return synth.render_note(KEY, velocity, 3.0, 4.0).mean(axis=0)


def differences_db(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """Give by how much each band that is heard is louder there than here."""
    bands = [bands_db(wave[:HELD_SAMPLES]) for wave in (ours, theirs)]
    heard = bands[0] > bands[0].max() - WHOLE_BAND_DB
    return bands[1][heard] - bands[0][heard]


@pytest.fixture(scope="module")
def player_db(tmp_path_factory: pytest.TempPathFactory) -> float:
    """Give how much louder sfizz plays everything."""
    folder = tmp_path_factory.mktemp("plain")
    theirs = by_sfizz(preset_of(), folder, 100)
    return float(np.median(differences_db(by_engine(preset_of(), KEY, 100), theirs)))


@pytest.mark.parametrize("parameters", PLAYED.values(), ids=PLAYED)
def test_sfizz_plays_an_exported_note_as_the_engine_does(
    parameters: dict[str, float], tmp_path: Path, player_db: float
) -> None:
    preset = preset_of(**parameters)
    ours, theirs = by_engine(preset, KEY, 70), by_sfizz(preset, tmp_path, 70)
    hertz = HZ * 2 ** (parameters.get("transpose", 0) / 12)
    assert abs(cents_apart(ours, theirs, hertz)) < 3
    np.testing.assert_allclose(differences_db(ours, theirs), player_db, atol=1.0)


@pytest.mark.parametrize("velocity", [10, 42, 43, 84, 85, 127])
def test_sfizz_plays_each_layer_of_velocity_as_the_engine_does(
    velocity: int, tmp_path: Path, player_db: float
) -> None:
    preset = preset_of(velocity_timbre=1.0, velocity_layers=3.0)
    ours, theirs = by_engine(preset, KEY, velocity), by_sfizz(preset, tmp_path, velocity)
    assert abs(cents_apart(ours, theirs, HZ)) < 3
    np.testing.assert_allclose(differences_db(ours, theirs), player_db, atol=1.0)


@pytest.mark.parametrize("place", [(0, 0), (64, 64), (127, 32), (20, 100)])
def test_sfizz_keeps_the_pads_power_wherever_the_controllers_stand(
    place: tuple[int, int], tmp_path: Path, player_db: float
) -> None:
    # all places of these notes sound alike and in phase: amplitudes add up, not powers
    x, y = place
    wave = by_sfizz(preset_of(), tmp_path, 100, grid=2, controllers={16: x, 17: y})
    shares = [share / 127 for share in (x, y)]
    amplitude = np.prod([np.sqrt(1 - share) + np.sqrt(share) for share in shares])
    expected = player_db + 20 * np.log10(amplitude)
    found = differences_db(by_engine(preset_of(), KEY, 100), wave)
    np.testing.assert_allclose(found, expected, atol=1.0)


def test_a_released_note_falls_in_sfizz_as_in_the_engine(tmp_path: Path, player_db: float) -> None:
    preset = preset_of(release=0.8)
    ours, theirs = by_engine(preset, KEY, 100), by_sfizz(preset, tmp_path, 100)
    for seconds in (0.1, 0.2, 0.4):
        start = HELD_SAMPLES + round(seconds * SAMPLE_RATE)
        levels = [
            10 * np.log10(np.mean(np.square(wave[start : start + 2400], dtype=np.float64)))
            for wave in (ours, theirs)
        ]
        assert levels[1] - levels[0] == pytest.approx(player_db, abs=1.0)
