import numpy as np
import pytest

from train.evaluation.diversity import (
    diversity_within_pitch,
    image_distance_db,
    largest_step,
    nearest_db,
    recognised,
)
from train.evaluation.mel_image import coarse, image_db, image_size

RNG = np.random.default_rng(0)


def image(value: int) -> np.ndarray:
    return np.full(image_size(), value, np.uint8)


# Within a pitch


def test_diversity_of_gaussians_is_the_root_of_two_at_any_number_of_features():
    for size in (64, 512):
        features = RNG.standard_normal((200, size))
        assert diversity_within_pitch(features, [60] * 200) == pytest.approx(2**0.5, rel=0.03)


def test_collapsed_generator_has_no_diversity_however_many_pitches_it_plays():
    pitch = np.repeat(np.arange(24, 85), 4)
    features = np.repeat(RNG.standard_normal((61, 32)), 4, axis=0)
    assert diversity_within_pitch(features, pitch) == 0
    assert diversity_within_pitch(features, np.zeros(len(pitch), int)) > 1


def test_pitches_count_alike_and_those_with_one_note_not():
    features = np.array([[0.0], [2.0], [0.0], [0.0], [0.0], [9.0]])
    assert diversity_within_pitch(features, [60, 60, 61, 61, 61, 70]) == 1


def test_diversity_of_single_notes_is_no_number():
    assert np.isnan(diversity_within_pitch(np.ones((3, 2)), [1, 2, 3]))


# Images


def test_image_in_decibels_goes_from_minus_80_to_0():
    assert image_db(np.array([0, 51, 255], np.uint8)) == pytest.approx([-80, -64, 0])
    assert image_distance_db(image(51), image(0)) == pytest.approx(16)


def test_coarse_image_keeps_the_mean():
    pictures = RNG.integers(0, 256, (2, *image_size()), np.uint8)
    rows = coarse(pictures)
    assert rows.shape == (2, 512)
    assert rows.mean() == pytest.approx(image_db(pictures[:, :, :112]).mean(), abs=0.01)


def test_copy_is_at_no_distance_and_a_new_note_at_that_of_the_nearest():
    known = np.stack([image(0), image(100), image(200)])
    pitch = np.array([60, 60, 61])
    asked = np.stack([image(100), image(151), image(151), image(151)])
    distances = nearest_db(asked, np.array([60, 60, 62, 70]), known, pitch)
    step = 80 / 255
    assert distances[:3] == pytest.approx([0, 49 * step, 49 * step], abs=1e-4)
    assert np.isnan(distances[3])
    [apart] = nearest_db(asked[1:2], np.array([60]), known, pitch, reach_semitones=0)
    assert apart == pytest.approx(51 * step, abs=1e-4)


def test_even_path_has_equal_steps_and_a_jump_has_them_all_in_one():
    assert largest_step(np.stack([image(v) for v in (0, 10, 20, 30, 40)])) == pytest.approx(
        1, abs=1e-4
    )
    assert largest_step(np.stack([image(v) for v in (0, 0, 40, 40, 40)])) == pytest.approx(
        4, abs=1e-4
    )
    assert np.isnan(largest_step(np.stack([image(7)] * 5)))


# Timbres


def test_timbres_that_stay_themselves_are_recognised():
    timbres = 10 * RNG.standard_normal((12, 42))
    share, shift = recognised(timbres, timbres + RNG.standard_normal((12, 42)))
    assert share == 1
    assert shift == pytest.approx(0.07, abs=0.02)


def test_timbres_that_become_others_are_not_recognised():
    timbres = RNG.standard_normal((200, 42))
    share, shift = recognised(timbres, RNG.standard_normal((200, 42)))
    assert share < 0.05
    assert shift == pytest.approx(1, abs=0.1)
