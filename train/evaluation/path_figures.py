"""What happens between two timbres: notes along slerps, beside cross-fades of real notes."""

from collections.abc import Sequence

import numpy as np

from .crowd import Row
from .diversity import largest_step
from .figures import make_figure
from .in_tune import Tuning
from .player import Path


def path_rows(paths: Sequence[Path], fades: Sequence[Path]) -> list[Row]:
    """Say how well in tune the middle of each path is, and how even its steps are."""
    ours, theirs = (Tuning.of([path.cents.result() for path in group]) for group in (paths, fades))
    n = len(paths)
    return [
        make_figure("in_tune_half_way", n, ours.in_tune, theirs.in_tune),
        make_figure("cents_half_way", n, ours.cents, theirs.cents),
        make_figure("path_evenness", n, _evenness(paths), _evenness(fades)),
    ]


def _evenness(paths: Sequence[Path]) -> float:
    steps = [largest_step(np.stack([image.result() for image in path.images])) for path in paths]
    even = [step for step in steps if np.isfinite(step)]
    return float(np.median(even)) if even else float("nan")
