import importlib.util
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import msgspec
import pytest

from instrument import host
from instrument.client import _spawn
from instrument.host import Host
from instrument.interface import InstrumentInterface
from instrument.options import InstrumentOptions
from instrument.presets.preset import Preset
from instrument.remote import (
    METHODS,
    Call,
    Close,
    Failure,
    Pipe,
    Post,
    Result,
    Sound,
    Standing,
    Start,
    encode_value,
)
from instrument.values.events import MovePad, NoteOn
from instrument.values.status import AudioSettings

spec = importlib.util.spec_from_file_location(
    "pretended_host", Path(__file__).with_name("pretended_host.py")
)
pretended_host = importlib.util.module_from_spec(spec)
spec.loader.exec_module(pretended_host)


def pipe_pair():
    """Two ends of one pipe."""
    (read_a, write_a), (read_b, write_b) = os.pipe(), os.pipe()

    def end(reader, writer):
        return Pipe(os.fdopen(reader, "rb"), os.fdopen(writer, "wb"))

    return end(read_a, write_b), end(read_b, write_a)


class Rig:
    def __init__(self, marker=None):
        self.instrument = pretended_host.PretendedInstrument(InstrumentOptions())
        ours, self.pipe = pipe_pair()
        self.thread = threading.Thread(target=Host(self.instrument, ours, marker=marker).serve)
        self.thread.start()

    def answer(self, kind=(Result, Failure)):
        while not isinstance(answer := self.pipe.receive_answer(), kind):
            assert answer is not None
        return answer

    def call(self, method, *arguments):
        self.pipe.send(Call(7, method, encode_value(arguments)))
        answer = self.answer()
        assert answer.number == 7
        return answer


@pytest.fixture
def rig():
    rig = Rig()
    yield rig
    rig.pipe.close()
    rig.thread.join(10)
    assert not rig.thread.is_alive()
    assert rig.instrument.closed


def test_events_reach_the_instrument_in_order(rig):
    events = [NoteOn(note=60, velocity=100, time_seconds=1.5), MovePad(x=0.5, y=0.25)]
    for event in events:
        rig.pipe.send(Post(event))
    rig.call("timbres")
    assert rig.instrument.events == events


def test_an_event_that_is_refused_becomes_a_notice(rig):
    rig.pipe.send(Post(NoteOn(note=300, velocity=1)))
    while rig.answer(Standing).status.notices[-1].text != "no such note":
        pass


def test_a_method_gives_its_result(rig):
    answer = rig.call("timbres")
    assert METHODS["timbres"].result.decode(answer.value)[0].z == (0.5, -1.0)


@pytest.mark.parametrize(
    ("method", "arguments", "error", "text"),
    [
        ("set_corner", (9, "x"), "ValueError", "corner must be 0..3, not 9"),
        ("set_corner", (0, "preset"), "PresetError", "a line about a preset"),
        ("set_corner", (0, "odd"), "RemoteError", "'odd'"),
        ("set_corner", ("x", 0), "RemoteError", "Expected `int`"),
        ("set_corner", (1,), "RemoteError", "length"),
        ("no_such_method", (), "RemoteError", "no_such_method"),
        ("__init__", (), "RemoteError", "__init__"),
        ("close", (), "RemoteError", "close"),
    ],
)
def test_an_error_comes_back_with_its_class_and_line(rig, method, arguments, error, text):
    answer = rig.call(method, *arguments)
    assert isinstance(answer, Failure)
    assert answer.error == error
    assert text in answer.text


def test_events_do_not_wait_for_a_slow_method(rig):
    rig.pipe.send(Call(1, "set_corner", encode_value((0, "slow"))))
    rig.pipe.send(Post(NoteOn(note=60, velocity=100)))
    while rig.answer(Standing).status.n_voices == 0:
        pass
    assert isinstance(rig.answer(), Failure)  # only now


def test_the_sound_is_told_when_it_has_changed(rig):
    assert rig.answer(Sound).preset.name == "first"
    rig.call("load_preset", Preset(name="second"))
    assert rig.answer(Sound).preset.name == "second"


def test_it_ends_when_it_is_told_to(rig):
    rig.pipe.send(Close())
    rig.thread.join(10)
    assert rig.instrument.closed


class TestWindowGone:
    @pytest.fixture
    def marker(self, tmp_path, monkeypatch):
        monkeypatch.setattr(host, "PLAYED_SECONDS", 0.3)
        monkeypatch.setattr(host, "LOOK_SECONDS", 0.01)
        return tmp_path / "playing on"

    def lose_window_while_playing(self, marker):
        rig = Rig(marker)
        rig.pipe.send(Post(NoteOn(note=60, velocity=100)))
        while rig.answer(Standing).status.n_voices == 0:
            pass
        rig.pipe.close()
        return rig

    def test_what_is_played_goes_on_until_it_is_over(self, marker):
        rig = self.lose_window_while_playing(marker)
        while not marker.exists():
            assert rig.thread.is_alive()
        rig.thread.join(1.0)
        assert rig.thread.is_alive()
        assert not rig.instrument.closed
        rig.instrument.events.clear()  # nothing sounds any more
        rig.thread.join(10)
        assert rig.instrument.closed
        assert not marker.exists()

    def test_another_window_ends_it(self, marker):
        rig = self.lose_window_while_playing(marker)
        while not marker.exists():
            assert rig.thread.is_alive()
        marker.unlink()
        rig.thread.join(10)
        assert rig.instrument.closed

    def test_where_nobody_has_played_it_ends_at_once(self, marker, monkeypatch):
        monkeypatch.setattr(host, "PLAYED_SECONDS", 60.0)
        rig = Rig(marker)
        rig.answer(Standing)
        rig.pipe.close()
        rig.thread.join(10)
        assert rig.instrument.closed

    def test_a_window_that_is_closed_ends_what_sounds(self, marker):
        rig = Rig(marker)
        rig.pipe.send(Post(NoteOn(note=60, velocity=100)))
        rig.pipe.send(Close())
        rig.thread.join(10)
        rig.pipe.close()
        assert rig.instrument.closed

    def test_where_no_mark_can_be_made_it_ends(self, marker):
        rig = self.lose_window_while_playing(marker / "no such folder" / "mark")
        rig.thread.join(10)
        assert rig.instrument.closed


def test_rubbish_in_the_pipe_is_an_end_and_no_hang():
    ours, theirs = pipe_pair()
    theirs._writer.write(b"\xff\xff\xff\xff")
    theirs._writer.flush()
    assert ours.receive_request() is None
    ours.close()
    theirs.close()


def test_half_a_message_is_an_end():
    ours, theirs = pipe_pair()
    theirs._writer.write(b"\x10\0\0\0half")
    theirs.close()
    assert ours.receive_request() is None
    ours.close()


def test_every_method_of_the_interface_can_be_called():
    names = {name for name in vars(InstrumentInterface) if not name.startswith("_")}
    assert set(METHODS) == names - {"post", "status", "close"}
    settings = AudioSettings("x", 44100, 64)
    arguments = METHODS["open_audio"].arguments.decode(msgspec.msgpack.encode((settings,)))
    assert arguments == (settings,)


def test_the_real_process_starts_answers_and_ends_with_its_window(tmp_path):
    process = _spawn()
    pipe = Pipe(process.stdout, process.stdin)
    options = InstrumentOptions(
        audio=None, midi_port="", data_folder=str(tmp_path), cache_megabytes=64, remember=False
    )
    pipe.send(Start(options))
    while not isinstance(answer := pipe.receive_answer(), Standing):
        assert answer is not None
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    renderers = children.read_text().split() if children.exists() else []
    pipe.close()  # the window is gone
    assert process.wait(30) == 0
    deadline = time.monotonic() + 10
    while any(Path(f"/proc/{pid}").exists() for pid in renderers):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_the_host_loads_nothing_heavy_before_it_has_a_pipe():
    code = "import sys, instrument.host; print({'numba', 'torch', 'sounddevice'} & {*sys.modules})"
    command = [sys.executable, "-c", code]
    root = Path(__file__).parents[2]
    assert subprocess.check_output(command, cwd=root, text=True).strip() == "set()"


@pytest.mark.skipif(sys.platform == "win32", reason="its C library has no sleep")
def test_a_process_that_hangs_with_pythons_lock_in_its_hand_ends_in_time():
    code = """
import ctypes
from instrument import host
host.CLOSE_SECONDS = 0.2
host.end_in_time()
ctypes.PyDLL(None).sleep(60)  # PyDLL keeps the lock
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, timeout=30, check=False
    )
    assert done.returncode == 1
    assert b"Timeout" in done.stderr
