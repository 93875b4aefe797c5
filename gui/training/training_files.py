"""What a training leaves on disk, as the window reads it: plan, verdict, statistics, previews.

The trainer works in a process of its own; these files, each written whole or line by line, are all
that the window knows of it.
"""

import contextlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

_PLAN = "plan.json"
_WEIGHTS = "weights.safetensors"
_LATENT_SPACE = "latent_space.txt"
_SOUNDS = "sounds.json"


class TrainingPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What the player asked for.

    Attributes:
        name: The model's.
        source: Folder of the recordings.
        start: Folder of the model to go on from; "" begins with nothing.
        minutes: Of training, in all; 0 is until the recipe's end.
        seconds_spent: Trained so far.
        kept: Name under which the model was brought in; "" before.
    """

    name: str
    source: str
    start: str = ""
    minutes: int = 0
    seconds_spent: float = 0.0
    kept: str = ""

    @property
    def seconds_left(self) -> float | None:
        """Seconds of training that are left, or None without a limit."""
        return 60.0 * self.minutes - self.seconds_spent if self.minutes else None


class Finding(msgspec.Struct, frozen=True):
    """A line of the verdict; `state` is "good", "remark", "advice" or "stop"."""

    subject: str
    state: str
    text: str
    names: tuple[str, ...] = ()


class InstrumentCoverage(msgspec.Struct, frozen=True):
    """How many notes there are of one instrument, by MIDI number."""

    name: str
    pitches: dict[int, int]


class Verdict(msgspec.Struct, frozen=True):
    """What `timbrepad data check --json` says of the notes.

    Attributes:
        verdict: "ready", "usable with gaps" or "not yet".
        n_notes: Notes there are.
        pitches: How many notes there are, by MIDI number.
        instruments: By family and name.
        findings: The worst first.
    """

    verdict: str
    n_notes: int
    pitches: dict[int, int] = {}
    instruments: tuple[InstrumentCoverage, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def is_enough(self) -> bool:
        """Whether training can begin."""
        return self.verdict != "not yet"


class StatsLine(msgspec.Struct, frozen=True):
    """A line of a run's `stats.jsonl`; see docs/training.md."""

    examples_seen: int
    stage: int
    examples_per_second: float
    losses: dict[str, float] = {}
    seconds_left: float | None = None
    measures: dict[str, float] = {}


class PreviewNote(msgspec.Struct, frozen=True):
    """A note that is rendered again and again; `wave` and `picture` are names of files."""

    name: str
    pitch: int
    wave: str
    picture: str
    is_own: bool = False


class _Run(msgspec.Struct, frozen=True):
    examples: int


class _PreviewIndex(msgspec.Struct, frozen=True):
    examples_seen: int
    stage: int
    notes: tuple[PreviewNote, ...]


class TrainingFolder:
    """The folder of one training: notes, verdict, run."""

    def __init__(self, path: Path) -> None:
        """Look at a folder, which need not exist."""
        self.path = path
        self.notes = path / "notes"
        self.verdict_file = path / "doctor.json"
        self.run = path / "run"
        self.model = self.run / "model"
        self.previews = self.run / "previews"

    @property
    def has_notes(self) -> bool:
        """Whether the recordings have been cut into notes."""
        return (self.notes / "examples.json").is_file()

    @property
    def n_cut(self) -> int:
        """How many notes have been cut so far."""
        return sum(1 for _ in (self.notes / "audio").glob("*.wav"))

    @property
    def has_model(self) -> bool:
        """Whether the run has published a model."""
        return (self.model / _WEIGHTS).is_file()

    @property
    def has_checkpoint(self) -> bool:
        """Whether the run can be resumed."""
        return any((self.run / "checkpoints").glob("notes-*.safetensors"))

    @property
    def n_examples(self) -> int:
        """Notes that the run sees in all; 0 before it begins."""
        with contextlib.suppress(OSError, msgspec.DecodeError, UnicodeDecodeError):
            return msgspec.json.decode((self.run / "config.json").read_bytes(), type=_Run).examples
        return 0

    @property
    def is_complete(self) -> bool:
        """Whether the run has seen all of its notes."""
        stats = StatsReader(self.run)
        stats.read()
        return bool(stats.lines) and stats.lines[-1].examples_seen >= self.n_examples > 0

    @property
    def latent_space(self) -> str:
        """Identity of the latent space of the run's models; "" before the run begins."""
        with contextlib.suppress(OSError, UnicodeDecodeError):
            return (self.run / _LATENT_SPACE).read_text("ascii")
        return ""

    def plan(self) -> TrainingPlan | None:
        """Read the plan; None where there is none that can be read."""
        with contextlib.suppress(OSError, msgspec.DecodeError, UnicodeDecodeError):
            return msgspec.json.decode((self.path / _PLAN).read_bytes(), type=TrainingPlan)
        return None

    def write_plan(self, plan: TrainingPlan) -> None:
        """Keep a plan, whole or not at all.

        Raises:
            OSError: If it can't be written.
        """
        _write(self.path / _PLAN, msgspec.json.format(msgspec.json.encode(plan), indent=2))

    def verdict(self) -> Verdict | None:
        """Read the verdict; None where there is none that can be read."""
        with contextlib.suppress(OSError, msgspec.DecodeError, UnicodeDecodeError):
            return msgspec.json.decode(self.verdict_file.read_bytes(), type=Verdict)
        return None

    def write_verdict(self, text: str) -> Verdict:
        """Keep what the doctor printed.

        Raises:
            OSError: If it can't be written.
            msgspec.DecodeError: If it is no verdict.
        """
        verdict = msgspec.json.decode(text.encode(), type=Verdict)
        _write(self.verdict_file, text.encode())
        return verdict

    def write_sounds(self, sounds: Sequence[msgspec.Struct]) -> None:
        """Hand the run sounds to render with its previews, unless it has just these.

        Raises:
            OSError: If they can't be written.
        """
        file, data = self.run / _SOUNDS, msgspec.json.encode(sounds)
        if not sounds:
            file.unlink(missing_ok=True)
        elif not file.is_file() or file.read_bytes() != data:
            _write(file, data)

    def preview_notes(self) -> tuple[PreviewNote, ...]:
        """List the notes to hear; none before the first look."""
        with contextlib.suppress(OSError, msgspec.DecodeError, UnicodeDecodeError):
            index = msgspec.json.decode(
                (self.previews / "previews.json").read_bytes(), type=_PreviewIndex
            )
            return index.notes
        return ()

    def previews_stamp(self) -> int:
        """Give a number that changes with every new set of previews; 0 without any."""
        with contextlib.suppress(OSError):
            return (self.previews / "previews.json").stat().st_mtime_ns
        return 0


class StatsReader:
    """Follows a growing `stats.jsonl`; begins anew where a resumed run took lines back."""

    def __init__(self, run: Path) -> None:
        """Begin at the first line of a run, which need not have begun."""
        self._path = run / "stats.jsonl"
        self._place = 0
        self._file_id = 0
        self.lines: list[StatsLine] = []

    def read(self) -> bool:
        """Take in what was written since; says whether `lines` changed."""
        try:
            with self._path.open("rb") as file:
                state = os.fstat(file.fileno())
                n_before = len(self.lines)
                if state.st_ino != self._file_id or state.st_size < self._place:
                    self._file_id, self._place, self.lines = state.st_ino, 0, []
                file.seek(self._place)
                data = file.read()
        except OSError:
            return False
        whole = data[: data.rfind(b"\n") + 1]  # the rest is still being written
        self._place += len(whole)
        for line in whole.splitlines():
            with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
                self.lines.append(msgspec.json.decode(line, type=StatsLine))
        return bool(whole) or len(self.lines) != n_before


def _write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, partial = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(partial).replace(path)
    except OSError:
        Path(partial).unlink(missing_ok=True)
        raise


def list_trainings(folder: Path) -> Iterator[tuple[TrainingFolder, TrainingPlan]]:
    """Give the trainings in a folder, the newest first."""
    if not folder.is_dir():
        return
    found = []
    for path in folder.iterdir():
        training = TrainingFolder(path)
        plan = training.plan()
        if plan is not None:
            found.append(((path / _PLAN).stat().st_mtime, training, plan))
    for _, training, plan in sorted(found, key=lambda row: -row[0]):
        yield training, plan


def free_folder(folder: Path, name: str) -> TrainingFolder:
    """Give a folder that is not there yet, called by a model's name."""
    stem = "".join(c if c.isalnum() or c in "-_ " else "_" for c in name).strip() or "model"
    path, number = folder / stem, 1
    while path.exists():
        number += 1
        path = folder / f"{stem} {number}"
    return TrainingFolder(path)
