"""Figures of notes whose measurements are made up: each row says what it should."""

from concurrent.futures import Future
from dataclasses import replace
from typing import TypeVar

import numpy as np
import pytest

from train.datasets.notes import Example
from train.evaluation.classifier import Judgement
from train.evaluation.crowd import (
    Crowd,
    classifier_rows,
    diversity_rows,
    fault_rows,
    tuning_rows,
)
from train.evaluation.faults import Faults
from train.evaluation.figures import KINDS, Figure, Goal, format_figure, in_order, make_figure
from train.evaluation.hearing import Character, Heard, Nearness
from train.evaluation.held_out_figures import held_out_rows
from train.evaluation.keyboard import KEYS, Keyboard, keyboard_rows
from train.evaluation.likeness import RealCrowd, likeness_rows, memory_rows
from train.evaluation.mel_image import image_size
from train.evaluation.path_figures import path_rows
from train.evaluation.player import KnownNotes, Path
from train.evaluation.texture import Texture
from train.evaluation.texture_figures import family_textures, texture_rows

RNG = np.random.default_rng(0)
N_FEATURES = 8
Result = TypeVar("Result")


def heard(pitch: int = 60, **changes: object) -> Heard:
    note = Heard(
        pitch=pitch,
        cents=0.0,
        faults=Faults(),
        texture=Texture(flux=0.2, jitter_db=0.1, vibrato_cents=10.0),
        image=np.zeros(image_size(), np.uint8),
        top_db=-40.0,
    )
    return replace(note, **changes)


def done(result: Result) -> "Future[Result]":
    future: Future[Result] = Future()
    future.set_result(result)
    return future


def judgement(n: int, **changes: np.ndarray) -> Judgement:
    """Of notes that are all surely of pitch 60 and of the first family."""
    pitch, family = np.zeros((n, 61), np.float32), np.zeros((n, 11), np.float32)
    pitch[:, 36], family[:, 0] = 1, 1
    features = RNG.standard_normal((n, N_FEATURES)).astype(np.float32)
    return replace(Judgement(features, pitch, family), **changes)


def crowd(notes: list[Heard], **changes: np.ndarray) -> Crowd:
    return Crowd(notes, judgement(len(notes), **changes))


REAL = crowd([heard()] * 4)


def rows(found: list[tuple[str, Figure]]) -> dict[str, Figure]:
    return dict(found)


def example(pitch: int) -> Example:
    return Example(0, "n", 0, "i", pitch, 100, 16000, 0, "bass", 0, "acoustic", (), ())


# The table


def test_goal_is_a_limit_or_a_multiple_of_the_real_figure():
    assert Goal("at least", 0.98).reached(0.98, None)
    assert not Goal("at most", 3.0).reached(3.1, 5.0)
    assert Goal("at most", 5.0, of_real=True).reached(9.0, 2.0)
    assert not Goal("at least", 0.7, of_real=True).reached(6.0, 10.0)
    assert Goal("at least", 0.7, of_real=True).reached(6.0, None) is None


def test_goal_in_words():
    assert Goal("at least", 0.98).text("share") == "at least 98.0 %"
    assert Goal("at most", 5.0, of_real=True).text("") == "at most 5 x real"


def test_figure_that_is_no_number_is_none_and_reaches_nothing():
    _, figure = make_figure("cents", 3, float("nan"), 1.0)
    assert figure.value is None
    assert figure.reached is None
    assert format_figure(figure.value, figure.unit) == "-"


def test_rows_come_in_the_order_of_the_table():
    found = [make_figure(name, 1, 0.0) for name in ("fid", "in_tune", "dc")]
    assert list(in_order(found)) == ["in_tune", "dc", "fid"]
    assert list(KINDS).index("dc") < list(KINDS).index("fid")


# Single notes


def test_out_of_tune_notes_count_beside_the_real_ones():
    drawn = crowd([heard(cents=c) for c in (1.0, 70.0, 1200.0, None)])
    figures = rows(tuning_rows(drawn, REAL))
    assert (figures["in_tune"].value, figures["in_tune"].real) == (0.25, 1)
    assert figures["in_tune_folded"].value == 0.5
    assert figures["unpitched"].value == 0.25
    assert figures["cents"].value == 70
    assert figures["in_tune"].reached is False


@pytest.mark.parametrize("name", ["silent", "clipped", "dc", "jumps", "clicks"])
def test_one_fault_in_four_notes_misses_the_goal(name):
    drawn = crowd([heard(faults=Faults(**{name: True}))] + [heard()] * 3)
    figures = rows(fault_rows(drawn, REAL))
    assert (figures[name].value, figures[name].real) == (0.25, 0)
    assert [n for n, figure in figures.items() if figure.reached is False] == [name]


# By the classifier


def test_pitch_accuracy_is_the_share_of_notes_named_by_what_was_asked_for():
    drawn = crowd([heard(60), heard(61), heard(60), heard(72)])
    figures = rows(classifier_rows(drawn, REAL))
    assert (figures["pitch_accuracy"].value, figures["pitch_accuracy"].real) == (0.5, 1)
    assert figures["pitch_accuracy"].reached is False
    assert figures["pitch_entropy"].value == pytest.approx(0)


def test_inception_score_counts_families():
    spread = np.eye(11, dtype=np.float32)[:4]
    figures = rows(classifier_rows(REAL, crowd([heard()] * 4, family=spread)))
    assert figures["inception_score_family"].value == pytest.approx(1)
    assert figures["inception_score_family"].real == pytest.approx(4)


# Crowds


def crowd_of(features: np.ndarray, images: np.ndarray) -> Crowd:
    return crowd([heard(image=image) for image in images], features=features)


def random_images(n: int, seed: int, centre: int = 100) -> np.ndarray:
    shades = np.random.default_rng(seed).integers(centre - 50, centre + 50, (n, 1, 1))
    return np.broadcast_to(shades, (n, *image_size())).astype(np.uint8)


def real_crowd(n: int = 100) -> RealCrowd:
    return RealCrowd(
        held_out=[example(60)] * n,
        images=random_images(n, 1),
        judgement=judgement(n),
        learned=[example(60)] * (3 * n),
        learned_images=random_images(3 * n, 2),
        neighbour_db=5.0,
    )


def test_crowd_like_the_real_one_is_at_the_floor():
    drawn = crowd_of(RNG.standard_normal((50, N_FEATURES)), random_images(50, 3))
    figures = rows(likeness_rows(drawn, real_crowd(), RNG))
    assert figures["fid"].value < 2 * figures["fid"].real
    assert figures["kid"].interval[0] < 0 < figures["kid"].interval[1]
    assert figures["ndb"].value < 0.3
    assert figures["fid"].n_notes == 50
    assert all(figure.reached is not False for figure in figures.values())


def test_collapsed_crowd_is_far_above_the_floor():
    one = np.ones((50, N_FEATURES)) + 0.01 * RNG.standard_normal((50, N_FEATURES))
    drawn = crowd_of(one, np.full((50, *image_size()), 222, np.uint8))
    figures = rows(likeness_rows(drawn, real_crowd(), RNG))
    assert figures["fid"].value > 5 * figures["fid"].real
    assert figures["kid"].interval[0] > 0
    assert figures["ndb"].value > 0.9
    assert figures["fid"].reached is False
    assert figures["ndb"].reached is False
    assert rows(diversity_rows(drawn, REAL))["diversity"].value == 0


def test_of_too_few_notes_nothing_is_said():
    assert likeness_rows(REAL, real_crowd(), RNG) == []
    drawn = crowd_of(RNG.standard_normal((50, N_FEATURES)), random_images(50, 3))
    assert likeness_rows(drawn, real_crowd(20), RNG) == []


def test_model_that_copies_is_at_no_distance_from_its_training_notes():
    real = real_crowd(10)
    new = crowd([heard(image=image + 100) for image in real.images])
    copied = crowd([heard(image=image) for image in real.learned_images[:5]])
    figures = rows(memory_rows(copied, new, real))
    assert figures["nearest"].value == 0
    assert figures["nearest"].real > 5
    assert figures["nearest_to_neighbour"].real == figures["nearest"].real / 5
    assert figures["nearest_to_neighbour"].reached is False


def test_notes_of_pitches_that_were_never_learned_have_no_nearest():
    figures = rows(memory_rows(crowd([heard(30)]), REAL, real_crowd(10)))
    assert figures["nearest"].value is None


# Paths, held-out notes, keyboards


def path(*shades: int, cents: float | None = 0.0) -> Path:
    images = [done(np.full(image_size(), shade, np.uint8)) for shade in shades]
    return Path(images, done(cents))


def test_path_that_jumps_is_uneven_and_one_out_of_tune_counts_by_its_middle():
    even, jump = path(0, 10, 20, 30, 40), path(0, 0, 0, 40, 40, cents=70.0)
    figures = rows(path_rows([jump], [even]))
    assert figures["path_evenness"].value == pytest.approx(4, abs=1e-3)
    assert figures["path_evenness"].real == pytest.approx(1, abs=1e-3)
    assert (figures["in_tune_half_way"].value, figures["in_tune_half_way"].real) == (0, 1)
    assert figures["cents_half_way"].value == 70


def test_held_out_notes_stand_beside_the_semitone_and_the_other_instrument():
    notes = KnownNotes([example(60)] * 3, [done(heard(cents=None))] * 3, [done(heard())] * 3, [])
    for own_db in (2.0, 4.0, 8.0):
        nearness = Nearness(own_db, neighbour_db=6.0, other_db=9.0, convergence=0.4)
        notes.nearness.append(done(nearness))
    figures = rows(held_out_rows(notes))
    assert (figures["held_out"].value, figures["held_out"].real) == (4, 6)
    assert figures["held_out"].reached is False
    assert figures["held_out_other"].real == 9
    assert figures["held_out_nearer"].value == pytest.approx(2 / 3)
    assert (figures["held_out_in_tune"].value, figures["held_out_in_tune"].real) == (0, 1)


def test_held_out_notes_of_one_instrument_alone_are_measured_without_a_yardstick():
    nan = float("nan")
    notes = KnownNotes([example(60)], [done(heard())], [done(heard())], [])
    notes.nearness.append(done(Nearness(2.0, neighbour_db=nan, other_db=nan, convergence=0.4)))
    figures = rows(held_out_rows(notes))
    assert (figures["held_out"].value, figures["held_out"].real) == (2, None)
    assert figures["held_out_nearer"].value is None
    assert figures["held_out_other"].real is None


def keyboard(timbre: int, step_db: float) -> Keyboard:
    vector = 10 * np.eye(42, dtype=np.float32)[timbre]
    return Keyboard(
        {p: done(Character(vector, i * step_db)) for i, p in enumerate(KEYS)},
        dict.fromkeys(KEYS, 0.0),
    )


def test_timbres_that_stay_themselves_are_known_again_and_levels_count_by_their_range():
    real = [keyboard(i, 0.5) for i in range(5)]
    same = [keyboard(0, 2.0) for _ in range(5)]
    figures = rows(keyboard_rows(same, real))
    assert figures["timbre_recognised"].value < 0.5
    assert (figures["timbre_recognised"].real, figures["timbre_shift"].real) == (1, 0)
    assert figures["level_spread"].value == 2.0 * (len(KEYS) - 1)
    assert figures["level_spread"].real == 0.5 * (len(KEYS) - 1)
    assert figures["level_spread"].reached is False


def test_level_correction_is_part_of_the_level():
    corrected = keyboard(0, 2.0)
    corrected.gain_db = {pitch: -2.0 * i for i, pitch in enumerate(KEYS)}
    assert corrected.spread_db() == 0


def test_without_keyboards_nothing_is_known_again():
    figures = rows(keyboard_rows([keyboard(0, 1.0)], []))
    assert figures["timbre_recognised"].value is None
    assert figures["level_spread"].real is None


# Texture


def test_family_without_its_vibrato_is_not_alive():
    steady = heard(texture=Texture(flux=0.2, jitter_db=0.1, vibrato_cents=1.0))
    families = family_textures([steady, heard()], [heard(), heard()], ["string", "organ"])
    assert (families["string"].alive, families["organ"].alive) == (False, True)
    figures = rows(texture_rows([steady, heard()], [heard(), heard()], families))
    assert figures["families_alive"].value == 0.5
    assert (figures["vibrato"].value, figures["vibrato"].real) == (5.5, 10)


@pytest.mark.parametrize(
    ("share", "alive"), [(0.76, True), (1.24, True), (0.7, False), (1.3, False)]
)
def test_alive_is_within_a_quarter_of_real(share, alive):
    texture = Texture(flux=0.2 * share, jitter_db=0.1 * share, vibrato_cents=10 * share)
    families = family_textures([heard(texture=texture)], [heard()], ["reed"])
    assert families["reed"].alive is alive


def test_movement_too_small_to_hear_makes_no_difference():
    real = heard(texture=Texture(flux=0.001, jitter_db=0.001, vibrato_cents=0.01))
    ours = heard(texture=Texture(flux=0.004, jitter_db=0.004, vibrato_cents=0.3))
    assert family_textures([ours], [real], ["organ"])["organ"].alive


def test_treble_is_compared_where_the_real_note_has_it():
    real = [heard(top_db=-30.0), heard(top_db=-90.0), heard(top_db=float("nan"))]
    ours = [heard(top_db=-50.0), heard(top_db=-10.0), heard(top_db=-10.0)]
    figures = rows(texture_rows(ours, real, family_textures(ours, real, ["all"] * 3)))
    assert (figures["top"].value, figures["top"].real, figures["top"].n_notes) == (-50, -30, 1)
