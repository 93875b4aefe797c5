"""What the monitors measured at one place of a run."""

from dataclasses import dataclass

from .checkpoints import Score

NEARNESS = "held_out_off_db"
"""The measure by which the best checkpoint is chosen: less is better."""


@dataclass(frozen=True)
class Reading:
    """What was measured at one place of a run.

    Attributes:
        measures: By name: "diversity", the mean distance between notes of one pitch over that
            between real ones; "trained_off_db" and "held_out_off_db", how far notes are from
            the real ones of their timbre and pitch; with a discriminator also "real_sign", the
            mean sign of its scores of real notes, "trained_entropy" and "held_out_entropy", its
            cross-entropy on their pitches.
        score: For choosing the best checkpoint.
    """

    measures: dict[str, float]
    score: Score
