"""What sounds: the preset, the model that plays it, and the latents at the pad's corners."""

import threading
from collections.abc import Callable
from itertools import count
from pathlib import Path
from random import Random

import msgspec
import numpy as np

from .controls import Controls
from .corners import corner_of, drawn_corners, resolve_corners
from .events import AnyEvent
from .models import ModelLibrary, ModelLibraryError, read_timbres
from .nearest_model import nearest_model
from .preset import Preset
from .renderer_protocol import Answer, Drawn, ModelFailed, ModelLoaded
from .run_follower import RunFollower
from .status import Corner, ModelInfo, Timbre
from .supply import NoteSupply

FOLLOW_SECONDS = 1.0  # between two looks at a run that is followed
N_SEEDS = 1_000_000


class PresentSound:
    """Matches preset and model, and tells the supply of notes what the keys shall sound like.

    All methods but those about one corner are called with the instrument's lock.

    Attributes:
        preset_name: Of the preset that was opened or saved last.
        saved_revision: Of the controls, when they were last as on disk.
        open_model: That the renderer has open.
        timbres: Those that the wanted model names.
    """

    def __init__(
        self,
        controls: Controls,
        lock: threading.RLock,
        controls_lock: threading.Lock,
        *,
        models: ModelLibrary,
        notify: Callable[..., None],
        hear: Callable[[AnyEvent], object],
        on_preset: Callable[[], None],
    ) -> None:
        """Begin without a sound; `supply` is to be set before anything else is called.

        Args:
            controls: What the player has set.
            lock: The instrument's.
            controls_lock: Around the controls.
            models: That can be opened.
            notify: Says a line to the player; `is_error` says what it is.
            hear: Takes the engine's events.
            on_preset: Told when another preset has been taken over.
        """
        self.preset_name = ""
        self.saved_revision = 0
        self.open_model: ModelInfo | None = None
        self.timbres: tuple[Timbre, ...] = ()
        self.supply: NoteSupply
        self._controls = controls
        self._lock = lock
        self._controls_lock = controls_lock
        self._models = models
        self._notify = notify
        self._hear = hear
        self._on_preset = on_preset
        self._random = Random()
        self._model: ModelInfo | None = None  # that was asked for last
        self._corners_model = ModelInfo("", "", "")  # the one that made the corners' latents
        # by request: where the latent belongs, and whether the player wanted another sound
        self._draws: dict[int, tuple[int, Corner, bool]] = {}
        self._requests = count(1)
        self._wanted_revision = (-1, -1)  # for which the supply has been told the voicing
        self._followed: RunFollower | None = None
        self._followed_at = -FOLLOW_SECONDS

    @property
    def model(self) -> ModelInfo | None:
        """The model that was asked for last."""
        return self._model

    @property
    def timbres_of(self) -> str:
        """Hash of the model that `timbres` are of; "" when there are none."""
        return self._model.hash if self._model is not None and self.timbres else ""

    def set_corner(self, index: int, timbre: str) -> None:
        """Put a named timbre on corner 0 to 3.

        Raises:
            ValueError: If there is no such corner or timbre.
        """
        found = next((t for t in self.timbres if t.name.casefold() == timbre.casefold()), None)
        if found is None:
            raise ValueError(f'the model has no timbre "{timbre}"')
        with self._controls_lock:
            self._controls.check_corner(index)
            locked = self._controls.corners[index].locked
            self._controls.set_corner(index, corner_of(found, locked=locked))

    def reroll(self, index: int | None = None) -> None:
        """Draw a new latent for one corner, or for every corner that is not locked.

        Raises:
            ValueError: If there is no such corner.
        """
        with self._controls_lock:
            corners = self._controls.corners
            if index is not None:
                self._controls.check_corner(index)
        places = [index] if index is not None else range(len(corners))
        for place in places:
            if index is not None or not corners[place].locked:
                self._draw(place, self._random.randrange(N_SEEDS), locked=corners[place].locked)

    def lock_corner(self, index: int, locked: bool) -> None:
        """Lock a corner against re-rolling, or unlock it.

        Raises:
            ValueError: If there is no such corner.
        """
        with self._controls_lock:
            self._controls.check_corner(index)
            corner = self._controls.corners[index]
            self._controls.set_corner(index, msgspec.structs.replace(corner, locked=locked))

    def preset(self) -> Preset:
        """Give what sounds now as a preset."""
        with self._lock, self._controls_lock:
            made_by = self._corners_model
            space = made_by.latent_space
            return self._controls.preset(
                self.preset_name,
                made_by.name,
                made_by.hash,
                space if space != made_by.hash else "",
            )

    def take_preset(self, preset: Preset, model: ModelInfo | None) -> None:
        """Take over a preset, to be played by a model; None where there is no model at all."""
        with self._controls_lock:
            for event in self._controls.load(preset):
                self._hear(event)
            self.preset_name = preset.name
            self.saved_revision = self._controls.revision
        self._on_preset()
        self._draws.clear()
        if model is not None:
            # a preset that says no model was written by hand, for whichever plays it
            self._corners_model = model
            if preset.model_hash:
                space = preset.latent_space or preset.model_hash
                self._corners_model = ModelInfo(
                    preset.model_name, preset.model_hash, "", latent_space=space
                )
            self.open(model)

    def model_for(self, preset: Preset) -> ModelInfo | None:
        """Find a preset's model, else the nearest to it, and say so.

        While a run is followed, a preset of its latent space is heard through the run's model.
        """
        present = self._model
        if self._followed and present is not None and preset.is_of_space(present.latent_space):
            return present
        chosen = nearest_model(preset, self._models.list(), present, read_timbres)
        if chosen.told:
            self._notify(chosen.told, is_error=chosen.is_missing)
        return chosen.model

    def first_model(self, name: str, preset: Preset | None) -> ModelInfo | None:
        """Find the model that is asked for, else the first preset's, else the first there is."""
        if name:
            try:
                return self._models.find(name)
            except ModelLibraryError as error:
                self._notify(str(error))
        return self.model_for(preset) if preset is not None else self._models.first()

    def open(self, model: ModelInfo) -> None:
        """Ask for a model, and for its timbres where the corners are another one's."""
        if self._model is None or model.hash != self._model.hash:
            self._model = model
            self.timbres = read_timbres(model)
            self._wanted_revision = (-1, -1)
            self.supply.open_model(model)
        self._resolve_corners()

    def _model_failed(self, path: str, text: str) -> None:
        self._notify(text)
        if self._model is None or self._model.path != path:
            return
        former = self.open_model
        self._model = None
        if former is not None:
            self.open(former)

    def _resolve_corners(self) -> None:
        """See to it that each corner has a latent of the model, once its timbres are known."""
        model = self._model
        if model is None:
            return
        with self._controls_lock:
            corners = self._controls.corners
            is_same = self._corners_model.hash == model.hash
            is_same_space = is_same or self._corners_model.latent_space == model.latent_space
            if (
                corners
                and is_same
                and all(len(corner.z) == model.latent_size for corner in corners)
            ):
                return
            if self.timbres:
                resolved = resolve_corners(
                    corners,
                    self.timbres,
                    model.latent_size,
                    is_same_model=is_same,
                    is_same_space=is_same_space,
                )
            elif self.open_model is not None and self.open_model.hash == model.hash:
                # A model without named timbres: the renderer draws what is missing.
                corners = resolved = drawn_corners(
                    corners, model.latent_size, is_same_space=is_same_space
                )
            else:
                return  # `ModelLoaded` brings the timbres, or says that there are none
            unchanged = self._controls.revision == self.saved_revision
            self._controls.set_corners(resolved)
            if unchanged:  # the player has not changed anything
                self.saved_revision = self._controls.revision
        self._corners_model = model
        for place, corner in enumerate(corners):
            has_latent = is_same_space and len(corner.z) == model.latent_size
            if corner.seed is not None and not corner.timbre and not has_latent:
                self._draw(place, corner.seed, locked=corner.locked, is_new=False)

    def _draw(self, place: int, seed: int, *, locked: bool, is_new: bool = True) -> None:
        """Ask the renderer for the latent of a seed.

        Args:
            place: The corner, 0 to 3.
            seed: Of the draw.
            locked: Whether the corner is.
            is_new: Whether it is another sound than before, and not a preset's own come true.
        """
        request = next(self._requests)
        with self._lock:
            corner = Corner(name=f"Seed {seed}", seed=seed, locked=locked)
            self._draws[request] = (place, corner, is_new)
            if not self.supply.draw(request, seed):
                self._draws.pop(request)
                self._notify("The model is still being opened. Roll again in a moment.")

    def _drawn(self, request: int, z: tuple[float, ...]) -> None:
        place, corner, is_new = self._draws.pop(request, (-1, None, False))
        if corner is not None:  # else another preset has been opened since
            with self._controls_lock:
                unchanged = self._controls.revision == self.saved_revision
                self._controls.set_corner(place, msgspec.structs.replace(corner, z=z))
                if unchanged and not is_new:
                    self.saved_revision = self._controls.revision

    def take(self, answer: Answer) -> None:
        """Take what the renderer says about models and latents."""
        match answer:
            case ModelLoaded(model=model, timbres=timbres):
                if self._model is not None and model.hash == self._model.hash:
                    self.open_model = model
                    self.timbres = timbres
                    self._resolve_corners()
            case ModelFailed(path=path, text=text):
                self._model_failed(path, text)
            case Drawn(request=request, z=z):
                self._drawn(request, tuple(float(value) for value in np.frombuffer(z, "<f4")))
            case _:
                return

    def follow(self, folder: str) -> None:
        """Open each model that a training run publishes from now on; "" follows none.

        What sounds is cross-faded to the new model's notes. The corners become its timbres of the
        same names; others stay what they are where the run goes on from the model that made them.
        The folder may also be that of a single model, such as one of the run's history.
        """
        self._followed = RunFollower(Path(folder).expanduser()) if folder else None
        self._followed_at = -FOLLOW_SECONDS

    def look(self, now: float) -> None:
        """Open the followed run's model where there is a newer one; looks once a second."""
        if now - self._followed_at < FOLLOW_SECONDS:
            return
        self._followed_at = now
        folder = self._followed.newer() if self._followed is not None else None
        if folder is None:
            return
        try:
            self.open(self._models.find(str(folder)))
        except (ModelLibraryError, OSError) as error:  # the next one may do
            self._notify(str(error))

    def aim(self) -> None:
        """Tell the supply where the finger is, if that has changed."""
        model = self._model
        if model is None or self._corners_model.hash != model.hash:
            return
        with self._controls_lock:
            revision = (self._controls.heard_revision, self._controls.slides.revision)
            if revision == self._wanted_revision:
                return
            self._wanted_revision = revision
            voicing = self._controls.voicing(model.hash, model.latent_size)
        if voicing is not None:
            self.supply.want(voicing)

    def aim_anew(self) -> None:
        """Tell the supply everything at the next `aim`, as it knows nothing."""
        self._wanted_revision = (-1, -1)

    def use(self, supply: NoteSupply) -> None:
        """Go on with another supply of notes."""
        self.supply = supply
        if self._model is not None:
            supply.open_model(self._model)

    @property
    def is_changed(self) -> bool:
        """Whether what sounds is not on disk."""
        return self._controls.revision != self.saved_revision

    def mark_saved(self, name: str) -> None:
        """Note that what sounds now is on disk under this name."""
        with self._controls_lock:
            self.preset_name = name
            self.saved_revision = self._controls.revision

    def mark_changed(self) -> None:
        """Note that what sounds now is not on disk, as with a preset that was bred or pasted."""
        with self._controls_lock:
            self.saved_revision = -1
