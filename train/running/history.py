"""Models that a run published on its way, thinned so that they can be compared by ear.

A model changes fast at first and slowly later, so those that stay lie evenly on a logarithmic
scale of the notes seen. The first, the newest and the one nearest to held-out notes always stay.
"""

import math
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from model.checkpoint import CONFIG_FILE, WEIGHTS_FILE, ModelError, read_config
from train.datasets.notes import write_error

from .reading import NEARNESS

N_KEPT = 8
MAXIMUM_BYTES = 512 * 1024 * 1024
_PREFIX = "notes-"


class History:
    """The folder `history` of a run: models in `notes-000012000` and so on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def paths(self) -> list[Path]:
        """List the models, oldest first."""
        found = self.folder.glob(f"{_PREFIX}*/{WEIGHTS_FILE}")
        folders = (weights.parent for weights in found)
        return sorted(p for p in folders if p.name.removeprefix(_PREFIX).isdecimal())

    def keep(self, model: Path, examples_seen: int, n_kept: int = N_KEPT) -> None:
        """Copy a model, whole or not at all, and let go of those that are too many.

        Args:
            model: The folder that was published.
            examples_seen: Where that was.
            n_kept: At most so many stay, and at most 512 MiB; 0 keeps none.

        Raises:
            DatasetError: If it can't be written; those before are still there.
        """
        if n_kept > 0:
            self._copy(model, self.folder / f"{_PREFIX}{examples_seen:09d}")
        self._thin(n_kept)

    def rewind(self, examples_seen: int) -> None:
        """Let go of the models after a place, from which the run goes another way."""
        for path in self.paths():
            if _place(path) > examples_seen:
                shutil.rmtree(path, ignore_errors=True)

    def _copy(self, model: Path, path: Path) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            for left in self.folder.glob(".*"):  # by a process that was killed
                shutil.rmtree(left, ignore_errors=True)
            partial = Path(tempfile.mkdtemp(prefix=".", dir=self.folder))
            try:
                partial.chmod(0o755)
                for name in (CONFIG_FILE, WEIGHTS_FILE):
                    shutil.copyfile(model / name, partial / name)
                if path.exists():
                    path.rename(partial / "old")
                partial.rename(path)
                shutil.rmtree(path / "old", ignore_errors=True)
            finally:
                shutil.rmtree(partial, ignore_errors=True)
        except OSError as error:
            raise write_error(path, error) from error

    def _thin(self, n_kept: int) -> None:
        paths = self.paths()
        n_bytes = {path: (path / WEIGHTS_FILE).stat().st_size for path in paths}
        best = _nearest(paths)
        while paths and (len(paths) > n_kept or sum(n_bytes[p] for p in paths) > MAXIMUM_BYTES):
            path = _least_missed(paths, best)
            paths.remove(path)
            try:
                shutil.rmtree(path)
            except OSError as error:
                raise write_error(path, error) from error


def _least_missed(paths: Sequence[Path], best: Path | None) -> Path:
    """Choose the model whose neighbours are nearest to each other, by the ratio of their notes."""
    places = [math.log(max(_place(path), 1)) for path in paths]
    gaps = {
        path: after - before
        for path, before, after in zip(paths[1:-1], places, places[2:], strict=False)
        if path != best
    }
    return min(gaps, key=lambda path: gaps[path]) if gaps else paths[0]


def _nearest(paths: Sequence[Path]) -> Path | None:
    """Choose the model nearest to held-out notes, where that was measured."""
    offs = {}
    for path in paths:
        try:
            offs[path] = read_config(path).figures[NEARNESS]
        except (ModelError, KeyError):
            continue
    return min(offs, key=lambda path: offs[path]) if offs else None


def _place(path: Path) -> int:
    return int(path.name.removeprefix(_PREFIX))
