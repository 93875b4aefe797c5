"""What sounds: the preset and the model that plays it, brought together."""

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np

from instrument.notes.renderer_protocol import Answer, Drawn, ModelFailed, ModelLoaded
from instrument.notes.supply import NoteSupply
from instrument.presets.models import ModelLibrary, ModelLibraryError, read_timbres
from instrument.presets.nearest_model import nearest_model
from instrument.presets.preset import Preset
from instrument.values.events import AnyEvent
from instrument.values.status import ModelInfo, Timbre

from .controls import Controls
from .corners import drawn_corners, resolve_corners
from .run_follower import RunFollower
from .timbre_points import TimbrePoints

FOLLOW_SECONDS = 1.0  # between two looks at a run that is followed


class PresentSound:
    """Matches preset and model, and tells the supply of notes what the keys shall sound like.

    All methods are called with the instrument's lock; those of `points` take it themselves.

    Attributes:
        preset_name: Of the preset that was opened or saved last.
        saved_revision: Of the controls, when they were last as on disk.
        open_model: That the renderer has open.
        points: Those of the pad.
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
        self.supply: NoteSupply
        self.points = TimbrePoints(
            controls,
            lock,
            controls_lock,
            draw=self._ask_draw,
            notify=notify,
        )
        self._controls = controls
        self._lock = lock
        self._controls_lock = controls_lock
        self._models = models
        self._notify = notify
        self._hear = hear
        self._on_preset = on_preset
        self._model: ModelInfo | None = None  # that was asked for last
        self._corners_model = ModelInfo("", "", "")  # the one that made the corners' latents
        self._wanted_revision = (-1, -1)  # for which the supply has been told the voicing
        self._followed: RunFollower | None = None
        self._followed_at = -FOLLOW_SECONDS

    @property
    def model(self) -> ModelInfo | None:
        """The model that was asked for last."""
        return self._model

    @property
    def timbres(self) -> tuple[Timbre, ...]:
        """Those that the wanted model names."""
        return self.points.timbres

    @property
    def timbres_of(self) -> str:
        """Hash of the model that `timbres` are of; "" when there are none."""
        return self._model.hash if self._model is not None and self.timbres else ""

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
        self.points.forget_draws()
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
            self.points.timbres = read_timbres(model)
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
        """See to it that each point has a latent of the model, once its timbres are known."""
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
                self.points.draw(place, corner.seed, is_new=False)

    def _ask_draw(self, request: int, seed: int) -> bool:
        return self.supply.draw(request, seed)

    def _drawn(self, request: int, z: tuple[float, ...]) -> None:
        was_changed = self.is_changed
        if self.points.take_drawn(request, z) is False and not was_changed:
            self.saved_revision = self._controls.revision

    def take(self, answer: Answer) -> None:
        """Take what the renderer says about models and latents."""
        match answer:
            case ModelLoaded(model=model, timbres=timbres):
                if self._model is not None and model.hash == self._model.hash:
                    self.open_model = model
                    self.points.timbres = timbres
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
            revision = (self._controls.heard_revision, self._controls.own_revision)
            if revision == self._wanted_revision:
                return
            self._wanted_revision = revision
            voicing = self._controls.voicing(model.hash, model.latent_size)
        if voicing is not None:
            self.supply.want(voicing)

    def is_aimed(self, revision: tuple[int, int]) -> bool:
        """Whether the supply has been told what the controls held at this revision."""
        return revision == self._wanted_revision

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
