"""A run's folder: its settings, its data's identity, checkpoints, statistics, the model."""

import contextlib
from hashlib import sha256
from pathlib import Path

import msgspec

from model.checkpoint import latent_space_of
from train.datasets.files import write_whole
from train.datasets.identity import DataIdentity, difference
from train.datasets.notes import DatasetError, write_error
from train.recipes.config import AnyConfig, TimbrepadConfig, TrainConfig, decode_train_config

from .checkpoints import Checkpoints
from .history import History

_CONFIG = "config.json"
_DATA = "data.json"
_STATS = "stats.jsonl"
_LATENT_SPACE = "latent_space.txt"
_FORMER_CHECKPOINT = "checkpoint.safetensors"

_SETTLED = ("recipe", "representation", "width", "latent_size")


class _Place(msgspec.Struct):
    """What every line of the statistics has."""

    examples_seen: int
    measures: dict[str, float] = {}


class Run:
    """One folder of one training run. Everything in it is data; nothing is pickled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.checkpoints = Checkpoints(folder / "checkpoints")
        self.history = History(folder / "history")

    @property
    def has_checkpoint(self) -> bool:
        """Whether there is something to resume."""
        return bool(self.checkpoints.paths())

    def check(self, config: AnyConfig) -> list[str]:
        """Make sure that a run with these settings can begin or go on here.

        Returns:
            A line for each setting that is another than before; what is learned stays the same.

        Raises:
            DatasetError: If the folder holds a run with another network, or of another version.
        """
        if (self.folder / _FORMER_CHECKPOINT).exists():
            raise DatasetError(
                f"{self.folder / _FORMER_CHECKPOINT} is of a former version of Timbrepad and can't "
                "be resumed. Choose another --run folder."
            )
        if not self.has_checkpoint:
            return []
        old = self.config()
        before, now = (msgspec.to_builtins(settings) for settings in (old, config))
        changed = [name for name, value in now.items() if before.get(name) != value]
        name = next((name for name in changed if _is_settled(name, old, config)), None)
        if name is not None:
            raise DatasetError(
                f"{self.folder} holds another run: its {name} is {before.get(name)}, not "
                f"{now[name]}. Choose another --run folder, or the same {name}."
            )
        return [f"{name} is {now[name]} from here on; it was {before[name]}." for name in changed]

    def check_data(self, data: DataIdentity, *, accept_changes: bool = False) -> None:
        """Make sure that the data is what the run was trained on, where it has begun.

        Raises:
            DatasetError: If it changed; the first instrument that did is named.
        """
        path = self.folder / _DATA
        if not self.has_checkpoint or accept_changes or not path.exists():
            return
        try:
            before = msgspec.json.decode(path.read_bytes(), type=DataIdentity)
        except (msgspec.DecodeError, OSError) as error:
            raise DatasetError(f"{path} is damaged: {error}. Add --accept-changed-data.") from error
        what = difference(before, data)
        if what:
            raise DatasetError(
                f"The data of {self.folder} changed since the run began: {what}. Put it back, "
                "begin in another --run folder, or go on with --accept-changed-data."
            )

    def start(self, config: TrainConfig, data: DataIdentity) -> None:
        """Make the folder and write the settings, the data's identity and the latent space's.

        The latent space is that of the model that the run goes on from, else one of its own; a
        run that has begun keeps it.

        Raises:
            DatasetError: If the folder can't be written.
            ModelError: If the model to go on from can't be read.
        """
        settings = msgspec.json.format(msgspec.json.encode(config), indent=2)
        identity = msgspec.json.encode(data)
        write_whole(self.folder / _CONFIG, settings)
        write_whole(self.folder / _DATA, identity)
        if not self.has_checkpoint:
            start = config.start if isinstance(config, TimbrepadConfig) else ""
            own = sha256(settings + identity).hexdigest()
            space = latent_space_of(Path(start)) if start else own
            write_whole(self.folder / _LATENT_SPACE, space.encode())

    @property
    def latent_space(self) -> str:
        """Identity of the latent space of the run's models; "" in runs from before there was."""
        with contextlib.suppress(OSError, UnicodeDecodeError):
            return (self.folder / _LATENT_SPACE).read_text("ascii")
        return ""

    def config(self) -> AnyConfig:
        """Read the run's settings.

        Raises:
            DatasetError: If the folder holds no run or its settings are damaged.
        """
        path = self.folder / _CONFIG
        try:
            return decode_train_config(path.read_bytes())
        except OSError as error:
            raise DatasetError(f"{self.folder} holds no training run.") from error
        except msgspec.ValidationError as error:
            raise DatasetError(
                f"{path} is of another version of Timbrepad: {error}. Choose another --run folder."
            ) from error
        except msgspec.DecodeError as error:
            raise DatasetError(f"{path} is damaged: {error}.") from error

    def log(self, line: msgspec.Struct) -> None:
        """Append a line to the statistics.

        Raises:
            DatasetError: If it can't be written.
        """
        path = self.folder / _STATS
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("ab") as file:
                file.write(msgspec.json.encode(line) + b"\n")
        except OSError as error:
            raise write_error(path, error) from error

    def measures_at(self, examples_seen: int) -> dict[str, float]:
        """Give what was measured at just this place; nothing where nobody looked there."""
        with contextlib.suppress(OSError):
            for line in reversed((self.folder / _STATS).read_bytes().splitlines()):
                with contextlib.suppress(msgspec.DecodeError):
                    place = msgspec.json.decode(line, type=_Place)
                    if place.examples_seen < examples_seen:
                        break
                    if place.examples_seen == examples_seen and place.measures:
                        return place.measures
        return {}

    def rewind(self, examples_seen: int) -> None:
        """Take out what came after a place: a run that resumes there makes it again."""
        self.history.rewind(examples_seen)
        path = self.folder / _STATS
        if not path.exists():
            return
        lines = path.read_bytes().splitlines(keepends=True)
        kept = [line for line in lines if _is_before(line, examples_seen)]
        if kept != lines:
            write_whole(path, b"".join(kept))


def _is_settled(name: str, old: AnyConfig, new: AnyConfig) -> bool:
    """Say whether a setting is one that no run can change on its way."""
    if name in _SETTLED:
        return True
    changed = msgspec.structs.replace(old, **{name: getattr(new, name)})
    return changed.network != old.network


def _is_before(line: bytes, examples_seen: int) -> bool:
    try:
        return msgspec.json.decode(line, type=_Place).examples_seen <= examples_seen
    except msgspec.DecodeError:  # half a line, of a process that was killed
        return False
