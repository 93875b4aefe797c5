"""Find the files of a GANSynth checkpoint, whatever part of it is pointed at."""

import contextlib
import re
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from .checkpoint import ModelError

EXPERIMENT_FILE = "experiment.json"
_STATE_FILE = "checkpoint"
MAXIMUM_UNPACKED_BYTES = 3_000_000_000
MAXIMUM_ZIP_MEMBERS = 10_000
_MAXIMUM_STATE_BYTES = 100_000
_CHUNK = 1 << 20
_STAGE = re.compile(r"stage_(\d{1,9})")
_SHARD = re.compile(r"(.+)\.data-\d{5}-of-\d{5}")
_STEP = re.compile(r"-(\d{1,18})$")
_CHECKPOINT_LINE = re.compile(r'^\s*model_checkpoint_path:\s*"([^"\n]*)"', re.MULTILINE)

Progress = Callable[[float, float, str], None]


@dataclass(frozen=True)
class CheckpointFiles:
    """Where the parts of a checkpoint lie.

    Attributes:
        prefix: Common path of the table and the data files.
        experiment: `experiment.json`, or None where there is none.
        root: The folder of the whole training, with `assets` in it.
        name: What the training is called: its folder's name.
        stage: Number of the training's stage, or None where the folder does not say.
    """

    prefix: Path
    experiment: Path | None
    root: Path
    name: str
    stage: int | None

    @property
    def origin(self) -> str:
        """The checkpoint in words, without the path of whoever imports it."""
        stage = "" if self.stage is None else f"stage_{self.stage:05d}/"
        return f"{self.name}/{stage}{self.prefix.name}"


def find_checkpoint(path: Path) -> CheckpointFiles:
    """Find the last checkpoint of the last stage.

    Args:
        path: A training's folder with its `stage_…` folders, one of those, a folder with the
            files side by side, a folder that holds one of these, or one of the files.

    Raises:
        ModelError: If there is none, or it is not clear which.
    """
    try:
        return _find(path)
    except OSError as error:
        raise ModelError(f'Could not read "{path}": {error.strerror}.') from error


@contextlib.contextmanager
def unpacked(path: Path, progress: Progress = lambda _done, _total, _word: None) -> Iterator[Path]:
    """Give a folder to search: the path itself, or what is needed of a zip archive.

    Only the last stage and the settings are unpacked, into a temporary folder that goes again.

    Raises:
        ModelError: If the archive is damaged, too large, or has names that lead out of it.
    """
    if path.suffix.lower() != ".zip" or not path.is_file():
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="timbrepad-") as temporary:
        folder = Path(temporary) / path.stem
        folder.mkdir()
        try:
            with zipfile.ZipFile(path) as archive:
                _unpack(archive, path, folder, progress)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
            raise ModelError(f'"{path}" is not a whole zip archive: {error}.') from error
        except RuntimeError as error:  # zipfile's way to say that it is encrypted
            raise ModelError(f'"{path}" can\'t be unpacked: {error}.') from error
        except OSError as error:
            raise ModelError(
                f'Could not unpack "{path}": {error.strerror or error}. '
                "Free space, or unpack it yourself."
            ) from error
        yield folder


def _find(path: Path) -> CheckpointFiles:
    if not path.exists() and not path.with_name(path.name + ".index").exists():
        raise ModelError(f'There is nothing at "{path}". Check the path.')
    if not path.is_dir():
        prefix = _prefix_of_file(path)
        if prefix is not None:
            return _files_of(prefix)
        if path.name in {EXPERIMENT_FILE, _STATE_FILE}:
            return _find(path.parent)
        raise _nothing_here(path)
    stages = _stages(path)
    for stage in stages:
        if any(stage.glob("*.index")):
            return _files_of(_last_prefix(stage))
    if any(path.glob("*.index")):
        return _files_of(_last_prefix(path))
    inner = list(_inner_folders(path))
    if len(inner) == 1:
        return _find(inner[0])
    if inner:
        names = ", ".join(f'"{folder.name}"' for folder in inner[:5])
        raise ModelError(f'"{path}" holds several checkpoints: {names}. Choose one of them.')
    if stages:
        raise ModelError(
            f'"{path}" has stages but no .index file in any of them. A checkpoint needs its '
            ".index and its .data files; fetch it again."
        )
    raise _nothing_here(path)


def _nothing_here(path: Path) -> ModelError:
    return ModelError(
        f'"{path}" is neither a model of Timbrepad\'s, a folder with config.json, nor a GANSynth '
        "checkpoint: a folder with stage_… folders or .index files, or a zip archive of one."
    )


def _files_of(prefix: Path) -> CheckpointFiles:
    folder = prefix.parent.resolve()
    stage = _STAGE.fullmatch(folder.name)
    root = folder.parent if stage else folder
    # The training writes the settings into its own folder; at first they lay beside that.
    candidates = (folder, root, root.parent)
    found = [place / EXPERIMENT_FILE for place in candidates]
    return CheckpointFiles(
        prefix=folder / prefix.name,
        experiment=next((file for file in found if file.is_file()), None),
        root=root,
        name=root.name,
        stage=int(stage[1]) if stage else None,
    )


def _prefix_of_file(path: Path) -> Path | None:
    """Give the prefix that a file belongs to, where its name says so."""
    if path.suffix == ".index":
        return path.with_suffix("")
    if path.suffix == ".meta" and path.with_suffix(".index").exists():
        return path.with_suffix("")
    shard = _SHARD.fullmatch(path.name)
    if shard is not None:
        return path.with_name(shard[1])
    return path if path.with_name(path.name + ".index").exists() else None


def _stages(folder: Path) -> list[Path]:
    """List the stages of a training, the last first."""
    found = [path for path in folder.glob("stage_*") if _STAGE.fullmatch(path.name)]
    return sorted(found, key=lambda path: int(path.name.removeprefix("stage_")), reverse=True)


def _inner_folders(folder: Path) -> Iterator[Path]:
    """Give the folders in a folder that are checkpoints themselves."""
    for inner in sorted(folder.iterdir()):
        hidden = not inner.is_dir() or inner.name.startswith((".", "__"))
        if not hidden and (_stages(inner) or any(inner.glob("*.index"))):
            yield inner


def _last_prefix(folder: Path) -> Path:
    """Choose a checkpoint of a folder: the one that `checkpoint` names, else the last one.

    Only the name's last part counts: the folder may have been moved since.
    """
    state = folder / _STATE_FILE
    if state.is_file() and state.stat().st_size <= _MAXIMUM_STATE_BYTES:
        line = _CHECKPOINT_LINE.search(state.read_text("utf-8", "replace"))
        name = line[1].replace("\\", "/").rpartition("/")[2] if line else ""
        if name and (folder / f"{name}.index").is_file():
            return folder / name
    prefixes = [file.with_suffix("") for file in folder.glob("*.index")]
    return max(prefixes, key=lambda prefix: (_step(prefix), prefix.name))


def _step(prefix: Path) -> int:
    step = _STEP.search(prefix.name)
    return int(step[1]) if step else -1


# Archives


def _unpack(archive: zipfile.ZipFile, path: Path, folder: Path, progress: Progress) -> None:
    members = archive.infolist()
    if len(members) > MAXIMUM_ZIP_MEMBERS:
        raise ModelError(f'"{path}" holds {len(members)} files, too many for a checkpoint.')
    places = {place: member for member in members if (place := _place(member, path))}
    wanted = _wanted(list(places))
    if not wanted:
        raise ModelError(f'"{path}" holds no checkpoint: there is no .index file in it.')
    total = sum(places[place].file_size for place in wanted)
    done = 0
    for place in wanted:
        target = folder.joinpath(*place.parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(places[place]) as source, target.open("xb") as file:
            while chunk := source.read(_CHUNK):
                done += len(chunk)
                if done > MAXIMUM_UNPACKED_BYTES:  # counted: what the archive says may be wrong
                    raise ModelError(f'"{path}" holds more than a checkpoint can have.')
                file.write(chunk)
                progress(done, total, "unpacking")


def _place(member: zipfile.ZipInfo, path: Path) -> PurePosixPath | None:
    """Say where a member lies in the archive; None for folders and what systems leave behind.

    Raises:
        ModelError: If its name leads out of the archive.
    """
    if member.is_dir() or member.filename.startswith("__MACOSX/"):
        return None
    place = PurePosixPath(member.filename)
    strange = any(part == ".." or set(part) & set('\\:*?"<>|\0') for part in place.parts)
    if place.is_absolute() or strange or not place.parts:
        name = member.filename[:80].encode("ascii", "backslashreplace").decode()
        raise ModelError(f'"{path}" holds a file "{name}" that has no place in a checkpoint.')
    return None if place.name.startswith(".") else place


def _wanted(places: list[PurePosixPath]) -> list[PurePosixPath]:
    """Choose the settings, the assets, and the files of the last stage that has any."""
    indexes = [place for place in places if place.suffix == ".index"]
    if not indexes:
        return []

    def stage(place: PurePosixPath) -> int:
        found = _STAGE.fullmatch(place.parent.name)
        return int(found[1]) if found else -1

    last = max(stage(place) for place in indexes)
    folders = {place.parent for place in indexes if stage(place) == last}
    return [
        place
        for place in places
        if place.name == EXPERIMENT_FILE
        or place.suffix == ".npz"
        or (
            place.parent in folders
            and (place.name == _STATE_FILE or place.suffix == ".index" or _SHARD.match(place.name))
        )
    ]
