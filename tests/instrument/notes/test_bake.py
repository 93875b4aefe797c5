"""Baked keyboards: what was kept comes back, what is damaged does not."""

import os
from pathlib import Path

import numpy as np
import pytest

from instrument.engine.pool import NoteInfo
from instrument.notes.bake import BakeFolder

NOTES = {
    60: NoteInfo(3, 1000, 200, 900, 0.5, 0.25, 48000.0),
    61: NoteInfo(4, 700, 0, 0, 1.0, 1.0, 48000.0),
}
SLOTS = np.random.default_rng(0).uniform(-0.8, 0.8, (8, 1200)).astype(np.float32)


def keep(folder: BakeFolder, cell: str = "cell") -> bool:
    notes = {pitch: (note, SLOTS[note.slot]) for pitch, note in NOTES.items()}
    return folder.save("model", cell, 48000.0, notes)


@pytest.fixture
def folder(tmp_path: Path) -> BakeFolder:
    return BakeFolder(tmp_path / "baked")


def file_of(folder: BakeFolder, cell: str = "cell") -> Path:
    return folder._path("model", cell, 48000.0)


@pytest.mark.parametrize("pitch", NOTES)
def test_kept_note_comes_back_to_sixteen_bits(folder: BakeFolder, pitch: int) -> None:
    assert keep(folder)
    keyboard = folder.load("model", "cell", 48000.0)
    assert keyboard is not None
    slot = np.zeros(1200, np.float32)
    note = keyboard.copy_note(pitch, 7, slot)
    before = NOTES[pitch]
    assert note == NoteInfo(
        7,
        before.n_frames,
        before.loop_start,
        before.loop_end,
        before.loop_gain,
        before.gain,
        before.sample_rate,
    )
    assert slot[: note.n_frames] == pytest.approx(SLOTS[before.slot, : note.n_frames], abs=2e-5)
    assert not slot[note.n_frames :].any()


def test_silent_note_can_be_kept(folder: BakeFolder) -> None:
    folder.save("model", "cell", 48000.0, {60: (NoteInfo(1, 100), np.zeros(200, np.float32))})
    keyboard = folder.load("model", "cell", 48000.0)
    assert keyboard is not None
    slot = np.ones(100, np.float32)
    keyboard.copy_note(60, 1, slot)
    assert not slot.any()


def test_pitches_are_known_without_reading_the_samples(folder: BakeFolder) -> None:
    keep(folder)
    keyboard = folder.load("model", "cell", 48000.0)
    assert keyboard is not None
    assert set(keyboard.pitches) == {60, 61}


@pytest.mark.parametrize(
    "other",
    [("another", "cell", 48000.0), ("model", "another", 48000.0), ("model", "cell", 44100.0)],
)
def test_keyboard_of_another_model_place_or_rate_is_not_this_one(
    folder: BakeFolder, other: tuple[str, str, float]
) -> None:
    keep(folder)
    assert folder.load(*other) is None


@pytest.mark.parametrize("at", [0, 25, 200, -40, -1])
def test_damaged_file_is_ignored_and_deleted(folder: BakeFolder, at: int) -> None:
    keep(folder)
    content = bytearray(file_of(folder).read_bytes())
    content[at] ^= 1
    file_of(folder).write_bytes(content)
    assert folder.load("model", "cell", 48000.0) is None
    assert not file_of(folder).exists()


@pytest.mark.parametrize("n_bytes", [0, 1, 30, 500])
def test_file_cut_short_is_ignored(folder: BakeFolder, n_bytes: int) -> None:
    keep(folder)
    os.truncate(file_of(folder), n_bytes)
    assert folder.load("model", "cell", 48000.0) is None


def test_renamed_file_is_ignored(folder: BakeFolder) -> None:
    keep(folder)
    file_of(folder).replace(file_of(folder, "another"))
    assert folder.load("model", "another", 48000.0) is None


def test_note_that_points_outside_the_file_is_refused(folder: BakeFolder) -> None:
    folder.save(
        "model", "cell", 48000.0, {60: (NoteInfo(1, 100, 50, 5000), np.zeros(200, np.float32))}
    )
    assert folder.load("model", "cell", 48000.0) is None


def test_note_longer_than_the_slot_is_refused(folder: BakeFolder) -> None:
    keep(folder)
    keyboard = folder.load("model", "cell", 48000.0)
    assert keyboard is not None
    with pytest.raises(ValueError, match="1000 frames does not fit into 999"):
        keyboard.copy_note(60, 1, np.zeros(999, np.float32))


def test_least_recently_used_keyboards_go_when_there_are_too_many(tmp_path: Path) -> None:
    folder = BakeFolder(tmp_path)
    keep(folder, "a")
    size = file_of(folder, "a").stat().st_size
    folder = BakeFolder(tmp_path, max_bytes=2 * size)
    keep(folder, "b")
    for age, cell in enumerate("ba"):
        os.utime(file_of(folder, cell), (1000 + age, 1000 + age))
    assert folder.load("model", "b", 48000.0) is not None  # used again: now the youngest
    keep(folder, "c")
    assert [file_of(folder, cell).exists() for cell in "abc"] == [False, True, True]


def test_disk_that_takes_nothing_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert not keep(BakeFolder(tmp_path / "file"))


def test_nothing_half_written_is_left(folder: BakeFolder, tmp_path: Path) -> None:
    keep(folder)
    keep(folder)
    assert list((tmp_path / "baked").iterdir()) == [file_of(folder)]
