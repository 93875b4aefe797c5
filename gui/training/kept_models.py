"""The models of a run that can be compared by ear, as its folders say."""

import contextlib
from pathlib import Path

import msgspec

_CONFIG = "config.json"
_WEIGHTS = "weights.safetensors"


class KeptModel(msgspec.Struct, frozen=True):
    """A model of a run.

    Attributes:
        folder: What the instrument opens; the run's own for its newest, which changes.
        examples_seen: Notes that the run had seen.
        off_db: How far its notes were from real ones that were held out, in dB; None where
            nobody measured.
        name: What the model that a run began with is called, "" for those of the run.
    """

    folder: str
    examples_seen: int
    off_db: float | None = None
    name: str = ""


class _Config(msgspec.Struct):
    name: str = ""
    figures: dict[str, float] = {}


class KeptModels:
    """Reads which models there are; anew only when there is another."""

    def __init__(self, run: Path, start: str = "") -> None:
        """Look at a run.

        Args:
            run: Its folder, which need not be there yet.
            start: Folder of the model that it began with, "" without one.
        """
        self._run, self._start = run, start
        self._stamp: tuple[object, ...] | None = None
        self.earlier: tuple[KeptModel, ...] = ()
        self.newest: KeptModel | None = None

    def look(self) -> bool:
        """Read what is new; says whether anything is."""
        kept = sorted((self._run / "history").glob(f"notes-*/{_WEIGHTS}"))
        stamp = (*kept, *map(_changed_at, (self._run / "model" / _CONFIG, *kept)))
        if stamp == self._stamp:
            return False
        self._stamp = stamp
        newest = _read(self._run / "model", str(self._run))
        if newest is None and self.newest is not None:  # just being replaced by a newer one
            self._stamp = None
            return False
        self.newest = newest
        earlier = [_read(path.parent, str(path.parent)) for path in kept] if newest else []
        if newest is not None and self._start:
            earlier.insert(0, _beginning(self._start))
        self.earlier = tuple(
            model
            for model in earlier
            if model is not None
            and newest is not None
            and model.examples_seen < newest.examples_seen
        )
        return True


def _changed_at(file: Path) -> int:
    with contextlib.suppress(OSError):
        return file.stat().st_mtime_ns
    return 0


def _read_config(folder: Path) -> _Config | None:
    with contextlib.suppress(OSError, msgspec.DecodeError, UnicodeDecodeError):
        if (folder / _WEIGHTS).is_file():
            return msgspec.json.decode((folder / _CONFIG).read_bytes(), type=_Config)
    return None


def _read(folder: Path, opened: str) -> KeptModel | None:
    """Read a model of the run; None where it is none, or none that says how far the run was."""
    config = _read_config(folder)
    if config is None or "examples_seen" not in config.figures:
        return None
    figures = config.figures
    return KeptModel(opened, int(figures["examples_seen"]), figures.get("held_out_off_db"))


def _beginning(start: str) -> KeptModel | None:
    config = _read_config(Path(start))
    return None if config is None else KeptModel(start, 0, None, config.name)
