"""How near generated notes of known timbres are to real ones, at pitches never heard."""

import math
from collections.abc import Sequence

import numpy as np

from .crowd import Row
from .figures import make_figure
from .in_tune import Tuning
from .player import KnownNotes


def held_out_rows(known: KnownNotes) -> list[Row]:
    """Measure the distances; none for a model that knows no timbre of the data.

    The real column says the same of the real neighbour, a semitone beside: what is to be beaten.
    Data of one instrument, or of few pitches, have no such yardstick; the distance stands alone.
    """
    if not known.examples:
        return []
    n = len(known.examples)
    nearness = [future.result() for future in known.nearness]
    own = [note.own_db for note in nearness]
    neighbour = [note.neighbour_db for note in nearness]
    nearer = [a < b for a, b in zip(own, neighbour, strict=True) if not math.isnan(b)]
    tuning, real_tuning = (
        Tuning.of([note.result().cents for note in notes])
        for notes in (known.generated, known.real)
    )
    return [
        make_figure("held_out", n, _median(own), _median(neighbour)),
        make_figure("held_out_other", n, None, _median([note.other_db for note in nearness])),
        make_figure("held_out_nearer", len(nearer), float(np.mean(nearer)) if nearer else None),
        make_figure("held_out_convergence", n, _median([note.convergence for note in nearness])),
        make_figure("held_out_in_tune", n, tuning.in_tune, real_tuning.in_tune),
    ]


def _median(values: Sequence[float]) -> float:
    numbers = [value for value in values if not math.isnan(value)]
    return float(np.median(numbers)) if numbers else math.nan
