"""Keyboards that are kept with presets: there at every start, even without torch.

Each preset that is kept has a folder with its keyboards, one for each place of the pad that was
asked for, and `kept.json`, which says what they are. They are never let go of by themselves.
"""

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from instrument.engine.pool import NoteInfo
from instrument.storage.file_names import file_name, reason_of

from .bake import BakedKeyboard, BakeFolder
from .offline_notes import Cue, NoteSource
from .target import Target

MAXIMUM_BYTES = 2**40  # nothing is let go of
_INDEX = "kept.json"
_NEAR = 1e-6

Notes = Mapping[int, tuple[NoteInfo, NDArray[np.float32]]]


class KeptError(Exception):
    """A keyboard can't be kept; the message says why and what to do."""


class KeptPlace(msgspec.Struct, frozen=True):
    """A kept keyboard: its cell, and the blend of latents that it is of, for nearness."""

    cell: str
    blend: tuple[float, ...]


class Kept(msgspec.Struct, frozen=True):
    """What is kept of a preset.

    Attributes:
        preset: Its name.
        model: Hash of the model.
        sample_rate: Of the notes, in Hz.
        places: One for each keyboard.
    """

    preset: str
    model: str
    sample_rate: float
    places: tuple[KeptPlace, ...]


class KeptKeyboards:
    """A folder of kept keyboards; it may not be there yet."""

    def __init__(self, folder: Path) -> None:
        """Use `folder` (`paths.kept_folder()`)."""
        self._folder = folder

    def keep(
        self,
        preset: str,
        targets: Sequence[Target],
        pitches: Sequence[int],
        sample_rate: float,
        notes: NoteSource,
        progress: Callable[[int, int], None] = lambda *_: None,
    ) -> Path:
        """Render a preset's keyboards and keep them, in place of what was kept of it; whole or not.

        Args:
            preset: Its name.
            targets: A timbre for each place of the pad.
            pitches: Of the keyboard.
            sample_rate: Of the notes, in Hz.
            notes: Makes them, at that rate.
            progress: Told how many of how many notes are done.

        Returns:
            The preset's folder.

        Raises:
            KeptError: If the disk would not take them.
            RendererError: If a note can't be made.
        """
        targets = list({target.cell: target for target in targets}.values())
        notes.expect([Cue(pitch, target) for target in targets for pitch in pitches])
        place = self._place(preset)
        with _saying(f'The keyboard of "{preset}" could not be kept'), self._part() as part:
            bakes = BakeFolder(part, MAXIMUM_BYTES)
            for number, target in enumerate(targets):
                keyboard: dict[int, tuple[NoteInfo, NDArray[np.float32]]] = {}
                for i, pitch in enumerate(pitches):
                    note = notes.next_note(set())
                    keyboard[pitch] = note, notes.pool.samples[note.slot].copy()
                    progress(number * len(pitches) + i + 1, len(targets) * len(pitches))
                if not bakes.save(target.model, target.cell, sample_rate, keyboard):
                    raise KeptError(
                        f'The keyboard of "{preset}" could not be kept: the disk would not take it.'
                    )
            places = tuple(
                KeptPlace(target.cell, tuple(_blend(target).tolist())) for target in targets
            )
            kept = Kept(preset, targets[0].model, sample_rate, places)
            (part / _INDEX).write_bytes(msgspec.json.encode(kept))
            if place.exists():
                shutil.rmtree(place)
            part.rename(place)
        return place

    def list(self) -> tuple[Kept, ...]:
        """List what is kept, by the presets' names."""
        return tuple(sorted((kept for kept, _ in self._entries()), key=lambda kept: kept.preset))

    def forget(self, preset: str) -> None:
        """Delete what is kept of a preset.

        Raises:
            KeptError: If nothing is, or it can't be deleted.
        """
        place = self._place(preset)
        if not place.is_dir():
            raise KeptError(f'Nothing is kept of "{preset}". See: timbrepad presets keep')
        with _saying(f'The keyboard of "{preset}" could not be deleted'):
            shutil.rmtree(place)

    def load(self, model: str, cell: str, sample_rate: float) -> BakedKeyboard | None:
        """Open the kept keyboard of a cell, or None."""
        for kept, folder in self._entries():
            if (kept.model, kept.sample_rate) == (model, sample_rate) and any(
                place.cell == cell for place in kept.places
            ):
                keyboard = BakeFolder(folder).load(model, cell, sample_rate)
                if keyboard is not None:
                    return keyboard
        return None

    def nearest(self, target: Target, sample_rate: float) -> BakedKeyboard | None:
        """Open the kept keyboard whose latent points most nearly where a target's does, or None."""
        wanted = _blend(target)
        best: tuple[float, str, Path] | None = None
        for kept, folder in self._entries():
            if (kept.model, kept.sample_rate) != (target.model, sample_rate):
                continue
            for place in kept.places:
                if len(place.blend) == len(wanted):
                    likeness = float(wanted @ np.asarray(place.blend))
                    if best is None or likeness > best[0]:
                        best = likeness, place.cell, folder
        if best is None:
            return None
        return BakeFolder(best[2]).load(target.model, best[1], sample_rate)

    def _entries(self) -> Iterator[tuple[Kept, Path]]:
        """Read the indexes; a folder without one that can be read is passed over."""
        for index in sorted(self._folder.glob(f"*/{_INDEX}")):
            with contextlib.suppress(OSError, msgspec.DecodeError):
                yield msgspec.json.decode(index.read_bytes(), type=Kept), index.parent

    def _place(self, preset: str) -> Path:
        return self._folder / file_name(preset, "")

    @contextlib.contextmanager
    def _part(self) -> Iterator[Path]:
        """Make a folder to fill, which goes unless it has got its name by the end."""
        self._folder.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=".part-", dir=self._folder))
        try:
            yield part
        finally:
            shutil.rmtree(part, ignore_errors=True)


class Bakes:
    """Where keyboards come from: kept ones first, then those that lie about from before."""

    def __init__(self, kept: KeptKeyboards, baked: BakeFolder) -> None:
        self._kept, self._baked = kept, baked

    def load(self, model: str, cell: str, sample_rate: float) -> BakedKeyboard | None:
        """Open the keyboard of a cell, or None."""
        keyboard = self._kept.load(model, cell, sample_rate)
        return keyboard or self._baked.load(model, cell, sample_rate)

    def save(self, model: str, cell: str, sample_rate: float, notes: Notes) -> bool:
        """Keep a keyboard until there is no room; see `BakeFolder.save`."""
        return self._baked.save(model, cell, sample_rate, notes)

    def nearest(self, target: Target, sample_rate: float) -> BakedKeyboard | None:
        """Open the kept keyboard that is nearest to a target, or None."""
        return self._kept.nearest(target, sample_rate)


def _blend(target: Target) -> NDArray[Any]:
    """Mix a target's latents by its weights: float64 [latent], of length 1."""
    weights = np.asarray(target.weights)
    latents = np.frombuffer(target.latents, "<f4").reshape(len(weights), -1).astype(np.float64)
    mixed = weights @ latents
    return mixed / max(float(np.linalg.norm(mixed)), _NEAR)


@contextlib.contextmanager
def _saying(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise KeptError(f"{what}: {reason_of(error)}.") from error
