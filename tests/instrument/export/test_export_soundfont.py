"""An exported SoundFont as FluidSynth plays it, beside the engine."""

import ctypes.util
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
from tests.instrument.sampled import SteadyNotes, export_toy, preset_of
from train.datasets.fluidsynth import HELD_SAMPLES, SoundFont

pytestmark = pytest.mark.skipif(
    ctypes.util.find_library("fluidsynth") is None, reason="FluidSynth is not installed"
)

PLAYER_DB = -9.0  # FluidSynth at the gain of `SoundFont`, its channel volume at 100


def by_fluidsynth(preset: Preset, folder: Path, key: int, velocity: int, **notes: float):
    """Play a key for 3 s: float32 [frame], 4 s, the mean of left and right."""
    options = ExportOptions(format="sf2")
    source = SteadyNotes(**notes)
    done = export_toy(folder / "font", options, preset=preset, notes=source, pitches=PITCHES)
    with SoundFont(done.file) as font:
        (name,) = font.presets()
        return font.play_note(name, key, velocity)


@pytest.mark.parametrize("parameters", PLAYED.values(), ids=PLAYED)
def test_fluidsynth_plays_an_exported_note_as_the_engine_does(
    parameters: dict[str, float], tmp_path: Path
) -> None:
    preset, key = preset_of(**parameters), 61
    theirs = by_fluidsynth(preset, tmp_path, key, 70)
    ours = by_engine(preset, key, 70)
    hertz = 440 * 2 ** ((key - 69 + parameters.get("transpose", 0)) / 12)
    assert abs(cents_apart(ours, theirs, hertz)) < 3
    bands = [bands_db(wave[:HELD_SAMPLES]) for wave in (ours, theirs)]
    heard = bands[0] > bands[0].max() - WHOLE_BAND_DB
    differences = bands[1][heard] - bands[0][heard]
    np.testing.assert_allclose(differences, PLAYER_DB, atol=1.0)


@pytest.mark.parametrize("velocity", [10, 42, 43, 84, 85, 127])
def test_fluidsynth_plays_each_layer_of_velocity_as_the_engine_does(
    velocity: int, tmp_path: Path
) -> None:
    preset, key = preset_of(velocity_timbre=1.0, velocity_layers=3.0), 61
    theirs = by_fluidsynth(preset, tmp_path, key, velocity)
    ours = by_engine(preset, key, velocity)
    assert abs(cents_apart(ours, theirs, 440 * 2 ** ((key - 69) / 12))) < 3
    bands = [bands_db(wave[:HELD_SAMPLES]) for wave in (ours, theirs)]
    heard = bands[0] > bands[0].max() - WHOLE_BAND_DB
    np.testing.assert_allclose(bands[1][heard] - bands[0][heard], PLAYER_DB, atol=1.0)


def test_the_layers_that_fluidsynth_plays_are_not_the_same_sound(tmp_path: Path) -> None:
    preset = preset_of(velocity_timbre=1.0, velocity_layers=2.0)
    (tmp_path / "hard").mkdir()
    soft, hard = (
        bands_db(by_fluidsynth(preset, folder, 61, velocity)[:HELD_SAMPLES])
        for folder, velocity in ((tmp_path, 40), (tmp_path / "hard", 90))
    )
    tops = [int(bands.argmax()) for bands in (soft, hard)]
    assert tops[0] == tops[1]  # the fundamental
    overtone = tops[0] + 3  # an octave above
    assert hard[overtone] - hard[tops[0]] > 6 + soft[overtone] - soft[tops[0]]


def test_a_note_that_decays_through_its_loop_decays_alike_in_fluidsynth(tmp_path: Path) -> None:
    preset = preset_of()
    theirs = by_fluidsynth(preset, tmp_path, 60, 100, loop_gain=0.5)
    ours = by_engine(preset, 60, 100, loop_gain=0.5)

    def levels_db(wave: np.ndarray) -> np.ndarray:
        return 10 * np.log10((wave[:HELD_SAMPLES].reshape(30, -1) ** 2).mean(axis=1))

    assert levels_db(ours)[0] - levels_db(ours)[-1] > 30
    np.testing.assert_allclose(levels_db(theirs) - levels_db(ours), PLAYER_DB, atol=0.5)


def test_a_released_note_falls_alike_in_fluidsynth(tmp_path: Path) -> None:
    preset = preset_of(release=1.0)
    theirs, ours = by_fluidsynth(preset, tmp_path, 60, 100), by_engine(preset, 60, 100)
    released = [wave[HELD_SAMPLES : HELD_SAMPLES + 24000] for wave in (ours, theirs)]
    levels = [10 * np.log10((wave.reshape(10, -1) ** 2).mean(axis=1)) for wave in released]
    np.testing.assert_allclose(levels[1] - levels[0], PLAYER_DB, atol=1.5)
