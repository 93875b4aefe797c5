"""How alike two crowds of notes are: inception score, FID, KID, NDB. Arrays only."""

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.vq import kmeans2, vq
from scipy.linalg import svdvals
from scipy.stats import norm

Features = NDArray[np.float64] | NDArray[np.float32]

N_BINS = 50
_ALPHA = 0.05
_RESAMPLINGS = 1000
_NOTES_A_BIN = 5


@dataclass(frozen=True)
class Interval:
    """An estimate with its 95 % confidence interval."""

    value: float
    low: float
    high: float


def inception_score(probabilities: Features) -> float:
    """Measure how sure a classifier is of each note, and how many classes there are in all.

    Args:
        probabilities: [note, class], each row sums to 1.

    Returns:
        exp of the mean divergence of a note's classes from all notes' classes: 1 where every note
        is alike or nobody can tell, the number of classes at best.

    Source: Salimans et al., "Improved techniques for training GANs", NeurIPS 2016.
    """
    rows = np.asarray(probabilities, np.float64)
    marginal = rows.mean(axis=0)
    ratio = np.log(np.maximum(rows, 1e-30)) - np.log(np.maximum(marginal, 1e-30))
    return float(np.exp((rows * ratio).sum(axis=1).mean()))


def mean_entropy(probabilities: Features) -> float:
    """Measure how unsure a classifier is of each note: mean entropy of [note, class], nats."""
    rows = np.asarray(probabilities, np.float64)
    return float(-(rows * np.log(np.maximum(rows, 1e-30))).sum(axis=1).mean())


def frechet_distance(features: Features, reference: Features) -> float:
    """Measure the squared Fréchet distance between two crowds taken for Gaussians.

    Fewer notes give greater distances, between equal crowds as well: compare only distances of
    equally many notes, beside that of real notes from real notes.

    Args:
        features: [note, feature], two notes at least.
        reference: [note, feature], likewise.

    Source: Heusel et al., "GANs trained by a two time-scale update rule", NeurIPS 2017.
    """
    means, factors = [], []
    for rows in (features, reference):
        x = np.asarray(rows, np.float64)
        means.append(x.mean(axis=0))
        factors.append(np.asarray(np.linalg.qr((x - means[-1]) / np.sqrt(len(x) - 1), mode="r")))
    # With covariances A'A and B'B the trace of the root of their product is the sum of the
    # singular values of AB': no root of a matrix that may have no full rank.
    cross = svdvals(factors[0] @ factors[1].T).sum()
    spread = np.square(factors[0]).sum() + np.square(factors[1]).sum()
    return float(max(np.square(means[0] - means[1]).sum() + spread - 2 * cross, 0.0))


def kernel_distance(features: Features, reference: Features, seed: int = 0) -> Interval:
    """Measure the kernel inception distance: unbiased, so that 0 is what equal crowds have.

    The kernel is (x·y / n_features + 1)³. The interval is that of the bootstrap, in which a note
    drawn twice is not compared with itself.

    Args:
        features: [note, feature], two notes at least.
        reference: [note, feature], likewise.
        seed: Of the bootstrap.

    Source: Bińkowski et al., "Demystifying MMD GANs", ICLR 2018.
    """
    x, y = (np.asarray(rows, np.float64) for rows in (features, reference))
    xx, yy, xy = (np.power(a @ b.T / a.shape[1] + 1, 3) for a, b in ((x, x), (y, y), (x, y)))
    np.fill_diagonal(xx, 0.0)
    np.fill_diagonal(yy, 0.0)

    def estimate(n_x: NDArray[np.float64], n_y: NDArray[np.float64]) -> NDArray[np.float64]:
        """Weigh notes by how often they were drawn: [resampling, note] each."""
        pairs_x = len(x) ** 2 - np.square(n_x).sum(axis=1)
        pairs_y = len(y) ** 2 - np.square(n_y).sum(axis=1)
        within = ((n_x @ xx) * n_x).sum(axis=1) / pairs_x
        within += ((n_y @ yy) * n_y).sum(axis=1) / pairs_y
        return within - 2 * ((n_x @ xy) * n_y).sum(axis=1) / (len(x) * len(y))

    rng = np.random.default_rng(seed)
    counts = [
        rng.multinomial(len(rows), np.full(len(rows), 1 / len(rows)), _RESAMPLINGS).astype(float)
        for rows in (x, y)
    ]
    [value] = estimate(np.ones((1, len(x))), np.ones((1, len(y))))
    low, high = np.nanquantile(estimate(*counts), (0.025, 0.975))
    return Interval(float(value), float(low), float(high))


@dataclass(frozen=True)
class Bins:
    """Places around which real notes gather, and how many lie about each.

    Attributes:
        centres: float64 [bin, feature].
        counts: int64 [bin], of the notes that the bins were made of.
    """

    centres: NDArray[np.float64]
    counts: NDArray[np.int64]

    def different(self, features: Features) -> float:
        """Measure NDB / k: the share of bins that other notes fill to another degree.

        Args:
            features: [note, feature], of the space of the bins.

        Returns:
            The share of bins with a two-proportion z-test below 0.05: about 0.05 for notes of
            the same crowd, more the more notes there are to tell by otherwise.

        Source: Richardson and Weiss, "On GANs and GMMs", NeurIPS 2018.
        """
        nearest, _ = vq(np.asarray(features, np.float64), self.centres)
        counts = np.bincount(nearest, minlength=len(self.centres))
        n, n_own = counts.sum(), self.counts.sum()
        pooled = (counts + self.counts) / (n + n_own)
        error = np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / n_own))
        z = (counts / n - self.counts / n_own) / np.maximum(error, 1e-12)
        return float(np.mean(2 * norm.sf(np.abs(z)) < _ALPHA))


def make_bins(features: Features, seed: int = 0, n_bins: int = N_BINS) -> Bins:
    """Make bins of real notes by k-means.

    Args:
        features: [note, feature].
        seed: Of the k-means.
        n_bins: At most; there are fewer when there are not five notes for each.
    """
    rows = np.asarray(features, np.float64)
    n_bins = max(1, min(n_bins, len(rows) // _NOTES_A_BIN))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a centre that loses all its notes stays where it is
        centres, labels = kmeans2(rows, n_bins, iter=30, minit="++", rng=seed)
    return Bins(centres, np.bincount(labels, minlength=n_bins))
