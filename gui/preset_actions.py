"""What can be done with presets, between the library on disk and the instrument that plays.

Knows no widgets: what has to be asked of the player is asked by `preset_dialogs`.
"""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from instrument import Preset, PresetEntry, PresetError, PresetLibrary

from .bridge import Bridge


class PresetActions(QObject):
    """Open, save, rename, delete, bring in and give out presets; errors become notices."""

    listed = Signal(object)
    unsaved_kept = Signal(str)

    def __init__(
        self, bridge: Bridge, library: PresetLibrary, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._library = library
        self._unsaved: Preset | None = None

    @property
    def name(self) -> str:
        """The preset that was opened or saved last; "" for none."""
        return self._bridge.status.preset_name

    @property
    def is_changed(self) -> bool:
        """Whether the sound is not as it is on disk."""
        return self._bridge.status.preset_changed

    @property
    def unsaved_name(self) -> str:
        """The changed sound that was left for another and can be had again; "" for none."""
        return self._unsaved.name or "Untitled" if self._unsaved else ""

    def entries(self) -> tuple[PresetEntry, ...]:
        """List the presets anew."""
        return self._library.list()

    def refresh(self) -> None:
        """Tell the list."""
        self.listed.emit(self.entries())

    def preset(self, name: str) -> Preset | None:
        """Read a preset for its picture; None when it can't be read."""
        try:
            return self._library.load(name)
        except PresetError:  # its entry says what is wrong with it
            return None

    def is_factory(self, name: str) -> bool:
        """Whether a preset came with Timbrepad, and can't be renamed or deleted."""
        return any(entry.name == name and entry.is_factory for entry in self.entries())

    def open(self, name: str) -> None:
        """Play a preset; a changed sound is kept aside, so that nothing is lost."""
        self._try(lambda: self._play(self._library.load(name)))

    def open_neighbour(self, step: int) -> None:
        """Play the next (1) or the previous (-1) preset of the list."""
        self._try(
            lambda: self._play(self._library.load(self._library.neighbour(self.name, step).name))
        )

    def open_unsaved(self) -> None:
        """Go back to the changed sound that was left."""
        preset, self._unsaved = self._unsaved, None
        if preset is not None:
            self._bridge.ask(lambda instrument: instrument.load_preset(preset))

    def save(self, done: Callable[[], None] | None = None) -> None:
        """Save under the same name."""
        self._save(self._library.save, done)

    def save_as(self, name: str, done: Callable[[], None] | None = None) -> None:
        """Save under a new name."""
        self._save(lambda preset: self._library.save_as(preset, name), done)

    def rename(self, name: str, new_name: str) -> None:
        """Give a preset another name."""

        def work() -> None:
            entry = self._library.rename(name, new_name)
            if name == self.name and not self.is_changed:
                self._bridge.ask(lambda instrument: instrument.mark_saved(entry.name))
            self.refresh()

        self._try(work)

    def delete(self, name: str) -> None:
        """Delete a preset; `undelete` brings it back."""

        def work() -> None:
            self._library.delete(name)
            self.refresh()
            self._bridge.say(
                f'"{name}" is deleted. The preset menu can bring it back.', is_error=False
            )

        self._try(work)

    def undelete(self) -> None:
        """Bring back what was deleted last."""

        def work() -> None:
            self._library.undelete()
            self.refresh()

        self._try(work)

    def import_files(self, paths: list[str]) -> None:
        """Copy preset files into the library and play the last."""

        def work() -> None:
            for path in paths:
                entry = self._library.import_file(Path(path))
            self.refresh()
            self.open(entry.name)

        if paths:
            self._try(work)

    def export_file(self, name: str, path: str) -> None:
        """Copy a preset to a file."""

        def work() -> None:
            written = self._library.export_file(name, Path(path))
            self._bridge.say(f'"{name}" is in {written}.', is_error=False)

        self._try(work)

    def unique_name(self, name: str) -> str:
        """Give a name that is not taken yet."""
        return self._library.unique_name(name)

    def _play(self, preset: Preset) -> None:
        if self.is_changed:
            self._bridge.ask(lambda instrument: instrument.preset(), self._keep_unsaved)
        self._bridge.ask(lambda instrument: instrument.load_preset(preset))

    def _keep_unsaved(self, preset: Preset) -> None:
        self._unsaved = preset
        self.unsaved_kept.emit(self.unsaved_name)

    def _save(
        self, write: Callable[[Preset], PresetEntry], done: Callable[[], None] | None
    ) -> None:
        def written(preset: Preset) -> None:
            entry = write(preset)
            self.refresh()
            self._bridge.ask(
                lambda instrument: instrument.mark_saved(entry.name),
                lambda _none: done() if done is not None else None,
            )

        self._bridge.ask(
            lambda instrument: instrument.preset(),
            lambda preset: self._try(lambda: written(preset)),
        )

    def _try(self, work: Callable[[], object]) -> None:
        try:
            work()
        except PresetError as error:
            self._bridge.say(str(error))
