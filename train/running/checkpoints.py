"""A run's checkpoints: the last three and the best; a damaged one is passed over."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from train.datasets.files import remove_partial
from train.datasets.notes import DatasetError

from .state_file import DamagedFileError, read_state, read_words, write_state

N_KEPT = 3
_FORMAT = "timbrepad-checkpoint"
_VERSION = "2"
_PATTERN = "notes-*.safetensors"
_BEST = "best.safetensors"


@dataclass(frozen=True)
class Checkpoint:
    """A place in a run from which it goes on exactly.

    Attributes:
        path: Where it was read.
        examples_seen: By all workers.
        state: What the trainer gave, on the CPU.
    """

    path: Path
    examples_seen: int
    state: dict[str, Tensor]


@dataclass(frozen=True)
class Score:
    """How good a run was at a place.

    Attributes:
        name: The measure's; less of it is better.
        value: The measure.
        stage: Where it was taken; a later stage is better than any number.
    """

    name: str
    value: float
    stage: int

    def beats(self, other: "Score | None") -> bool:
        """Say whether this is the better one."""
        if other is None or self.name != other.name:
            return True
        return (self.stage, -self.value) > (other.stage, -other.value)


class Checkpoints:
    """The folder `checkpoints` of a run: `notes-000012000.safetensors` and so on, and `best`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def paths(self) -> list[Path]:
        """List the checkpoints of the run's course, oldest first."""
        return sorted(self.folder.glob(_PATTERN))

    def write(self, state: Mapping[str, Tensor], examples_seen: int) -> Path:
        """Write a checkpoint and let go of those before the last three.

        Raises:
            DatasetError: If it can't be written; the earlier ones are still there.
        """
        remove_partial(self.folder)
        path = self._path(examples_seen)
        write_state(path, state, _words(examples_seen))
        for old in self.paths()[:-N_KEPT]:
            old.unlink(missing_ok=True)
        return path

    @property
    def best_path(self) -> Path:
        """Where the best one is, once there is one."""
        return self.folder / _BEST

    def write_best(self, state: Mapping[str, Tensor], examples_seen: int, score: Score) -> None:
        """Write the state as the best one so far.

        Raises:
            DatasetError: If it can't be written; the former best is still there.
        """
        words = {"measure": score.name, "value": repr(score.value), "stage": str(score.stage)}
        write_state(self.best_path, state, _words(examples_seen) | words)

    def best_score(self) -> Score | None:
        """Say how good the best one is; None where there is none that can be read."""
        try:
            words = read_words(self.best_path)
            return Score(words["measure"], float(words["value"]), int(words["stage"]))
        except (DamagedFileError, KeyError, ValueError):
            return None

    def return_to_best(self) -> None:
        """Make the best one the newest; those after it get another name.

        Raises:
            DatasetError: If there is none, or it is damaged.
        """
        try:
            best = _read(self.best_path)
        except DamagedFileError as error:
            raise DatasetError(
                f"{self.best_path} can't be read ({error}). Go on without --from-best."
            ) from error
        for path in self.paths():
            if path > self._path(best.examples_seen):
                path.replace(path.with_suffix(".abandoned"))
        self.write(best.state, best.examples_seen)

    def _path(self, examples_seen: int) -> Path:
        return self.folder / f"notes-{examples_seen:09d}.safetensors"

    def read_newest(self, on_notice: Callable[[str], None] = lambda _: None) -> Checkpoint | None:
        """Read the newest checkpoint that is whole.

        Damaged ones are set aside under another name, so that they take no place.

        Args:
            on_notice: Told, in a line, of each that is damaged.

        Returns:
            None where there is no checkpoint at all.

        Raises:
            DatasetError: If there are some, but none of them is whole or of this version.
        """
        paths = self.paths()
        for number, path in enumerate(reversed(paths), 1):
            try:
                return _read(path)
            except DamagedFileError as error:
                if number == len(paths):
                    raise DatasetError(
                        f"{path} is damaged ({error}), and no other checkpoint is there. "
                        "Choose another --run, or delete this one to begin again."
                    ) from error
                older = paths[-number - 1].name
                on_notice(f"{path} is damaged ({error}). Going on from the one before, {older}.")
                path.replace(path.with_suffix(".damaged"))
        return None


def find_not_finite(state: Mapping[str, Tensor]) -> str | None:
    """Name the first tensor that holds what is not a number; None where all is well."""
    for name, tensor in state.items():
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            return name
    return None


def _read(path: Path) -> Checkpoint:
    words = read_words(path)
    if (words.get("format"), words.get("version")) != (_FORMAT, _VERSION):
        raise DatasetError(
            f"{path} is of another version of Timbrepad. Go on with that, or choose another --run."
        )
    state, words = read_state(path)
    return Checkpoint(path, int(words["examples_seen"]), state)


def _words(examples_seen: int) -> dict[str, str]:
    return {"format": _FORMAT, "version": _VERSION, "examples_seen": str(examples_seen)}
