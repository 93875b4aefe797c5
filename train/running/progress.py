"""How a run does, as worker 0 tells it every few seconds: a line of `stats.jsonl`."""

import msgspec


class Progress(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where the run is and how it does.

    Attributes:
        examples_seen: By all workers, since the run began.
        stage: The generator's block that is learned, counted from 1.
        examples_per_second: Of all workers, since the last line, learning alone.
        losses: Their means since the last line, unweighted.
        seconds_left: An estimate; to the end of the run or of this stretch, what comes first.
        measures: What the monitors measured, where they did; see `monitor.Reading`.
    """

    examples_seen: int
    stage: int
    examples_per_second: float
    losses: dict[str, float]
    seconds_left: float | None = None
    measures: dict[str, float] = {}
