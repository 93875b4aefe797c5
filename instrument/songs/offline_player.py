"""Who plays a MIDI file: presets as in the instrument, or a walk through drawn timbres."""

from collections.abc import Callable, Sequence

import msgspec

from instrument.control.controls import Controls
from instrument.control.corners import resolve_corners
from instrument.control.pad_motion import OWN_EVENTS, PadMotion
from instrument.notes.target import Target, make_target
from instrument.notes.voicing import Voicing
from instrument.presets.preset import N_CORNERS, Preset, PresetError
from instrument.values.events import AnyEvent, ProgramChange
from instrument.values.status import Corner, ModelInfo, Timbre
from instrument.values.tuning import Tuning

from .performance import BeginPerformance, PerformedEvent, UsePreset

Latent = Sequence[float]


def preset_of_latent(z: Latent, name: str = "") -> Preset:
    """Make a preset that has one timbre wherever the pad is."""
    return Preset(name=name, corners=(Corner(name=name, z=tuple(z)),) * N_CORNERS)


class PresetPlayer:
    """Plays presets: pad, controllers and program changes do what they do in the instrument."""

    def __init__(
        self,
        preset: Preset,
        model: ModelInfo,
        timbres: Sequence[Timbre],
        preset_of_program: Callable[[int, int], Preset] | None = None,
        *,
        tuning: Tuning | None = None,
    ) -> None:
        """Take up a preset.

        Args:
            preset: The one to begin with.
            model: That makes the notes; another model's preset gets timbres of the same names.
            timbres: Of the model.
            preset_of_program: Gives the preset of a program and a bank, or raises PresetError.
            tuning: Of presets that bring none.

        Raises:
            PresetError: If the model has no timbres to take the place of another model's.
        """
        self._model = model
        self._timbres = timbres
        self._preset_of_program = preset_of_program
        self._controls = Controls()
        self._controls.use_tuning(tuning)
        self._motion = PadMotion(self._controls)
        self._is_placed = False  # a performance that says where the pad is heard
        self._load(preset)

    def start(self) -> tuple[AnyEvent, ...]:
        """Give the engine's events at the beginning."""
        return self._controls.all_parameters()

    def play(self, event: PerformedEvent) -> tuple[AnyEvent, ...]:
        """Take an event; give the engine's events that come of it."""
        if isinstance(event, UsePreset):
            return self._load(event.preset)
        if isinstance(event, BeginPerformance):
            self._is_placed = event.is_placed
            return ()
        if isinstance(event, ProgramChange):
            return self._change_program(self._controls.with_bank(event))
        if isinstance(event, OWN_EVENTS):
            return self._motion.take(event, event.time_seconds)
        return self._controls.play(event)

    def as_sounding(self, event: PerformedEvent) -> PerformedEvent | None:
        """Give a key's event with the note that sounds; None for a key that is silent."""
        if isinstance(event, BeginPerformance | UsePreset):
            return event
        return self._controls.as_sounding(event)

    def passing(self, event: PerformedEvent) -> tuple[int, ...]:
        """Give the notes that a bend or a glide comes by."""
        if isinstance(event, BeginPerformance | UsePreset):
            return ()
        return self._controls.passing(event)

    def pitch_of(self, key: int) -> float | None:
        """Give the pitch of a key in MIDI notes and parts of them; None for a silent one."""
        return self._controls.pitch_of(key)

    def layers_of(self, event: AnyEvent) -> tuple[int, ...]:
        """Give the layers that the voices of a note that begins may read; of others none."""
        return self._controls.layers_of(event)

    @property
    def is_moving(self) -> bool:
        """Whether the timbre may change without an event."""
        return self._motion.is_active and not self._is_placed

    def target(self, seconds: float) -> Target:
        """Say which timbre a note that begins now has, but for how it is struck.

        The times may not go back.
        """
        self._move(seconds)
        target = self._controls.target(self._model.hash, self._model.latent_size)
        assert target is not None, "the corners are resolved when a preset is loaded"
        return target

    def voicing(self, seconds: float) -> Voicing:
        """Say what a note that begins now sounds like, in each layer; the times may not go back."""
        self._move(seconds)
        voicing = self._controls.voicing(self._model.hash, self._model.latent_size)
        assert voicing is not None, "the corners are resolved when a preset is loaded"
        return voicing

    def _move(self, seconds: float) -> None:
        if not self._is_placed:
            self._motion.step(seconds)

    def _change_program(self, event: ProgramChange) -> tuple[AnyEvent, ...]:
        if self._preset_of_program is None:
            return ()
        try:
            return self._load(self._preset_of_program(event.program, event.bank))
        except PresetError:  # as in the instrument: the sound stays as it is
            return ()

    def _load(self, preset: Preset) -> tuple[AnyEvent, ...]:
        is_same = preset.model_hash in ("", self._model.hash)
        is_same_space = is_same or preset.is_of_space(self._model.latent_space)
        size = self._model.latent_size
        if not self._timbres and not (
            is_same_space
            and preset.corners
            and all(len(corner.z) == size for corner in preset.corners)
        ):
            raise PresetError(
                f'"{preset.name}" belongs to another model, and "{self._model.name}" has no '
                "timbres of its own. Choose a seed, or another model."
            )
        corners = resolve_corners(
            preset.corners,
            self._timbres,
            size,
            is_same_model=is_same,
            is_same_space=is_same_space,
        )
        return self._controls.load(msgspec.structs.replace(preset, corners=corners))


class WalkPlayer(PresetPlayer):
    """Walks through drawn timbres, one after the other at even times, morphing between them."""

    def __init__(
        self,
        preset: Preset,
        model: ModelInfo,
        timbres: Sequence[Timbre],
        draw: Callable[[int], Latent],
        *,
        seed: int,
        step_seconds: float,
        tuning: Tuning | None = None,
    ) -> None:
        """Set out.

        Args:
            preset: Gives the parameters and mappings; its timbres are not heard.
            model: That makes the notes.
            timbres: Of the model.
            draw: Gives the latent of a seed.
            seed: The first timbre's; each further one has the next.
            step_seconds: From one timbre to the next.
            tuning: Of a preset that brings none.

        Source: the idea is GANSynth's demo, which interpolates along the great circle between
        random instruments, a new latent for each note.
        """
        super().__init__(preset, model, timbres, tuning=tuning)
        self._draw = draw
        self._seed = seed
        self._step_seconds = step_seconds
        self._latents: dict[int, Latent] = {}

    def voicing(self, seconds: float) -> Voicing:
        """Say what a note that begins now sounds like, in each layer; slides move no timbre."""
        return self._controls.voicing_of(self.target(seconds))

    def target(self, seconds: float) -> Target:
        """Say which timbre a note that begins now has, but for how it is struck."""
        place, rest = divmod(seconds / self._step_seconds, 1.0)
        here, there = self._latent(int(place)), self._latent(int(place) + 1)
        return make_target(self._model.hash, [here, there, here, there], rest, 0.0)

    def _latent(self, place: int) -> Latent:
        if place not in self._latents:
            self._latents[place] = self._draw(self._seed + place)
        return self._latents[place]
