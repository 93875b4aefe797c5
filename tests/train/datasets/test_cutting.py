"""Notes are found between silences, and in sound without any."""

import numpy as np
import pytest

from tests.train.takes import RATE, hush, tone
from train.datasets.cutting import STEP_SECONDS, begin_softly, note_starts, sounding_regions
from train.datasets.pitch import cents_off, hear_pitch, octaves_off


def levels(wave: np.ndarray) -> np.ndarray:
    step = round(STEP_SECONDS * RATE)
    power = np.square(wave[: wave.size // step * step]).reshape(-1, step).mean(axis=1)
    return (10 * np.log10(power + 1e-14)).astype(np.float32)


def test_each_sound_between_silences_is_found() -> None:
    take = np.concatenate([hush(0.5), tone(60), hush(0.5), tone(64), hush(0.5)])
    regions = sounding_regions(levels(take))
    assert [round(region.start, 1) for region in regions] == [0.5, 2.0]
    assert [round(region.end, 1) for region in regions] == pytest.approx([1.5, 3.0], abs=0.11)


def test_file_of_one_note_without_silence_is_one_region() -> None:
    [region] = sounding_regions(levels(tone(60, decay=0.0)))
    assert (region.start, region.end) == pytest.approx((0.0, 1.0), abs=0.06)


@pytest.mark.parametrize("wave", [np.zeros(RATE), hush(1.0)], ids=["nothing", "a quiet room"])
def test_silence_has_no_regions(wave: np.ndarray) -> None:
    assert sounding_regions(levels(wave)) == []


def test_click_is_no_note() -> None:
    click = np.zeros(RATE)
    click[1000:1100] = 0.5
    regions = sounding_regions(levels(np.concatenate([click, tone(60)])))
    assert [round(region.start) for region in regions] == [1]


def test_loud_hiss_is_silence_beside_notes() -> None:
    hiss = 0.005 * np.random.default_rng(1).normal(size=4 * RATE)
    hiss[2 * RATE : 3 * RATE] += tone(60, decay=0.0)
    assert [round(r.start, 1) for r in sounding_regions(levels(hiss))] == [2.0]


@pytest.mark.parametrize("pitches", [(60, 62, 64, 65), (48, 48, 48), (40, 52, 40)])
def test_notes_without_a_pause_are_found_where_they_begin(pitches: tuple[int, ...]) -> None:
    wave = np.concatenate([tone(pitch, 0.8, decay=2.0) for pitch in pitches])
    starts = note_starts(wave.astype(np.float32), RATE)
    assert starts == pytest.approx(0.8 * np.arange(len(pitches)), abs=0.04)


def test_vibrato_and_tremolo_begin_no_notes() -> None:
    time = np.arange(3 * RATE) / RATE
    phase = 2 * np.pi * 440 * time + 2 * np.sin(2 * np.pi * 5.5 * time)
    wave = 0.4 * np.sin(phase) * (1 + 0.2 * np.sin(2 * np.pi * 6 * time))
    assert note_starts(wave.astype(np.float32), RATE) == [0.0]


def test_cut_begins_at_a_zero_crossing_and_at_nothing() -> None:
    wave = np.cos(2 * np.pi * 500 * np.arange(RATE) / RATE).astype(np.float32)
    cut = begin_softly(wave, RATE)
    assert cut[0] == 0.0
    assert wave.size - cut.size == pytest.approx(RATE / 2000, abs=2)
    assert np.array_equal(cut[1000:], wave[-cut.size :][1000:])


# What is heard


@pytest.mark.parametrize("pitch", [24, 33, 48, 60, 72, 84, 96])
@pytest.mark.parametrize("rate", [16000, 44100])
def test_pitch_of_a_note_is_heard(pitch: int, rate: int) -> None:
    heard = hear_pitch(tone(pitch, 1.5, rate).astype(np.float32), rate)
    assert heard is not None
    assert abs(cents_off(heard, pitch)) < 10


def test_short_note_is_heard() -> None:
    heard = hear_pitch(tone(60, 0.15).astype(np.float32), RATE)
    assert heard is not None
    assert abs(cents_off(heard, 60)) < 20


def test_fraction_of_a_pitch_is_heard() -> None:
    heard = hear_pitch(tone(60.3).astype(np.float32), RATE)
    assert heard is not None
    assert cents_off(heard, 60) == pytest.approx(30, abs=5)


@pytest.mark.parametrize(
    "wave",
    [
        np.zeros(RATE),
        0.2 * np.random.default_rng(2).normal(size=RATE),
        0.4 * np.sin(2 * np.pi * np.cumsum(np.geomspace(200, 2000, RATE)) / RATE),
    ],
    ids=["silence", "noise", "glissando"],
)
def test_what_has_no_pitch_is_not_given_one(wave: np.ndarray) -> None:
    assert hear_pitch(wave.astype(np.float32), RATE) is None


@pytest.mark.parametrize(("midi", "octaves"), [(72.2, 1), (36.0, -2), (60.3, 0), (67.0, 0)])
def test_octaves_are_told_from_other_errors(midi: float, octaves: int) -> None:
    heard = hear_pitch(tone(midi).astype(np.float32), RATE)
    assert heard is not None
    assert octaves_off(heard, 60) == octaves
