"""The instrument as a window holds it: a process of its own, and the methods to call there."""

import contextlib
import itertools
import os
import subprocess
import sys
import threading
import time
from collections import deque
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import msgspec

from instrument.presets.preset import Preset
from instrument.values.events import AnyEvent
from instrument.values.midi_map import Mapping
from instrument.values.status import (
    AudioDevice,
    AudioSettings,
    AudioStatus,
    ModelInfo,
    NoteWave,
    Notice,
    RecordSettings,
    Status,
    Timbre,
)

from .options import InstrumentOptions
from .remote import (
    ERRORS,
    METHODS,
    Answer,
    Call,
    Close,
    Failure,
    Pipe,
    Post,
    RemoteError,
    Result,
    Sound,
    Standing,
    Start,
    encode_value,
)

CALL_SECONDS = 20.0
START_SECONDS = 120.0  # the first start on a machine compiles the engine
CLOSE_SECONDS = 5.0
STEADY_SECONDS = 10.0  # a process that has played so long is started again by itself
N_NOTICES = 20
STOPPED = "The instrument has stopped. Try once more in a moment, or start Timbrepad anew."

_ANSWERS_BEFORE_START = ("timbres", "audio_devices", "midi_ports", "midi_profiles", "models")


class InstrumentClient:
    """Passes the methods of `InstrumentInterface` to the instrument's process.

    `status` and `post` never wait. If the process dies it is started again with the sound that it
    had; if it dies again at once, a notice says so and `restart` tries once more.

    One thread of its own reads what the process sends.
    """

    def __init__(self, options: InstrumentOptions) -> None:
        """Start the process; use `start_instrument`."""
        self._options = options
        self._lock = threading.Lock()  # around the process and the calls that wait
        self._numbers = itertools.count(1)
        self._waiting: dict[int, Future[bytes]] = {}
        self._notices: deque[Notice] = deque(maxlen=N_NOTICES)
        self._notice_ids = itertools.count(1)
        self._closing = False
        # Written by the reader thread only.
        self._status = Status(audio=AudioStatus(message="The instrument is starting."))
        self._sound: Preset | None = None
        self._heard_notice = 0
        self._standing = False
        self._playing_since = 0.0
        self._start()

    def post(self, event: AnyEvent) -> None:
        """Play: hand an event on; it is lost while the process is not there."""
        try:
            self._pipe.send(Post(event))
        except OSError:  # the reader thread sees it, too, and says so
            return

    def status(self) -> Status:
        """Say how everything stood a thirtieth of a second ago at most."""
        return self._status

    def timbres(self) -> tuple[Timbre, ...]:
        """List the named timbres of the model that plays, or that is being loaded."""
        return self._call("timbres")

    def set_corner(self, index: int, timbre: str) -> None:
        """Put a named timbre on a point; ValueError if there is no such point or timbre."""
        self._call("set_corner", index, timbre)

    def reroll(self, index: int | None = None) -> None:
        """Draw a new latent for one point, or for every point that is not locked."""
        self._call("reroll", index)

    def lock_corner(self, index: int, locked: bool) -> None:
        """Lock a point against re-rolling and moving, or unlock it."""
        self._call("lock_corner", index, locked)

    def rename_point(self, index: int, name: str) -> None:
        """Call a point otherwise; ValueError if there is no such point, or the name is none."""
        self._call("rename_point", index, name)

    def add_point(self, x: float, y: float, timbre: str = "") -> None:
        """Put one more point on the pad; ValueError if it is full, or there is no such timbre."""
        self._call("add_point", x, y, timbre)

    def remove_point(self, index: int) -> None:
        """Take a point off the pad; ValueError if there is no such point, or it is the last."""
        self._call("remove_point", index)

    def use_corners(self, is_wanted: bool) -> None:
        """Let four points stand in the corners, or weigh by nearness; ValueError if not four."""
        self._call("use_corners", is_wanted)

    def preset(self) -> Preset:
        """Give what sounds now as a preset."""
        return self._call("preset")

    def load_preset(self, preset: Preset) -> None:
        """Take over a preset."""
        self._call("load_preset", preset)

    def mark_saved(self, name: str) -> None:
        """Note that what sounds now is on disk under this name."""
        self._call("mark_saved", name)

    def mark_changed(self) -> None:
        """Note that what sounds now is not on disk."""
        self._call("mark_changed")

    def audio_devices(self) -> tuple[AudioDevice, ...]:
        """List the outputs; empty when there is none."""
        return self._call("audio_devices")

    def open_audio(self, settings: AudioSettings) -> None:
        """Open an output in place of the present one; on failure the notice says what to do."""
        self._options = msgspec.structs.replace(self._options, audio=settings)
        self._call("open_audio", settings)

    def midi_ports(self) -> tuple[str, ...]:
        """List the MIDI inputs that are there now."""
        return self._call("midi_ports")

    def open_midi(self, name: str) -> None:
        """Listen to one port by name, to all with "*", to none with ""."""
        self._options = msgspec.structs.replace(self._options, midi_port=name)
        self._call("open_midi", name)

    def learn_midi(self, target: str) -> None:
        """Bind the next MIDI controller that moves to a target; "" waits for none."""
        self._call("learn_midi", target)

    def map_midi(self, mapping: Mapping) -> None:
        """Set a mapping; ValueError if something in it is not possible."""
        self._call("map_midi", mapping)

    def forget_midi(self, target: str) -> None:
        """Take a target's MIDI controller away; "" takes all."""
        self._call("forget_midi", target)

    def midi_profiles(self) -> tuple[str, ...]:
        """List the profiles of MIDI controllers by name."""
        return self._call("midi_profiles")

    def load_midi_profile(self, name: str) -> None:
        """Take over a profile of MIDI controllers; MidiMapError if it can't be read."""
        self._call("load_midi_profile", name)

    def save_midi_profile(self, name: str) -> None:
        """Write the present map as a profile; MidiMapError if it can't be written."""
        self._call("save_midi_profile", name)

    def delete_midi_profile(self, name: str) -> None:
        """Delete a profile of MIDI controllers; MidiMapError if it can't be deleted."""
        self._call("delete_midi_profile", name)

    def test_sound(self) -> None:
        """Play a short test sound that needs no model."""
        self._call("test_sound")

    def play_file(self, path: str) -> None:
        """Play a recording once, beside what sounds; ValueError if it can't be read."""
        self._call("play_file", path)

    def start_recording(self, settings: RecordSettings) -> None:
        """Record from now on; RecordError if that is not possible."""
        self._call("start_recording", settings)

    def stop_recording(self) -> None:
        """End the recording; a notice says where it is."""
        self._call("stop_recording")

    def models(self) -> tuple[ModelInfo, ...]:
        """List the models that can be opened."""
        return self._call("models")

    def load_model(self, name: str) -> None:
        """Open another model by name or path; ModelLibraryError if there is none."""
        self._call("load_model", name)
        self._options = msgspec.structs.replace(self._options, model=name)

    def follow_run(self, folder: str) -> None:
        """Open each model that a training run publishes from now on; "" follows none."""
        self._call("follow_run", folder)
        self._options = msgspec.structs.replace(self._options, follow=folder)

    def note_wave(self, note: int) -> NoteWave | None:
        """Give the rendered wave of a note for a picture, or None when there is none."""
        return self._call("note_wave", note)

    def close(self) -> None:
        """Stop the sound, the ports and the renderer, and wait for the process to end."""
        self._closing = True
        with contextlib.suppress(OSError):  # it has gone already
            self._pipe.send(Close())
        try:
            self._process.wait(CLOSE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(CLOSE_SECONDS)

    def restart(self) -> None:
        """Start the process again after it has ended, with the sound that it had."""
        if self._process.poll() is None:
            raise RemoteError("The instrument is running; there is nothing to restart.")
        self._reader.join(CLOSE_SECONDS)
        self._start()

    @property
    def process_id(self) -> int:
        """Of the instrument's process."""
        return self._process.pid

    def _start(self) -> None:
        self._standing = False
        self._heard_notice = 0
        self._process = _spawn()
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        self._pipe = Pipe(stdout, stdin)  # type: ignore[arg-type]
        self._reader = threading.Thread(
            target=self._read, args=(self._process, self._pipe), name="instrument", daemon=True
        )
        with contextlib.suppress(OSError):  # it died at once; the reader thread sees it
            self._pipe.send(Start(self._options))
            if self._sound is not None:  # no thread waits for this one's answer
                arguments = encode_value((self._sound,))
                self._pipe.send(Call(next(self._numbers), "load_preset", arguments))
        # once it plays, what was learned since is on disk: another start shall find that
        self._options = msgspec.structs.replace(self._options, midi_map="")
        self._reader.start()

    def _call(self, method: str, *arguments: object) -> Any:
        """Call a method in the process and wait for its result.

        Raises:
            RemoteError: If the process is not there or does not answer.
            Exception: What the method raised, as in `ERRORS`.
        """
        if method in _ANSWERS_BEFORE_START and not self._standing:
            return ()
        number, answer = next(self._numbers), Future[bytes]()
        seconds = CALL_SECONDS if self._standing else START_SECONDS
        with self._lock:
            self._waiting[number] = answer
        try:
            self._pipe.send(Call(number, method, encode_value(arguments)))
            return METHODS[method].result.decode(answer.result(seconds))
        except TimeoutError as error:
            raise RemoteError(
                f"The instrument has not answered for {seconds:.0f} s. Try again, or close "
                "Timbrepad and start it anew."
            ) from error
        except OSError as error:
            raise RemoteError(STOPPED) from error
        finally:
            with self._lock:
                self._waiting.pop(number, None)

    def _read(self, process: "subprocess.Popen[bytes]", pipe: Pipe) -> None:
        """Take what the process sends until it ends; on the reader thread."""
        while (answer := pipe.receive_answer()) is not None:
            self._take(answer)
        process.wait()
        pipe.close()
        with self._lock:
            waiting, self._waiting = self._waiting, {}
        for future in waiting.values():
            future.set_exception(RemoteError(STOPPED))
        if not self._closing:
            self._ended()

    def _take(self, answer: Answer) -> None:
        match answer:
            case Standing(status=status):
                if not self._standing:
                    self._standing, self._playing_since = True, time.monotonic()
                for notice in status.notices:
                    if notice.id > self._heard_notice:
                        self._heard_notice = notice.id
                        self._add_notice(notice.text, is_error=notice.is_error)
                self._status = msgspec.structs.replace(status, notices=tuple(self._notices))
            case Sound(preset=preset):
                self._sound = preset
            case Failure(number=0, text=text):
                self._say(text)
            case Result(number=number, value=value):
                self._answer(number).set_result(bytes(value))
            case Failure(number=number, error=error, text=text):
                self._answer(number).set_exception(ERRORS.get(error, RemoteError)(text))

    def _answer(self, number: int) -> "Future[bytes]":
        """Give the future that waits for an answer; one that nobody reads when none does."""
        with self._lock:
            return self._waiting.pop(number, None) or Future()

    def _ended(self) -> None:
        """The process has ended unasked; on the reader thread."""
        steady = self._standing and time.monotonic() - self._playing_since > STEADY_SECONDS
        self._standing = False
        self._status = msgspec.structs.replace(
            self._status,
            audio=AudioStatus(message="The instrument has stopped."),
            midi_inputs=(),
            renderer="restarting" if steady else "stopped",
            gated=bytes(128),
            n_voices=0,
        )
        if steady:
            self._say("The instrument had stopped; it has been started again with its sound.")
            self._start()
        else:
            self._say("The instrument keeps stopping. Close Timbrepad and try: timbrepad doctor")

    def _say(self, text: str) -> None:
        self._add_notice(text, is_error=True)
        self._status = msgspec.structs.replace(self._status, notices=tuple(self._notices))

    def _add_notice(self, text: str, *, is_error: bool) -> None:
        self._notices.append(Notice(next(self._notice_ids), text, is_error))


def start_instrument(options: InstrumentOptions | None = None) -> InstrumentClient:
    """Start the instrument in a process of its own; returns before it plays.

    Raises:
        RemoteError: If the process can't be started.
    """
    try:
        return InstrumentClient(options or InstrumentOptions())
    except OSError as error:
        raise RemoteError(f"Could not start the instrument's process: {error.strerror}.") from error


def _spawn() -> "subprocess.Popen[bytes]":
    """Start the instrument's process; what it prints goes to our terminal."""
    root = str(Path(__file__).resolve().parents[1])  # where the packages lie, installed or not
    paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "instrument.host"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )
