"""Play every factory preset through the engine, and say which are too soft, out of tune, or click.

    python scripts/check_presets.py [--pitch 60]

One performance plays them all, each with two seconds of a key and three of silence; the exit status
is 1 where a preset fails. Needs the libraries of training (`pip install timbrepad[train]`).
"""

import argparse
import sys
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from instrument import NoteOff, NoteOn, Preset, PresetLibrary
from instrument.engine.engine import Engine
from instrument.notes.offline_notes import RenderedNotes
from instrument.presets.models import ModelLibrary
from instrument.songs.arranging import arrange
from instrument.songs.offline import perform
from instrument.songs.offline_player import PresetPlayer
from instrument.storage.paths import data_folder
from instrument.values.events import AnyEvent, ProgramChange
from train.evaluation.faults import find_faults
from train.evaluation.in_tune import cents_off, fold_cents

SAMPLE_RATE = 48000
KEY_SECONDS = 2.0
EVERY_SECONDS = 5.0
LEAST_PEAK_DB, MOST_PEAK_DB = -30.0, -0.5
MOST_CENTS = 50.0


def play(presets: Sequence[Preset], pitch: int) -> NDArray[np.float32]:
    """Play a note of each preset: float32 [preset, frame], mono."""
    model = ModelLibrary().find(presets[0].model_name)
    events: list[AnyEvent] = []
    for place in range(len(presets)):
        at = place * EVERY_SECONDS
        events += [
            ProgramChange(program=place % 128, bank=place // 128, time_seconds=at),
            NoteOn(note=pitch, velocity=100, time_seconds=at + 0.01),
            NoteOff(note=pitch, time_seconds=at + KEY_SECONDS),
        ]
    blocks: list[NDArray[np.float32]] = []
    with RenderedNotes(model.path, SAMPLE_RATE) as notes:
        player = PresetPlayer(
            presets[0],
            notes.model,
            notes.timbres,
            lambda program, bank: presets[128 * bank + program],
        )
        pitches = range(notes.model.lowest_pitch, notes.model.highest_pitch + 1)
        moments = arrange(events, player, pitches)
        engine = Engine(SAMPLE_RATE, notes.pool)
        perform(
            moments, notes, engine, SAMPLE_RATE, lambda block: blocks.append(block.mean(axis=1))
        )
        del engine  # it reads the pool, which goes now
    n_frames = round(EVERY_SECONDS * SAMPLE_RATE)
    played = np.concatenate(blocks)
    played = np.pad(played, (0, max(0, n_frames * len(presets) - played.size)))
    return played[: n_frames * len(presets)].reshape(len(presets), n_frames)


def faults_of(wave: NDArray[np.float32], pitch: int) -> tuple[str, list[str]]:
    """Give a line of figures, and what is wrong in words."""
    held = wave[: round(KEY_SECONDS * SAMPLE_RATE)]
    peak_db = 20.0 * np.log10(max(float(np.abs(wave).max()), 1e-9))
    cents = cents_off(held, SAMPLE_RATE, pitch)
    found = find_faults(held, SAMPLE_RATE)
    wrong = []
    if not LEAST_PEAK_DB <= peak_db <= MOST_PEAK_DB:
        wrong.append("level")
    if cents is not None and abs(fold_cents(cents)) > MOST_CENTS:
        wrong.append("pitch")
    wrong += [name for name in ("silent", "clipped", "clicks") if getattr(found, name)]
    tuned = "no pitch" if cents is None else f"{cents:+8.1f} cents"
    return f"{peak_db:6.1f} dB  {tuned:>15}", wrong


def main() -> int:
    """Check all; gives the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pitch", type=int, default=60, help="MIDI note to play")
    pitch = parser.parse_args().pitch
    library = PresetLibrary(data_folder() / "no presets of the player's")
    presets = [library.read(entry) for entry in library.list()]
    n_wrong = 0
    for preset, wave in zip(presets, play(presets, pitch), strict=True):
        figures, wrong = faults_of(wave, pitch)
        n_wrong += bool(wrong)
        print(f"{preset.name:28} {figures}  {', '.join(wrong)}")  # noqa: T201  # a report
    print(f"{len(presets)} presets, {n_wrong} with faults")  # noqa: T201
    return 1 if n_wrong else 0


if __name__ == "__main__":
    sys.exit(main())
