"""A device that changes its rate, or goes and comes back: the sound is there within two seconds.

PortAudio is pretended, as in the tests of `audio`; the rest is the instrument's own.
"""

import numpy as np
import pytest

from instrument import instrument as instrument_module
from instrument.devices import audio, output
from instrument.devices.audio import open_stream
from instrument.devices.output import Output
from instrument.devices.rate_watch import WINDOW_SECONDS, RateWatch
from instrument.engine.endless import read_table
from instrument.engine.pool import NoteInfo
from instrument.notes.carried_notes import CarriedNotes
from instrument.notes.note_finish import SLOT_SECONDS, finish_note, texture_frames
from instrument.notes.renderer_protocol import RenderNote
from instrument.values.events import NoteOff, NoteOn
from instrument.values.status import AudioSettings
from tests.instrument.devices.test_audio import PretendedLibrary, device
from tests.instrument.rig import Rig, loudest_hz

BLOCKS = (32, 64, 100, 128, 441, 1024, 2048)
STEP_SECONDS = 0.05
LIMIT_SECONDS = 2.0
KEY = 57  # an A of 220 Hz


class Machine:
    """An instrument on a pretended sound system, and a clock for all of it."""

    def __init__(self, monkeypatch, folder):
        self.library = PretendedLibrary()
        self.library.apis = [{"name": "ALSA", "default_output_device": 0}]
        self.plug(48000.0)
        monkeypatch.setattr(audio, "_library", lambda: self.library)
        monkeypatch.setattr(audio, "_open_streams", set())
        monkeypatch.setattr(audio.time, "monotonic", lambda: self.rig.now)
        monkeypatch.setattr(output, "rate_of", audio.rate_of)
        monkeypatch.setattr(
            instrument_module, "Output", lambda say, clock: Output(say, clock, open_stream)
        )
        self.rig = Rig(folder)

    def start(self, **settings):
        self.instrument = self.rig.start(audio=AudioSettings(**settings))
        self.rig.settle(self.instrument)

    def unplug(self):
        self.library.streams[-1].running = False
        self.library.devices = []
        self.library.apis[0]["default_output_device"] = -1
        self.library.default.device = [-1, -1]

    def plug(self, rate, name="card"):
        self.library.devices = [device(name, 0, rate)]
        self.library.apis[0]["default_output_device"] = 0
        self.library.default.device = [-1, 0]

    def wait(self, seconds):
        for _ in range(round(seconds / STEP_SECONDS)):
            self.rig.now += STEP_SECONDS
            self.instrument.tick()
            # what copies notes runs on a thread of its own, and on no pretended clock
            self.instrument._supply._errands.submit(lambda: None).result()

    def seconds_to(self, happens):
        began = self.rig.now
        while not happens() and self.rig.now < began + 10:
            self.wait(STEP_SECONDS)
        return self.rig.now - began

    def heard_hz(self, block):
        """Play the key through the device's callback; 0.0 when nothing is heard."""
        stream = self.library.streams[-1]
        if not (stream.running and self.instrument.status().audio.running):
            return 0.0
        self.instrument.post(NoteOn(note=KEY, velocity=100))
        rate = self.instrument.engine.sample_rate
        out = np.concatenate([stream.ask(block) for _ in range(int(0.4 * rate) // block)])
        self.instrument.post(NoteOff(note=KEY))
        return loudest_hz(out) * rate / 48000 if np.abs(out).max() > 0.01 else 0.0


@pytest.fixture
def machine(monkeypatch, tmp_path):
    monkeypatch.setattr("importlib.resources.files", lambda _package: tmp_path / "bundled")
    machine = Machine(monkeypatch, tmp_path)
    yield machine
    machine.instrument.close()


@pytest.mark.parametrize("block", [32, 441, 2048])
def test_a_device_that_comes_back_at_another_rate_sounds_within_two_seconds(machine, block):
    machine.start(block=block)
    machine.rig.is_slow = True  # the new notes do not come in time
    machine.unplug()
    machine.wait(7.0)
    assert not machine.instrument.status().audio.running
    machine.plug(44100.0)
    seconds = machine.seconds_to(lambda: machine.heard_hz(block) > 0)
    assert seconds < LIMIT_SECONDS
    assert machine.instrument.status().audio.sample_rate == 44100.0
    assert machine.heard_hz(block) == pytest.approx(220, abs=3)


@pytest.mark.parametrize("rate", [22050.0, 192000.0])
def test_whatever_its_rate_it_plays_at_its_pitch(machine, rate):
    machine.start(block=256)
    machine.unplug()
    machine.wait(0.3)
    machine.plug(rate)
    assert machine.seconds_to(lambda: machine.heard_hz(256) > 0) < LIMIT_SECONDS
    assert machine.heard_hz(256) == pytest.approx(220, abs=3)


def test_where_the_default_device_has_gone_the_next_one_plays(machine):
    machine.start(block=128)
    machine.unplug()
    machine.plug(48000.0, name="headphones")
    assert machine.seconds_to(lambda: machine.heard_hz(128) > 0) < LIMIT_SECONDS
    assert machine.instrument.status().audio.device == "headphones"


def test_a_device_that_goes_without_a_word_is_noticed_and_opened_again(machine):
    machine.start(block=128)
    assert machine.heard_hz(128) > 0
    machine.wait(0.1)
    seconds = machine.seconds_to(lambda: len(machine.library.streams) > 1)
    machine.wait(STEP_SECONDS)
    assert seconds < LIMIT_SECONDS
    assert machine.heard_hz(128) == pytest.approx(220, abs=3)


def test_the_same_notes_are_made_anew_at_the_new_rate(machine):
    machine.start(block=128)
    machine.unplug()
    machine.wait(0.2)
    machine.plug(44100.0)
    machine.wait(0.5)
    machine.rig.settle(machine.instrument)
    status = machine.instrument.status()
    assert status.n_fresh == status.n_notes == 25


def pace(watch, rate, seconds, *, block=128, late=lambda _: 0.0):
    """Let a device ask for its blocks; gives when another rate was seen first, and which."""
    for number in range(int(seconds * rate / block)):
        now = number * block / rate + late(number)
        found = watch.look(now, number * block)
        if found is not None:
            return now, found
    return None


@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize(("opened", "runs"), [(48000.0, 44100.0), (44100.0, 96000.0)])
def test_another_pace_than_the_rate_is_seen_within_two_windows(block, opened, runs):
    seconds, rate = pace(RateWatch(opened), runs, 4.0, block=block)
    assert rate == runs
    assert seconds < 2 * WINDOW_SECONDS + 3 * block / runs


@pytest.mark.parametrize("block", BLOCKS)
def test_a_device_that_keeps_its_rate_is_left_alone(block):
    late = np.random.default_rng(0).exponential(0.002, 100_000)
    assert pace(RateWatch(48000.0), 48000.0, 30.0, block=block, late=late.__getitem__) is None


def test_a_machine_that_loses_time_is_not_taken_for_another_rate():
    random = np.random.default_rng(1)
    lost = np.cumsum(random.exponential(1.0, 20_000) * (random.random(20_000) < 0.02) * 0.1)
    assert pace(RateWatch(48000.0), 48000.0, 40.0, late=lost.__getitem__) is None


def test_a_carried_note_keeps_its_pitch_its_endless_part_and_its_ways_back():
    slot = np.zeros(round(SLOT_SECONDS * 48000), np.float32)
    job = RenderNote(1, "", b"", (1.0,), KEY, 1, 48000.0)
    seconds = np.arange(4 * 48000) / 48000
    wave = sum(0.2 / n * np.sin(2 * np.pi * 220 * n * seconds) for n in (1, 2, 3))
    info = finish_note(wave.astype(np.float32), 48000, job, 1.0, slot)
    out = np.zeros(round(SLOT_SECONDS * 44100), np.float32)
    carried = CarriedNotes({KEY: (info, slot)}, 44100.0).copy_note(KEY, 5, out)
    assert (carried.slot, carried.sample_rate, carried.gain) == (5, 44100.0, info.gain)
    assert carried.n_frames == pytest.approx(info.n_frames * 44100 / 48000, abs=1)
    former, table = read_table(slot), read_table(out)
    n_seams, _, shift, _ = map(int, table[:4])
    assert n_seams == former[0] >= 1
    for row in range(4, 4 + 3 * n_seams, 3):
        now, before = np.array(table[row : row + 3]), np.array(former[row : row + 3])
        assert np.abs(now[:2] - before[:2] * 44100 / 48000).max() < 0.51
        assert now[2] == pytest.approx(before[2])
    place = shift + (carried.loop_start + carried.loop_end) // 2
    texture = out[place : place + 8192, None]
    assert loudest_hz(texture) * 44100 / 48000 == pytest.approx(220, abs=6)
    assert shift + carried.loop_end <= carried.n_frames + texture_frames(carried)


def test_a_carried_note_that_does_not_fit_is_refused():
    info = NoteInfo(1, 48000, sample_rate=48000.0)
    carried = CarriedNotes({KEY: (info, np.zeros(48000, np.float32))}, 96000.0)
    with pytest.raises(ValueError, match="does not fit"):
        carried.copy_note(KEY, 1, np.zeros(48000, np.float32))
