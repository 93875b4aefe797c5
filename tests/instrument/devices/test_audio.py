import ctypes
import sys
import threading
import time

import numpy as np
import pytest

from instrument.devices import audio
from instrument.devices.audio import DeviceError, find_device, list_outputs, open_stream, rate_of
from instrument.engine.engine import Engine
from instrument.engine.pool import NoteInfo
from instrument.values.events import NoteOn
from instrument.values.status import AudioDevice, AudioSettings
from tests.instrument.playing import RATE, steady_note


class PortAudioError(Exception):
    pass


class PretendedStream:
    """Takes what PortAudio takes, and calls the callback by its address when told to."""

    def __init__(self, library, **options):
        self.library, self.options = library, options
        self.latency, self.running, self.closed = 0.005, False, False
        if library.open_error:
            raise PortAudioError(*library.open_error)
        library.streams.append(self)

    def start(self):
        if self.library.start_error:
            raise PortAudioError(*self.library.start_error)
        self.running = True

    @property
    def active(self):
        if self.library.is_down:
            raise PortAudioError("the server is gone", -9986)
        return self.running

    def abort(self):
        if self.library.hangs:
            threading.Event().wait()
        self.running = False

    def close(self):
        self.closed = True

    def ask(self, n_frames):
        arguments = [ctypes.c_void_p] * 2 + [ctypes.c_ulong, ctypes.c_void_p, ctypes.c_ulong]
        callback = ctypes.CFUNCTYPE(ctypes.c_int, *arguments, ctypes.c_void_p)(
            self.options["callback"]
        )
        out, time_info = np.zeros((n_frames, 2), np.float32), (ctypes.c_double * 3)()
        callback(
            None,
            out.ctypes.data,
            n_frames,
            ctypes.addressof(time_info),
            0,
            self.options["userdata"],
        )
        return out


def device(name, api, rate=48000.0, channels=2):
    return {
        "name": name,
        "hostapi": api,
        "max_output_channels": channels,
        "default_samplerate": rate,
    }


class PretendedLibrary:
    """As much of sounddevice as is used."""

    PortAudioError = PortAudioError

    def __init__(self):
        self.apis = [
            {"name": "ALSA", "default_output_device": 1},
            {"name": "JACK Audio Connection Kit", "default_output_device": 3},
        ]
        self.devices = [
            device("Microphone", 0, channels=0),
            device("HDA Intel: ALC287", 0, 44100.0),
            device("Scarlett 2i2 USB", 0),
            device("system", 1),
        ]
        self.default = type("Default", (), {"device": [-1, 1]})()
        self.streams, self.open_error, self.start_error, self.hangs = [], None, None, False
        self.check_error, self.restarts, self.is_down = None, 0, False
        self._ffi = type("Ffi", (), {"cast": staticmethod(lambda _kind, address: address)})()
        self._lib = "the first PortAudio"

    def query_hostapis(self):
        return self.apis

    def query_devices(self):
        return self.devices

    def check_output_settings(self, **options):
        if self.check_error:
            raise PortAudioError(*self.check_error)

    def _StreamBase(self, **options):  # sounddevice's name
        return PretendedStream(self, **options)

    def _terminate(self):
        self.restarts += 1

    def _initialize(self):
        pass

    def _exit_handler(self):
        pass


@pytest.fixture
def library(monkeypatch):
    library = PretendedLibrary()
    monkeypatch.setattr(audio, "_library", lambda: library)
    monkeypatch.setattr(audio, "_open_streams", set())
    monkeypatch.setattr(audio, "_given_up", [])
    monkeypatch.setattr(audio, "CLOSE_SECONDS", 0.05)
    monkeypatch.setattr(audio, "MOVES_SECONDS", 0.02)
    return library


@pytest.fixture
def make_engine(note_pool):
    return lambda rate: Engine(rate, note_pool)


OUTPUTS = [
    (4, AudioDevice("Built-in", "ALSA", 2, 44100.0)),
    (5, AudioDevice("Scarlett 2i2 USB", "ALSA", 2, 48000.0, is_default=True)),
    (7, AudioDevice("Scarlett 2i2 USB", "JACK", 2, 48000.0)),
    (9, AudioDevice("Scarlett 2i2 USB Monitor", "JACK", 2, 48000.0)),
]


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("", 5),
        ("Built-in", 4),
        ("built-IN", 4),
        ("scarlett", 5),
        ("Scarlett 2i2 USB, JACK", 7),
        ("JACK: Scarlett 2i2 USB", 7),
        ("monitor", 9),
    ],
)
def test_an_output_is_found_by_its_name_or_a_part_of_it(name, index):
    assert find_device(name, OUTPUTS)[0] == index


def test_without_a_default_the_first_output_is_it():
    assert find_device("", OUTPUTS[:1])[0] == 4


def test_an_unknown_output_is_answered_with_the_nearest_names():
    with pytest.raises(DeviceError, match=r'no sound output "Scarlet 2i4".*"Scarlett 2i2 USB"'):
        find_device("Scarlet 2i4", OUTPUTS)


def test_where_there_is_no_output_the_error_says_what_to_do():
    with pytest.raises(DeviceError, match=r"There is no sound output\. Plug one in"):
        find_device("", [])


def test_outputs_are_listed_with_their_sound_system_and_without_inputs(library):
    outputs = list_outputs()
    assert [(o.name, o.host_api, o.is_default) for o in outputs] == [
        ("HDA Intel: ALC287", "ALSA", True),
        ("Scarlett 2i2 USB", "ALSA", False),
        ("system", "JACK Audio Connection Kit", False),
    ]


def test_where_the_first_sound_system_is_empty_the_next_ones_output_is_the_default(library):
    library.default.device = [-1, -1]
    library.apis[0]["default_output_device"] = -1
    assert [o.name for o in list_outputs() if o.is_default] == ["system"]


@pytest.mark.parametrize(
    ("platform", "advice"),
    [
        ("linux", "apt-get install libportaudio2"),
        ("darwin", "brew install portaudio"),
        ("win32", "pip"),
    ],
)
def test_without_portaudio_the_error_names_the_package(monkeypatch, platform, advice):
    def fail(_name):
        raise OSError("PortAudio library not found")

    monkeypatch.setattr(audio.importlib, "import_module", fail)
    monkeypatch.setattr(sys, "platform", platform)
    with pytest.raises(DeviceError, match=advice):
        list_outputs()


@pytest.mark.parametrize(
    ("asked", "rate"), [(AudioSettings(), 44100.0), (AudioSettings("system", 96000), 96000.0)]
)
def test_the_rate_is_the_one_asked_for_else_the_devices_own(library, make_engine, asked, rate):
    assert rate_of(asked) == rate
    stream = open_stream(asked, make_engine)
    assert stream.engine.sample_rate == rate
    assert library.streams[0].options["samplerate"] == rate
    stream.close()


def test_a_stream_pulls_the_engine(library, make_engine, note_pool):
    stream = open_stream(AudioSettings("scarlett", block=256), make_engine)
    note_pool.write(1, steady_note(60))
    stream.engine.publish(60, NoteInfo(1, RATE))
    stream.engine.post(NoteOn(note=60, velocity=100))
    pretended = library.streams[0]
    assert pretended.running
    assert pretended.options["blocksize"] == 256
    assert pretended.options["device"] == 2
    assert pretended.ask(256).any()
    assert stream.engine.n_blocks == 1
    stream.close()
    assert pretended.closed


def test_the_status_says_what_is_open(library, make_engine):
    stream = open_stream(AudioSettings("scarlett", block=64), make_engine)
    status = stream.status
    assert (status.running, status.device, status.host_api) == (True, "Scarlett 2i2 USB", "ALSA")
    assert (status.sample_rate, status.block, status.latency_seconds) == (48000.0, 64, 0.005)
    assert status.message == ""
    stream.close()
    assert not stream.alive


def test_a_stream_that_asks_for_no_more_blocks_is_dead(library, make_engine, monkeypatch):
    monkeypatch.setattr(audio, "ALIVE_SECONDS", 0.05)
    stream = open_stream(AudioSettings(), make_engine)
    library.streams[0].ask(64)
    assert stream.alive
    time.sleep(0.1)
    library.streams[0].ask(64)
    assert stream.alive
    time.sleep(0.1)
    assert not stream.alive
    assert "has stopped" in stream.status.message
    stream.close()


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        (-9985, "it is in use by another program"),
        (-9996, "it is gone"),
        (-9997, "does not run at 44100 Hz. Its own rate is 44100 Hz"),
        (-9998, "no stereo output"),
        (-9991, "a block of 128 frames is too large"),
        (-9999, r"refused it \(Unanticipated host error\)"),
        (-1, "Unanticipated host error. Choose another output"),
    ],
)
@pytest.mark.parametrize("place", ["check_error", "open_error", "start_error"])
def test_what_portaudio_refuses_is_one_line_that_helps(library, make_engine, code, advice, place):
    setattr(library, place, ("Unanticipated host error", code))
    with pytest.raises(
        DeviceError, match=f'Could not open "HDA Intel: ALC287": .*{advice}'
    ) as caught:
        open_stream(AudioSettings(), make_engine)
    assert "\n" not in str(caught.value)
    assert not audio._open_streams


def test_opening_looks_for_new_devices_unless_a_stream_is_open(library, make_engine):
    first = open_stream(AudioSettings(), make_engine)
    assert library.restarts == 1
    second = open_stream(AudioSettings("scarlett"), make_engine)
    assert library.restarts == 1
    first.close()
    second.close()
    assert audio.refresh_outputs()
    assert library.restarts == 2


def test_a_stream_that_cannot_be_closed_is_given_up(library, make_engine):
    stream = open_stream(AudioSettings(), make_engine)
    library.hangs = True
    assert not stream.close()
    assert audio._given_up == [stream]
    assert not audio._open_streams


def test_a_stream_whose_jack_server_died_is_not_touched(library, make_engine):
    stream = open_stream(AudioSettings("system"), make_engine)
    assert not stream.close()
    assert not library.streams[0].closed
    assert library.streams[0].running


def test_after_a_stream_was_given_up_the_next_gets_a_portaudio_of_its_own(
    library, make_engine, monkeypatch
):
    stream = open_stream(AudioSettings("system"), make_engine)
    stream.close()
    loaded = []
    library._ffi.dlopen = lambda path: loaded.append(path) or "the second PortAudio"
    original = audio.Path(__file__)
    monkeypatch.setattr(audio, "_file_of_loaded", lambda _name: original)
    open_stream(AudioSettings(), make_engine).close()
    assert library._lib == "the second PortAudio"
    assert audio._given_up == [stream, "the first PortAudio"]
    assert len(loaded) == 1
    assert library.restarts == 1  # the first PortAudio is not ended: that would hang


@pytest.mark.parametrize("sign", ["running", "is_down"])
def test_a_stream_that_portaudio_takes_for_ended_is_dead_at_once(library, make_engine, sign):
    stream = open_stream(AudioSettings("system"), make_engine)
    library.streams[0].ask(64)
    assert stream.alive
    library.streams[0].running = sign != "running"
    library.is_down = sign == "is_down"
    assert not stream.alive
    stream.close()


def test_closing_twice_does_nothing(library, make_engine):
    stream = open_stream(AudioSettings(), make_engine)
    assert stream.close()
    assert stream.close()
