"""Times bound to the tempo: the values of notes, as names and in beats."""

FREE = "free"  # not bound

_NOTES = (
    ("1/32", 1 / 8),
    ("1/16T", 1 / 6),
    ("1/16", 1 / 4),
    ("1/8T", 1 / 3),
    ("1/16D", 3 / 8),
    ("1/8", 1 / 2),
    ("1/4T", 2 / 3),
    ("1/8D", 3 / 4),
    ("1/4", 1.0),
    ("1/2T", 4 / 3),
    ("1/4D", 3 / 2),
    ("1/2", 2.0),
    ("1/1", 4.0),
)
_PERIODS = (
    ("1/8", 1 / 2),
    ("1/4", 1.0),
    ("1/2", 2.0),
    ("1 bar", 4.0),
    ("2 bars", 8.0),
    ("4 bars", 16.0),
    ("8 bars", 32.0),
)

DELAY_DIVISIONS = (FREE, *(name for name, _ in _NOTES))
"""Of the delay; T is a triplet's, D a dotted note's."""
DELAY_BEATS = (0.0, *(beats for _, beats in _NOTES))
"""Their beats, quarter notes; 0 is not bound."""
MOTION_DIVISIONS = (FREE, *(name for name, _ in _PERIODS))
"""Of the pad's oscillators; a bar has four beats."""
MOTION_BEATS = (0.0, *(beats for _, beats in _PERIODS))
"""Their beats."""
