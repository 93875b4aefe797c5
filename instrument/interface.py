"""The instrument as a window sees it: the same methods in-process and through a pipe."""

from typing import Protocol

from instrument.presets.preset import Preset
from instrument.values.events import AnyEvent
from instrument.values.midi_map import Mapping
from instrument.values.status import (
    AudioDevice,
    AudioSettings,
    ModelInfo,
    NoteWave,
    RecordSettings,
    Status,
    Timbre,
)


class InstrumentInterface(Protocol):
    """What `Instrument` does and what `InstrumentClient` passes on.

    No method waits for a note to be rendered. What goes wrong later (a device unplugged, the
    renderer killed) arrives as a notice in `Status`.
    """

    def post(self, event: AnyEvent) -> None:
        """Play: hand an event to the engine; returns at once, from any thread."""
        ...

    def status(self) -> Status:
        """Say how everything stands."""
        ...

    def timbres(self) -> tuple[Timbre, ...]:
        """List the named timbres of the model that plays, or that is being loaded."""
        ...

    def set_corner(self, index: int, timbre: str) -> None:
        """Put a named timbre on a point of the pad, counted from 0.

        Raises:
            ValueError: If there is no such point or timbre.
        """
        ...

    def reroll(self, index: int | None = None) -> None:
        """Draw a new latent for one point, or for every point that is not locked."""
        ...

    def lock_corner(self, index: int, locked: bool) -> None:
        """Lock a point against re-rolling and moving, or unlock it."""
        ...

    def rename_point(self, index: int, name: str) -> None:
        """Call a point otherwise; its timbre stays.

        Raises:
            ValueError: If there is no such point, or the name is none.
        """
        ...

    def add_point(self, x: float, y: float, timbre: str = "") -> None:
        """Put one more point on the pad: a named timbre, or with "" what sounds there now.

        Raises:
            ValueError: If the pad is full, or there is no such timbre.
        """
        ...

    def remove_point(self, index: int) -> None:
        """Take a point off the pad.

        Raises:
            ValueError: If there is no such point, or it is the last.
        """
        ...

    def use_corners(self, is_wanted: bool) -> None:
        """Let four points stand in the pad's corners, mixed bilinearly; or weigh by nearness.

        Raises:
            ValueError: If the points are not four.
        """
        ...

    def preset(self) -> Preset:
        """Give what sounds now as a preset."""
        ...

    def load_preset(self, preset: Preset) -> None:
        """Take over a preset's points, pad, parameters and mappings."""
        ...

    def mark_saved(self, name: str) -> None:
        """Note that what sounds now is on disk under this name."""
        ...

    def mark_changed(self) -> None:
        """Note that what sounds now is not on disk, as with a preset that was bred or pasted."""
        ...

    def audio_devices(self) -> tuple[AudioDevice, ...]:
        """List the outputs; empty when there is none."""
        ...

    def open_audio(self, settings: AudioSettings) -> None:
        """Open an output in place of the present one; on failure the notice says what to do."""
        ...

    def midi_ports(self) -> tuple[str, ...]:
        """List the MIDI inputs that are there now."""
        ...

    def open_midi(self, name: str) -> None:
        """Listen to one port by name, to all with "*", to none with ""; reconnects by itself."""
        ...

    def learn_midi(self, target: str) -> None:
        """Bind the next MIDI controller that moves to a target; "" waits for none.

        Raises:
            ValueError: If nothing of this name can be moved: the keys of `TARGETS` can.
        """
        ...

    def map_midi(self, mapping: Mapping) -> None:
        """Set a mapping, in place of its target's and of those that have its controller.

        Raises:
            ValueError: If something in it is not possible.
        """
        ...

    def forget_midi(self, target: str) -> None:
        """Take a target's MIDI controller away; "" takes all.

        Raises:
            ValueError: If nothing of this name can be moved.
        """
        ...

    def midi_profiles(self) -> tuple[str, ...]:
        """List the profiles of MIDI controllers by name."""
        ...

    def load_midi_profile(self, name: str) -> None:
        """Take over a profile of MIDI controllers.

        Raises:
            MidiMapError: If there is none, or it can't be read; the present map stays.
        """
        ...

    def save_midi_profile(self, name: str) -> None:
        """Write the present map as a profile, in place of a former one of this name.

        Raises:
            MidiMapError: If the name is none, or the file can't be written.
        """
        ...

    def delete_midi_profile(self, name: str) -> None:
        """Delete a profile of MIDI controllers; what is mapped stays.

        Raises:
            MidiMapError: If there is none, or it can't be deleted.
        """
        ...

    def test_sound(self) -> None:
        """Play a short test sound that needs no model."""
        ...

    def play_file(self, path: str) -> None:
        """Play a recording once, beside what sounds.

        Raises:
            ValueError: If it can't be read.
        """
        ...

    def start_recording(self, settings: RecordSettings) -> None:
        """Record the output, what is played or both, from now on.

        Raises:
            RecordError: If no output runs, or a file can't be opened.
        """
        ...

    def stop_recording(self) -> None:
        """End the recording; a notice says where it is."""
        ...

    def models(self) -> tuple[ModelInfo, ...]:
        """List the models that can be opened."""
        ...

    def load_model(self, name: str) -> None:
        """Open another model by name or path."""
        ...

    def follow_run(self, folder: str) -> None:
        """Open each model that a run, or one of its models' folders, holds now and from now on.

        The points stay as far as the models' latent spaces are the same; "" follows none.
        """
        ...

    def note_wave(self, note: int) -> NoteWave | None:
        """Give the rendered wave of a note for a picture, or None when there is none."""
        ...

    def close(self) -> None:
        """Stop the sound, the ports and the renderer."""
        ...
