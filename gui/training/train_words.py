"""What the Train page says, by the state of a training."""

from .training_files import StatsLine

LIMITS = (
    ("10 minutes", 10),
    ("20 minutes", 20),
    ("1 hour", 60),
    ("3 hours", 180),
    ("8 hours", 480),
    ("until it is done", 0),
)
FIRST_LIMIT = 20

TITLES = {
    "empty": "A model of your own",
    "cutting": "Cutting the notes…",
    "checking": "Looking over the notes…",
    "checked": "Ready to begin",
    "training": "Training",
    "pausing": "Saving…",
    "finishing": "Saving…",
    "paused": "Paused",
    "keeping": "Bringing the model in…",
    "finished": "Finished",
    "failed": "It stopped",
}

INTRODUCTION = (
    "<h2>Teach it your sound</h2>"
    "<p><b>1 &nbsp; Choose a folder</b> with recordings of single notes, or of phrases with short "
    "silences: any format, any rate. Two dozen notes of one instrument, spread over its range, "
    "will do for a beginning.</p><p><b>2 &nbsp; Prepare the notes.</b> They are cut and looked "
    "over. A name such as <b>cello C#4.wav</b> says the pitch; without one it is heard.</p>"
    "<p><b>3 &nbsp; Train, and play on.</b> Training runs in a process of its own that gives way "
    "to the sound, so you can go on playing: even the model that is being trained.</p>"
)

# Of the first button; where training begins or goes on it says which.
BUTTONS = {
    "empty": "Prepare the notes",
    "cutting": "Stop",
    "checking": "Stop",
    "training": "Pause",
    "pausing": "Stop at once",
    "finishing": "Stop at once",
    "finished": "Train on",
    "failed": "Try again",
}


def progress_words(line: StatsLine, n_examples: int, *, is_running: bool) -> str:
    """Say where a run is: notes seen, stage, and while it runs how fast and how long still."""
    along, up = 2 ** (line.stage + 3), 2**line.stage
    of_all = f" of {n_examples:,}" if n_examples else ""
    words = [f"{line.examples_seen:,}{of_all} notes seen", f"stage {line.stage} ({up} by {along})"]
    if is_running:
        words.append(f"{line.examples_per_second:.1f} notes/s")
        if line.seconds_left is not None:
            words.append(f"{duration_words(line.seconds_left)} left")
    return "\n".join((", ".join(words[:2]), ", ".join(words[2:]))).strip()


def duration_words(seconds: float) -> str:
    """Say a time in its two largest units: "3 h 05 min"."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"
