import contextlib
import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import mido
import pytest
import rtmidi

from instrument.midi import midi
from instrument.midi.midi import CLOCK_SECONDS, ECHO_SECONDS, RETRY_SECONDS, MidiInputs
from instrument.midi.midi_messages import MessageParser, event_of
from instrument.values.events import (
    AllNotesOff,
    ChannelPressure,
    ContinueSong,
    ControlChange,
    KeyPressure,
    LocateSong,
    MidiClock,
    NoteOff,
    NoteOn,
    Panic,
    PitchBend,
    ProgramChange,
    StartSong,
    StopSong,
)


def events(data):
    return [event_of(message, 1.0) for message in MessageParser().feed(bytes.fromhex(data))]


class TestMessages:
    @pytest.mark.parametrize(
        ("data", "event"),
        [
            ("90 3C 40", NoteOn(note=60, velocity=64, time_seconds=1.0)),
            ("9F 00 7F", NoteOn(note=0, velocity=127, channel=15, time_seconds=1.0)),
            ("90 3C 00", NoteOff(note=60, time_seconds=1.0)),
            ("80 3C 11", NoteOff(note=60, velocity=17, time_seconds=1.0)),
            ("B0 40 7F", ControlChange(controller=64, value=127, time_seconds=1.0)),
            ("B3 01 05", ControlChange(controller=1, value=5, channel=3, time_seconds=1.0)),
            ("B0 79 00", ControlChange(controller=121, value=0, time_seconds=1.0)),
            ("B0 78 00", Panic(time_seconds=1.0)),
            ("B0 7B 00", AllNotesOff(time_seconds=1.0)),
            ("B0 7C 00", AllNotesOff(time_seconds=1.0)),
            ("B0 7E 01", ControlChange(controller=126, value=1, time_seconds=1.0)),
            ("D2 40", ChannelPressure(value=64, channel=2, time_seconds=1.0)),
            ("A0 3C 40", KeyPressure(note=60, value=64, time_seconds=1.0)),
            ("E0 00 40", PitchBend(value=0.0, time_seconds=1.0)),
            ("E0 00 00", PitchBend(value=-1.0, time_seconds=1.0)),
            ("E2 7F 7F", PitchBend(value=1.0, channel=2, time_seconds=1.0)),
            ("C0 05", ProgramChange(program=5, time_seconds=1.0)),
            ("FF", Panic(time_seconds=1.0)),
            ("F8", MidiClock(time_seconds=1.0)),
            ("FA", StartSong(time_seconds=1.0)),
            ("FB", ContinueSong(time_seconds=1.0)),
            ("FC", StopSong(time_seconds=1.0)),
            ("F2 05 01", LocateSong(sixteenths=133, time_seconds=1.0)),
        ],
    )
    def test_each_message_becomes_its_event(self, data, event):
        assert events(data) == [event]

    @pytest.mark.parametrize("data", ["FE"])
    def test_what_the_instrument_has_no_use_for_is_no_event(self, data):
        assert events(data) == [None]

    def test_pitch_bend_uses_all_fourteen_bits(self):
        one_up, one_down = events("E0 01 40 E0 7F 3F")
        assert one_up.value == pytest.approx(1 / 8191)
        assert one_down.value == pytest.approx(-1 / 8192)

    def test_every_channel_plays(self):
        data = " ".join(f"9{channel:X} 3C 40" for channel in range(16))
        assert [event.channel for event in events(data)] == list(range(16))


class TestParser:
    def test_data_without_a_status_belongs_to_the_last_status(self):
        notes = events("90 3C 40 40 40 3C 00")
        assert notes == [
            NoteOn(note=60, velocity=64, time_seconds=1.0),
            NoteOn(note=64, velocity=64, time_seconds=1.0),
            NoteOff(note=60, time_seconds=1.0),
        ]

    def test_running_status_holds_across_messages_and_deliveries(self):
        parser = MessageParser()
        assert parser.feed([0x90, 60]) == []
        assert [m.note for m in parser.feed([64, 62, 64, 64])] == [60, 62]
        assert [m.note for m in parser.feed([64])] == [64]

    def test_a_clock_inside_a_note_breaks_neither(self):
        types = [m.type for m in MessageParser().feed(bytes.fromhex("90 F8 3C FE 40 F8 3E 40"))]
        assert types == ["clock", "active_sensing", "note_on", "clock", "note_on"]

    def test_system_exclusive_ends_the_running_status(self):
        assert events("90 3C 40 F0 7E 7F 06 01 F7 3C 40 80 3C 40") == [
            NoteOn(note=60, velocity=64, time_seconds=1.0),
            None,
            NoteOff(note=60, time_seconds=1.0),
        ]

    def test_a_stream_that_begins_in_the_middle_waits_for_a_status(self):
        assert events("3C 40 40 C0 07") == [ProgramChange(program=7, time_seconds=1.0)]

    @pytest.mark.parametrize("data", ["F1 20", "F2 01 02", "F3 01", "F4", "F5 01", "F6", "F9"])
    def test_system_messages_leave_no_note_behind(self, data):
        assert NoteOn not in {type(event) for event in events(data)}

    def test_any_bytes_give_only_messages(self):
        messages = MessageParser().feed(random.Random(1).randbytes(20000))
        assert len(messages) > 1000
        assert all(isinstance(message, mido.Message) for message in messages)


class FakeMidiIn:
    """RtMidi's client over a pretended system: a list of sources and who listens to them."""

    sources: list[str]
    missing_apis: set[int]
    busy: set[str]
    everyone: list["FakeMidiIn"]

    def __init__(self, api, name):
        if api in self.missing_apis:
            raise rtmidi.SystemError("no such system")
        self.open, self.callback = None, None
        self.everyone.append(self)

    def ignore_types(self, sysex, timing):
        self.takes_sysex, self.takes_clock = not sysex, not timing

    def set_callback(self, callback):
        self.callback = callback

    def cancel_callback(self):
        self.callback = None

    def get_ports(self):
        return list(self.sources)

    def open_port(self, index, name):
        if self.sources[index] in self.busy:
            raise rtmidi.SystemError("busy")
        self.open = self.sources[index]

    def open_virtual_port(self, name):
        self.open = f"virtual {name}"

    def close_port(self):
        self.open = None

    def delete(self):
        self.everyone.remove(self)

    @classmethod
    def send(cls, source, data):
        for client in list(cls.everyone):
            if client.open == source and client.callback:
                client.callback((list(bytes.fromhex(data)), 0.0), None)


@pytest.fixture
def system(monkeypatch):
    monkeypatch.setattr(rtmidi, "MidiIn", FakeMidiIn)
    FakeMidiIn.sources, FakeMidiIn.missing_apis = ["Keys:Keys 24:0", "Pads:Pads 28:0"], set()
    FakeMidiIn.busy, FakeMidiIn.everyone = set(), []
    return FakeMidiIn


class Rig:
    """Inputs on a clock that stands still until it is moved."""

    def __init__(self, apis=(rtmidi.API_LINUX_ALSA,)):
        self.now, self.got = 100.0, []
        self.inputs = MidiInputs(self.got.append, clock=lambda: self.now, apis=apis)

    def listen(self, name):
        self.inputs.listen(name)
        self.inputs.poll()
        return self.inputs.connected


class TestPorts:
    def test_nothing_is_open_before_the_first_poll(self, system):
        rig = Rig()
        rig.inputs.listen("*")
        assert (rig.inputs.connected, system.everyone) == ((), [])

    def test_names_are_shown_without_the_number_that_changes_with_the_plug(self, system):
        rig = Rig()
        rig.listen("")
        assert rig.inputs.ports() == ("Keys:Keys", "Pads:Pads")

    def test_two_keyboards_of_one_make_can_be_told_apart(self, system):
        system.sources = ["Keys:Keys 24:0", "Keys:Keys 28:0"]
        rig = Rig()
        assert rig.listen("*") == ("Keys:Keys", "Keys:Keys 2")

    @pytest.mark.parametrize(
        ("asked", "connected"),
        [
            ("*", ("Keys:Keys", "Pads:Pads")),
            ("Pads:Pads", ("Pads:Pads",)),
            ("pads", ("Pads:Pads",)),
            ("", ()),
        ],
    )
    def test_all_one_or_no_port_is_listened_to(self, system, asked, connected):
        assert Rig().listen(asked) == connected

    def test_an_event_has_the_time_when_it_came(self, system):
        rig = Rig()
        rig.listen("*")
        rig.now = 123.5
        system.send("Keys:Keys 24:0", "90 3C 40")
        assert rig.got == [NoteOn(note=60, velocity=64, time_seconds=123.5)]

    def test_another_choice_closes_the_former(self, system):
        rig = Rig()
        rig.listen("Keys:Keys")
        rig.listen("Pads:Pads")
        system.send("Keys:Keys 24:0", "90 3C 40")
        assert rig.got == []

    def test_other_programs_can_connect_to_a_port_named_timbrepad(self, system):
        rig = Rig()
        rig.listen("")
        system.send("virtual Timbrepad", "90 3C 40")
        assert [event.note for event in rig.got] == [60]

    def test_a_system_without_virtual_ports_still_listens(self, system):
        system.sources = ["Keys 0"]
        rig = Rig((rtmidi.API_WINDOWS_MM,))
        assert rig.listen("*") == ("Keys",)

    def test_a_keyboard_plugged_in_later_plays(self, system):
        system.sources = []
        rig = Rig()
        rig.listen("*")
        system.sources = ["Late:Late 32:0"]
        assert rig.inputs.poll()
        assert rig.inputs.connected == ("Late:Late",)

    def test_a_keyboard_pulled_out_is_gone_and_its_client_closed(self, system):
        rig = Rig()
        rig.listen("Keys:Keys")
        system.sources = ["Pads:Pads 28:0"]
        assert rig.inputs.poll()
        assert rig.inputs.connected == ()
        assert [client.open for client in system.everyone] == ["virtual Timbrepad"]

    def test_a_keyboard_put_back_under_another_number_plays_again(self, system):
        rig = Rig()
        rig.listen("Keys:Keys")
        system.sources = ["Keys:Keys 40:0"]
        rig.inputs.poll()
        system.send("Keys:Keys 40:0", "90 3C 40")
        assert [event.note for event in rig.got] == [60]

    def test_nothing_changes_while_nothing_changes(self, system):
        rig = Rig()
        rig.listen("*")
        clients = list(system.everyone)
        assert not rig.inputs.poll()
        assert system.everyone == clients

    def test_a_port_that_is_not_there_is_named_with_those_that_are(self, system):
        rig = Rig()
        rig.listen("Organ")
        assert '"Organ"' in rig.inputs.message
        assert '"Keys:Keys", "Pads:Pads"' in rig.inputs.message

    def test_a_busy_port_says_so_and_is_tried_again(self, system):
        rig = Rig()
        system.busy = {"Keys:Keys 24:0"}
        assert rig.listen("*") == ("Pads:Pads",)
        assert 'Could not open the MIDI input "Keys:Keys"' in rig.inputs.message
        system.busy = set()
        rig.inputs.poll()
        assert rig.inputs.connected == ("Pads:Pads",)
        rig.now += RETRY_SECONDS
        rig.inputs.poll()
        assert set(rig.inputs.connected) == {"Keys:Keys", "Pads:Pads"}
        assert rig.inputs.message == ""

    def test_the_second_system_is_taken_where_the_first_is_not_there(self, system):
        system.missing_apis = {rtmidi.API_LINUX_ALSA}
        rig = Rig((rtmidi.API_LINUX_ALSA, rtmidi.API_WINDOWS_MM))
        assert len(rig.listen("*")) == 2

    def test_a_system_that_comes_later_is_found_within_two_seconds(self, system):
        system.missing_apis = {rtmidi.API_LINUX_ALSA}
        rig = Rig()
        assert rig.listen("*") == ()
        assert "no MIDI" in rig.inputs.message
        system.missing_apis = set()
        rig.inputs.poll()
        assert rig.inputs.connected == ()
        rig.now += RETRY_SECONDS
        rig.inputs.poll()
        assert len(rig.inputs.connected) == 2
        assert rig.inputs.message == ""

    def test_reopening_listens_to_the_same_again(self, system):
        rig = Rig()
        rig.listen("Pads:Pads")
        rig.inputs.reopen()
        assert system.everyone == []
        rig.inputs.poll()
        assert rig.inputs.connected == ("Pads:Pads",)

    def test_closing_leaves_no_client(self, system):
        rig = Rig()
        rig.listen("*")
        rig.inputs.close()
        assert system.everyone == []


class TestEcho:
    def test_a_keyboard_wired_twice_plays_once(self, system):
        rig = Rig()
        rig.listen("*")
        for data in ("90 3C 40", "90 40 40", "80 3C 40"):
            system.send("Keys:Keys 24:0", data)
            system.send("virtual Timbrepad", data)
            rig.now += 0.02
        assert [type(event) for event in rig.got] == [NoteOn, NoteOn, NoteOff]

    def test_one_keyboard_may_repeat_itself_as_fast_as_it_can(self, system):
        rig = Rig()
        rig.listen("*")
        for _ in range(3):
            system.send("Keys:Keys 24:0", "90 3C 40")
        assert len(rig.got) == 3

    def test_two_keyboards_may_play_the_same_note_one_after_the_other(self, system):
        rig = Rig()
        rig.listen("*")
        system.send("Keys:Keys 24:0", "90 3C 40")
        rig.now += 2 * ECHO_SECONDS
        system.send("Pads:Pads 28:0", "90 3C 40")
        assert len(rig.got) == 2


class TestClock:
    def test_one_input_at_a_time_gives_the_clock(self, system):
        rig = Rig()
        rig.listen("*")
        for _ in range(4):
            system.send("Keys:Keys 24:0", "F8")
            rig.now += 0.01
            system.send("Pads:Pads 28:0", "F8")
            rig.now += 0.01
        assert len(rig.got) == 4
        rig.now += 2 * CLOCK_SECONDS
        system.send("Pads:Pads 28:0", "F8")
        assert len(rig.got) == 5

    def test_a_clock_between_two_copies_of_a_note_does_not_hide_that_they_are_copies(self, system):
        rig = Rig()
        rig.listen("*")
        system.send("Keys:Keys 24:0", "90 3C 40")
        system.send("Keys:Keys 24:0", "F8")
        system.send("virtual Timbrepad", "90 3C 40")
        assert [type(event) for event in rig.got] == [NoteOn, MidiClock]

    def test_the_inputs_let_clocks_through(self, system):
        rig = Rig()
        rig.listen("*")
        assert all(client.takes_clock for client in system.everyone)


@pytest.fixture
def children():
    """Start programs that end with the test."""
    started = []

    def start(command):
        quiet = subprocess.DEVNULL
        started.append(subprocess.Popen(command, stdout=quiet, stderr=quiet))
        return started[-1]

    yield start
    for child in started:
        child.kill()
        child.wait()


@pytest.fixture
def jack(monkeypatch, children):
    """Start a JACK server of our own, as often as wanted."""
    if not shutil.which("jackd"):
        pytest.skip("jackd is not installed")
    name = f"midi{os.getpid()}"
    monkeypatch.setenv("JACK_DEFAULT_SERVER", name)
    monkeypatch.setenv("JACK_NO_START_SERVER", "1")
    command = ["jackd", "-R", "-n", name, "-d", "dummy", "-r", "48000", "-p", "256"]
    free_the_places_of_killed_servers()
    yield lambda: children(command)
    # a server that was killed holds one of JACK's eight places until one of its name ends well
    last = children(command)
    time.sleep(0.5)
    last.terminate()
    last.wait(timeout=5)


def free_the_places_of_killed_servers():
    """Forget the servers that JACK counts when none of them runs any more."""
    if "jack-shm-registry" in Path("/proc/self/maps").read_text():
        return  # libjack in this process would keep to the list that the next server won't see
    running = set()
    for path in Path("/proc").glob("[0-9]*/comm"):
        with contextlib.suppress(OSError):  # it has just ended
            running.add(path.read_text().strip())
    if not running & {"jackd", "jackdmp", "jackdbus"}:
        for path in Path("/dev/shm").glob("jack-shm-registry"):
            path.unlink()


def until(condition, seconds=10.0):
    """Wait for a condition; gives whether it came."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


KEYBOARD = """
import rtmidi, time
out = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name="keyboard")
out.open_virtual_port("out")
while True:
    out.send_message([0x90, 60, 64])
    time.sleep(0.02)
"""


@pytest.mark.skipif(
    rtmidi.API_UNIX_JACK not in rtmidi.get_compiled_api(), reason="RtMidi without JACK"
)
def test_jack_may_come_late_and_be_killed_and_come_back(jack, monkeypatch, children):
    monkeypatch.setattr(midi, "RETRY_SECONDS", 0.1)
    got = []
    inputs = MidiInputs(got.append, apis=[rtmidi.API_UNIX_JACK])
    inputs.listen("*")
    inputs.poll()
    assert "no MIDI" in inputs.message
    for _ in range(3):
        server = jack()
        assert until(lambda: inputs.poll() and not inputs.message)
        keyboard = children([sys.executable, "-c", KEYBOARD])
        assert until(lambda: inputs.poll() or inputs.connected)
        assert inputs.connected == ("keyboard:out",)
        assert until(lambda: got)
        server.kill()
        server.wait()
        assert until(lambda: inputs.poll() and inputs.message)
        assert inputs.connected == ()
        keyboard.kill()
        got.clear()
    inputs.close()


@pytest.mark.skipif(
    rtmidi.API_UNIX_JACK not in rtmidi.get_compiled_api(), reason="RtMidi without JACK"
)
def test_a_jack_server_that_starts_during_a_try_is_not_used_unwatched(jack, monkeypatch):
    watch, tries = midi.JackShutdown, []

    def not_yet_at_the_first_try():
        tries.append(1)
        if len(tries) == 1:
            raise ConnectionError
        return watch()

    monkeypatch.setattr(midi, "RETRY_SECONDS", 0.1)
    monkeypatch.setattr(midi, "JackShutdown", not_yet_at_the_first_try)
    server = jack()
    inputs = MidiInputs(lambda _event: None, apis=[rtmidi.API_UNIX_JACK])
    assert until(lambda: inputs.poll() and inputs.message)
    assert until(lambda: inputs.poll() and not inputs.message)
    server.kill()
    server.wait()
    assert until(lambda: inputs.poll() and inputs.message)
    inputs.close()
