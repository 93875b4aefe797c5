"""What can be done with presets, between the library on disk and the instrument that plays.

Knows no widgets: what has to be asked of the player is asked by `preset_dialogs`.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QGuiApplication

from gui.bridge import Bridge
from instrument import (
    PACK_SUFFIX,
    Preset,
    PresetEntry,
    PresetError,
    PresetLibrary,
    PresetShelf,
    decode_pasted,
    encode_preset,
)

from .audition import Audition


class PresetActions(QObject):
    """Open, save, rename, delete, bring in and give out presets; errors become notices."""

    listed = Signal(object)
    unsaved_kept = Signal(str)
    shelved = Signal()
    done = Signal(str, object, object)  # in words, and what takes it back and does it again

    def __init__(
        self, bridge: Bridge, library: PresetLibrary, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._library = library
        self._unsaved: Preset | None = None
        self._shelf = PresetShelf(library.user_folder)
        self.trial = Audition(bridge, self)

    @property
    def name(self) -> str:
        """The preset that was opened or saved last; "" for none."""
        return self._bridge.status.preset_name

    @property
    def is_changed(self) -> bool:
        """Whether the sound is not as it is on disk; of one that is tried, that from before."""
        home = self.trial.home
        return self._bridge.status.preset_changed if home is None else home.is_changed

    @property
    def unsaved_name(self) -> str:
        """The changed sound that was left for another and can be had again; "" for none."""
        return self._unsaved.name or "Untitled" if self._unsaved else ""

    @property
    def is_auditioning(self) -> bool:
        """Whether a sound is only being tried."""
        return self.trial.home is not None

    @property
    def favourites(self) -> tuple[str, ...]:
        """The names of the player's favourites."""
        return self._shelf.favourites

    @property
    def recent(self) -> tuple[str, ...]:
        """The names of the presets that were open lately, the last first."""
        return self._shelf.recent

    def sounding(self) -> Preset:
        """Give what sounds now, as far as the window knows it: for pictures and distances."""
        status = self._bridge.status
        return Preset(
            name=self.name,
            corners=status.corners,
            pad_x=status.pad_x,
            pad_y=status.pad_y,
            parameters=status.parameters,
        )

    def home(self) -> Preset:
        """Give what sounds now, or what will again after others were tried."""
        home = self.trial.home
        return self.sounding() if home is None else home.preset

    def ask_preset(self, answer: Callable[[Preset], None]) -> None:
        """Ask the instrument for what sounds now, whole."""
        self._bridge.ask(lambda instrument: instrument.preset(), answer)

    def entries(self) -> tuple[PresetEntry, ...]:
        """List the presets anew."""
        return self._library.list()

    def refresh(self) -> None:
        """Tell the list."""
        self.listed.emit(self.entries())

    def preset(self, entry: PresetEntry) -> Preset | None:
        """Read a preset for its picture; None when it can't be read."""
        try:
            return self._library.read(entry)
        except PresetError:  # its entry says what is wrong with it
            return None

    def is_factory(self, name: str) -> bool:
        """Whether a preset came with Timbrepad, and can't be renamed or deleted."""
        return any(entry.name == name and entry.is_factory for entry in self.entries())

    def open(self, name: str) -> None:
        """Play a preset; a changed sound is kept aside, so that nothing is lost."""
        if self.trial.name == name and self.is_auditioning:
            self.keep()
        else:
            self._try(lambda: self._play(self._library.load(name)))

    def audition(self, name: str) -> None:
        """Try a preset; `go_back` brings back what sounds now, `keep` goes on with this one."""
        self._try(lambda: self._audition(self._library.load(name)))

    def audition_bred(self, preset: Preset) -> None:
        """Try a preset that is on no disk yet."""
        name = self._library.unique_name(preset.name)
        named = preset if name == preset.name else _renamed(preset, name)
        self._audition(named, is_saved=False)

    def go_back(self) -> None:
        """Bring back the sound from before the first that was tried, as it was."""
        self.trial.go_back()

    def keep(self) -> None:
        """Go on with the sound that is tried; a changed one from before is kept aside."""
        name = self.trial.name
        home = self.trial.end()
        if home is None:
            return
        if home.is_changed:
            self._keep_unsaved(home.preset)
        self._shelve(name)

    def toggle_favourite(self, name: str) -> None:
        """Make a preset a favourite, or no favourite any more."""
        if name:
            self._try(lambda: self._shelf.toggle(name))
            self.shelved.emit()

    def copy_text(self, name: str = "") -> None:
        """Put a preset on the clipboard as text; with no name what sounds now."""

        def copy(preset: Preset) -> None:
            QGuiApplication.clipboard().setText(encode_preset(preset).decode())
            self._bridge.say(f'"{preset.name}" is on the clipboard as text.', is_error=False)

        if name:
            self._try(lambda: copy(self._library.load(name)))
        else:
            self.ask_preset(copy)

    def paste_text(self) -> None:
        """Play the preset whose text is on the clipboard; it is on no disk until it is saved."""

        def work() -> None:
            preset = decode_pasted(QGuiApplication.clipboard().text())
            name = self._library.unique_name(preset.name.strip() or "Pasted")
            self._play(_renamed(preset, name), is_saved=False)

        self._try(work)

    def bred(self, breed: Callable[[], Sequence[Preset]]) -> tuple[Preset, ...]:
        """Breed; none when the parents are not akin, which is said."""
        children: tuple[Preset, ...] = ()

        def work() -> None:
            nonlocal children
            children = tuple(breed())

        self._try(work)
        return children

    def use_match(self, point: int, name: str, z: tuple[float, ...]) -> None:
        """Put a latent that was found for a recording on a point of the pad."""

        def put(preset: Preset) -> None:
            corners = list(preset.corners)
            corners[point] = msgspec.structs.replace(
                corners[point], name=name, z=z, timbre="", seed=None
            )
            self.trial.load(msgspec.structs.replace(preset, corners=tuple(corners)), is_saved=False)

        self.ask_preset(put)

    def open_neighbour(self, step: int) -> None:
        """Play the next (1) or the previous (-1) preset of the list."""
        self._try(
            lambda: self._play(self._library.load(self._library.neighbour(self.name, step).name))
        )

    def open_unsaved(self) -> None:
        """Go back to the changed sound that was left."""
        preset, self._unsaved = self._unsaved, None
        if preset is not None:
            self._play(preset, is_saved=False)

    def save(self, done: Callable[[], None] | None = None) -> None:
        """Save under the same name."""
        self._save(self._library.save, done)

    def save_as(self, name: str, done: Callable[[], None] | None = None) -> None:
        """Save under a new name."""
        self._save(lambda preset: self._library.save_as(preset, name), done)

    def rename(self, name: str, new_name: str) -> None:
        """Give a preset another name."""

        def work(old: str, new: str) -> None:
            entry = self._library.rename(old, new)
            self._shelf.renamed(old, entry.name)
            if old == self.name and not self.is_changed:
                self._bridge.ask(lambda instrument: instrument.mark_saved(entry.name))
            self.refresh()

        self._try_undoable(
            f"rename {name}", lambda: work(name, new_name), lambda: work(new_name.strip(), name)
        )

    def delete(self, name: str) -> None:
        """Delete a preset; `undelete` brings it back."""

        def work() -> None:
            self._library.delete(name)
            self.refresh()
            self._bridge.say(f'"{name}" is deleted. Undo brings it back.', is_error=False)

        self._try_undoable(f"delete {name}", work, self._undelete)

    def undelete(self) -> None:
        """Bring back what was deleted last."""
        self._try(self._undelete)

    def import_files(self, paths: list[str]) -> None:
        """Copy preset files and packs into the library, and play the last preset."""

        def work() -> None:
            entries: list[PresetEntry] = []
            for path in paths:
                if path.lower().endswith(PACK_SUFFIX):
                    entries += self._library.import_pack(Path(path))
                else:
                    entries.append(self._library.import_file(Path(path)))
            self.refresh()
            if entries:
                self.open(entries[-1].name)
            n = len(entries)
            if n != 1:
                words = f"{n} presets are new" if n else "All of them were here already"
                self._bridge.say(f"{words}.", is_error=False)

        if paths:
            self._try(work)

    def export_pack(self, path: str, names: Sequence[str] = ()) -> None:
        """Write presets as a pack; with no names all of the player's own."""

        def work() -> None:
            written = self._library.export_pack(names, Path(path))
            self._bridge.say(f"The pack is {written}.", is_error=False)

        self._try(work)

    def has_backup(self, name: str) -> bool:
        """Whether a preset can be as it was before it was last saved."""
        return self._library.has_backup(name)

    def revert(self, name: str) -> None:
        """Bring back what a preset was before it was last saved, and play it."""

        def work() -> None:
            self._library.revert(name)
            self.refresh()
            self._play(self._library.load(name))

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

    def _play(self, preset: Preset, *, is_saved: bool = True) -> None:
        home = self.trial.end()
        if home is None and self.is_changed:
            self.ask_preset(self._keep_unsaved)
        elif home is not None and home.is_changed:
            self._keep_unsaved(home.preset)
        self.trial.load(preset, is_saved=is_saved)
        if is_saved:
            self._shelve(preset.name)

    def _audition(self, preset: Preset, *, is_saved: bool = True) -> None:
        self.trial.play(preset, self.sounding(), is_saved=is_saved)

    def _shelve(self, name: str) -> None:
        """Note that a preset was opened, when the sound is on its way."""

        def work() -> None:
            self._try(lambda: self._shelf.opened(name))
            self.shelved.emit()

        QTimer.singleShot(0, self, work)

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

        def save(preset: Preset) -> None:
            self._try(lambda: written(preset))

        self._bridge.ask(lambda instrument: instrument.preset(), save)

    def _undelete(self) -> None:
        self._library.undelete()
        self.refresh()

    def _try_undoable(
        self, what: str, work: Callable[[], object], take_back: Callable[[], object]
    ) -> None:
        """Do something on disk; when it succeeds, tell how it can be undone."""
        if self._try(work):
            self.done.emit(what, lambda: self._try(take_back), lambda: self._try(work))

    def _try(self, work: Callable[[], object]) -> bool:
        try:
            work()
        except PresetError as error:
            self._bridge.say(str(error))
        except OSError as error:
            self._bridge.say(f"Your favourites could not be kept: {error.strerror}.")
        else:
            return True
        return False


def _renamed(preset: Preset, name: str) -> Preset:
    return msgspec.structs.replace(preset, name=name)
