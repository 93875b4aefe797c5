"""The file that keeps what sounds for the next session, and the first sound of this one."""

from collections.abc import Callable
from pathlib import Path

from instrument.presets.library import PresetLibrary
from instrument.presets.preset import Preset, PresetError, decode_preset, encode_preset
from instrument.storage.files import write_whole
from instrument.storage.paths import session_file, start_marker_file
from instrument.storage.start_guard import GOOD_START_SECONDS, StartGuard

SESSION_SECONDS = 5.0  # a sound that stays so long is kept for the next session


class Session:
    """Keeps the sound of a session, and guards the start against a file that crashes it.

    Attributes:
        kept_revision: Of the sound that the file holds.
    """

    def __init__(
        self, data: Path, *, remember: bool, notify: Callable[..., None], now: float
    ) -> None:
        """Take up where the last session ended; nothing is read yet.

        Args:
            data: Folder of the player's files.
            remember: Keep the sound, and guard the start.
            notify: Says a line to the player.
            now: On the clock of `look`.
        """
        self.kept_revision = 0
        self._file = session_file(data)
        self._sound_file = self._file  # that the first sound comes from
        self._remember = remember
        self._notify = notify
        self._guard = StartGuard(start_marker_file(data), data) if remember else None
        self._good_at = now + GOOD_START_SECONDS
        self._seen_revision = 0
        self._changed_at = now
        if self._guard is not None and (told := self._guard.set_aside()):
            notify(told)

    def opens(self, file: Path) -> None:
        """Mark a file as being opened: if the start ends with it, the next one does without."""
        if self._guard is not None:
            self._guard.opens(file)

    def opens_sound(self) -> None:
        """Mark the file of the first sound as being opened, until it has sounded for a while."""
        self.opens(self._sound_file)

    def first_preset(self, name: str, presets: PresetLibrary) -> Preset | None:
        """Give the preset that is asked for, else the last session's, else the library's first."""
        if name:
            self._sound_file = presets.file_of(name)
            self.opens(self._sound_file)
            try:
                return presets.load(name)
            except PresetError as error:
                self._notify(str(error))
        if self._remember:
            self.opens(self._file)
            try:
                return decode_preset(self._file.read_bytes(), f'"{self._file}"')
            except FileNotFoundError:
                pass  # the first session
            except (OSError, PresetError, UnicodeDecodeError) as error:
                self._notify(f"The sound of the last session is lost: {error}")
        entries = [entry for entry in presets.list() if not entry.problem]
        return presets.load(entries[0].name) if entries else None

    def begins(self, revision: int) -> None:
        """Note which revision the first sound is: it need not be kept."""
        self.kept_revision = self._seen_revision = revision

    def is_due(self, revision: int, now: float) -> bool:
        """Say whether a sound has stayed so long that it is to be kept; now and then."""
        if self._guard is not None and now > self._good_at:
            self.is_good()
        if revision != self._seen_revision:
            self._seen_revision, self._changed_at = revision, now
        is_new = self._seen_revision != self.kept_revision
        return is_new and now - self._changed_at > SESSION_SECONDS

    def keep(self, preset: Preset, revision: int) -> None:
        """Write what sounds for the next session."""
        self.kept_revision = revision
        if not self._remember or not preset.corners:
            return
        try:
            write_whole(self._file, encode_preset(preset))
        except OSError as error:
            self._notify(
                f"The sound could not be kept for the next session: {error.strerror}. "
                "Save it as a preset in another place."
            )

    def is_good(self) -> None:
        """The start was good, or has ended in good order."""
        if self._guard is not None:
            self._guard.is_good()
            self._guard = None
