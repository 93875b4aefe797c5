"""Measures of crowds, by crowds whose distance is known in closed form."""

import itertools

import numpy as np
import pytest
from scipy.linalg import sqrtm

from train.evaluation.distribution import (
    Bins,
    frechet_distance,
    inception_score,
    kernel_distance,
    make_bins,
    mean_entropy,
)


def gaussian(n: int, seed: int, mean: float = 0.0, scale: float = 1.0, size: int = 4) -> np.ndarray:
    return mean + scale * np.random.default_rng(seed).standard_normal((n, size))


# Inception score, entropy


def test_inception_score_is_the_number_of_classes_when_each_is_sure_and_all_are_there():
    assert inception_score(np.repeat(np.eye(7), 3, axis=0)) == pytest.approx(7)


def test_inception_score_of_one_class_and_of_unsure_notes_is_one():
    assert inception_score(np.tile(np.eye(7)[2], (20, 1))) == pytest.approx(1)
    assert inception_score(np.full((20, 7), 1 / 7)) == pytest.approx(1)


def test_inception_score_by_hand():
    # Two notes, sure by 0.9: the mean divergence is ln 2 less the entropy of 0.9 and 0.1.
    entropy = -0.9 * np.log(0.9) - 0.1 * np.log(0.1)
    score = inception_score(np.array([[0.9, 0.1], [0.1, 0.9]]))
    assert score == pytest.approx(2 / np.exp(entropy))


def test_entropy_is_none_when_sure_and_the_logarithm_of_the_classes_when_not():
    assert mean_entropy(np.eye(61)) == pytest.approx(0)
    assert mean_entropy(np.full((3, 61), 1 / 61)) == pytest.approx(np.log(61))


# FID


def test_frechet_distance_of_gaussians_is_that_of_the_formula():
    # Means 0 and 1, standard deviations 1 and 3, 4 features: 4 * 1 + 4 * (3 - 1)^2.
    distance = frechet_distance(gaussian(20000, 0), gaussian(20000, 1, mean=1, scale=3))
    assert distance == pytest.approx(20, rel=0.03)


@pytest.mark.parametrize("n", [5, 300])
def test_frechet_distance_agrees_with_the_root_of_a_matrix(n):
    mixing = np.random.default_rng(9).standard_normal((16, 16))
    x, y = gaussian(n, 0, size=16) @ mixing, gaussian(n + 1, 1, size=16) + 0.5
    a, b = np.cov(x.T), np.cov(y.T)
    nudge = 1e-10 * np.eye(16)  # the root of a singular matrix is hard to find
    root = sqrtm((a + nudge) @ (b + nudge)).real
    plain = np.square(x.mean(0) - y.mean(0)).sum() + np.trace(a + b - 2 * root)
    assert frechet_distance(x, y) == pytest.approx(plain, rel=1e-3)


def test_frechet_distance_of_a_crowd_from_itself_is_zero():
    x = gaussian(50, 0, size=64)
    assert frechet_distance(x, x) == pytest.approx(0, abs=1e-9)


def test_frechet_distance_of_equal_crowds_is_greater_with_fewer_notes():
    few, many = (
        frechet_distance(gaussian(n, 0, size=64), gaussian(n, 1, size=64)) for n in (100, 1000)
    )
    assert few > 3 * many


# KID


def test_kernel_distance_of_equal_crowds_is_zero_on_average():
    values = [
        kernel_distance(gaussian(40, 2 * i), gaussian(60, 2 * i + 1)).value for i in range(60)
    ]
    standard_error = np.std(values) / np.sqrt(len(values))
    assert abs(np.mean(values)) < 3 * standard_error
    assert min(values) < 0 < max(values)


def test_kernel_distance_agrees_with_its_sums():
    x, y = gaussian(5, 0), gaussian(6, 1, mean=0.5)

    def kernel(a: np.ndarray, b: np.ndarray) -> float:
        return float((a @ b / 4 + 1) ** 3)

    within = np.mean([kernel(a, b) for a, b in itertools.permutations(x, 2)])
    within += np.mean([kernel(a, b) for a, b in itertools.permutations(y, 2)])
    across = np.mean([kernel(a, b) for a, b in itertools.product(x, y)])
    assert kernel_distance(x, y).value == pytest.approx(within - 2 * across)


def test_interval_holds_zero_for_equal_crowds_and_not_for_others():
    holds = 0
    for i in range(20):
        same = kernel_distance(gaussian(80, 2 * i), gaussian(80, 2 * i + 1))
        holds += same.low <= 0 <= same.high
    other = kernel_distance(gaussian(80, 0), gaussian(80, 1, mean=0.7))
    assert holds >= 17
    assert 0 < other.low < other.value < other.high


def test_interval_is_narrower_with_more_notes():
    few, many = (kernel_distance(gaussian(n, 0), gaussian(n, 1, mean=1)) for n in (50, 800))
    assert many.high - many.low < 0.5 * (few.high - few.low)


# NDB


def test_bins_of_equal_crowds_differ_as_seldom_as_the_test_errs():
    bins = make_bins(gaussian(4000, 0), seed=1)
    shares = [bins.different(gaussian(1000, 10 + i)) for i in range(20)]
    assert len(bins.centres) == 50
    assert np.mean(shares) == pytest.approx(0.05, abs=0.04)


def test_collapsed_crowd_differs_in_nearly_all_bins():
    bins = make_bins(gaussian(4000, 0), seed=1)
    collapsed = gaussian(1000, 2, mean=0.3, scale=0.01)
    assert bins.different(collapsed) > 0.85


def test_two_proportion_test_by_hand():
    # 30 of 100 against 50 of 100: z = 0.2 / sqrt(0.4 * 0.6 * 2 / 100) = 2.89; 49 against 50 not.
    centres = np.array([[0.0], [1.0]])
    bins = Bins(centres, np.array([50, 50]))
    crowd = np.repeat(centres, [30, 70], axis=0)
    assert bins.different(crowd) == 1
    assert bins.different(np.repeat(centres, [49, 51], axis=0)) == 0
    assert bins.different(np.repeat(centres, [37, 63], axis=0)) == 0  # z = 1.86


def test_few_notes_make_few_bins_and_equal_ones_too():
    assert len(make_bins(gaussian(23, 0)).centres) == 4
    assert make_bins(np.zeros((40, 3))).different(np.zeros((9, 3))) == 0


def test_same_seed_gives_the_same_bins():
    x = gaussian(500, 0)
    assert np.array_equal(make_bins(x, 3).centres, make_bins(x, 3).centres)
