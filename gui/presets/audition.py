"""Sounds that are only tried: the one from before stays at hand, and a note makes them heard."""

from PySide6.QtCore import QObject, QTimer, Signal

from gui.bridge import Bridge
from instrument import NoteOff, NoteOn, Preset

TRY_NOTE, TRY_VELOCITY = 60, 96
TRY_MILLISECONDS = 900


class Home:
    """The sound that comes back after others were tried.

    Attributes:
        preset: As far as the window knows it, until the instrument has told it whole.
        is_changed: Whether it was not as on disk.
    """

    def __init__(self, preset: Preset, *, is_changed: bool) -> None:
        self.preset = preset
        self.is_changed = is_changed

    def take(self, whole: Preset) -> None:
        """Put the whole sound in the place of what the window knew of it."""
        self.preset = whole


class Audition(QObject):
    """Plays what is tried.

    Attributes:
        home: What comes back; None while nothing is tried.
        name: What is tried; "" for nothing.
    """

    tried = Signal(str)

    def __init__(self, bridge: Bridge, parent: QObject) -> None:
        super().__init__(parent)
        self.home: Home | None = None
        self.name = ""
        self._bridge = bridge
        self._note_end = QTimer(self)
        self._note_end.setSingleShot(True)
        self._note_end.setInterval(TRY_MILLISECONDS)
        self._note_end.timeout.connect(self.end_note)

    def play(self, preset: Preset, sounding: Preset, *, is_saved: bool) -> None:
        """Try a sound; with the first one `sounding` becomes what comes back."""
        if self.home is None:
            self.home = Home(sounding, is_changed=self._bridge.status.preset_changed)
            self._bridge.ask(lambda instrument: instrument.preset(), self.home.take)
        self.load(preset, is_saved=is_saved)
        self._tell(preset.name)
        if self._note_end.isActive():
            self._note_end.start()  # the note goes on, with the new sound
        elif not any(self._bridge.status.gated):
            self._bridge.post(NoteOn(note=TRY_NOTE, velocity=TRY_VELOCITY))
            self._note_end.start()

    def end(self) -> Home | None:
        """Let what is tried stay; give what would have come back."""
        home, self.home = self.home, None
        if home is not None:
            self._tell("")
        return home

    def go_back(self) -> None:
        """Bring back the sound from before the first that was tried, as it was."""
        home = self.end()
        if home is not None:
            # asked after the sound itself, which may still be on its way
            self._bridge.ask(
                lambda _instrument: None,
                lambda _none: self.load(home.preset, is_saved=not home.is_changed),
            )

    def load(self, preset: Preset, *, is_saved: bool) -> None:
        """Play a sound; one that is on no disk is marked as changed."""
        self._bridge.ask(lambda instrument: instrument.load_preset(preset))
        if not is_saved:
            self._bridge.ask(lambda instrument: instrument.mark_changed())

    def end_note(self) -> None:
        """Let go of the key that made the sound heard."""
        self._bridge.post(NoteOff(note=TRY_NOTE))

    def _tell(self, name: str) -> None:
        self.name = name
        self.tried.emit(name)
