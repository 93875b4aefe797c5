import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import instrument
from instrument import client as client_module
from instrument import start_instrument
from instrument.client import InstrumentClient
from instrument.interface import InstrumentInterface
from instrument.options import InstrumentOptions
from instrument.presets.preset import Preset, PresetError
from instrument.remote import RemoteError
from instrument.values.events import NoteOn
from instrument.values.midi_map import Mapping, MidiMap, MidiMapError
from instrument.values.midi_source import Source

ROOT = Path(__file__).parents[2]


def until(condition, seconds=20.0):
    """Wait for a condition; gives whether it came."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.01)
    return False


def texts(client):
    return [notice.text for notice in client.status().notices]


@pytest.fixture
def start(monkeypatch):
    """Start clients of a pretended instrument in a process of its own."""

    def spawn():
        return subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("pretended_host.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )

    monkeypatch.setattr(client_module, "_spawn", spawn)
    started = []

    def start(**options):
        started.append(start_instrument(InstrumentOptions(**options)))
        return started[-1]

    yield start
    for client in started:
        client.close()


@pytest.fixture
def client(start):
    client = start(model="M")
    assert until(lambda: client.status().renderer == "ready")
    return client


def test_it_has_every_method_of_the_interface():
    names = {name for name in vars(InstrumentInterface) if not name.startswith("_")}
    assert names <= set(dir(InstrumentClient))


def test_it_says_that_the_instrument_is_starting_and_answers_meanwhile(start):
    client = start()
    assert client.status().audio.message == "The instrument is starting."
    assert client.timbres() == ()


def test_a_command_waits_for_the_start(start):
    client = start()
    client.load_preset(Preset(name="early"))
    assert client.preset().name == "early"


def test_events_results_and_options_cross(client):
    client.post(NoteOn(note=60, velocity=1))
    assert until(lambda: client.status().n_voices == 1)
    assert client.timbres()[0].z == (0.5, -1.0)
    assert client.audio_devices()[0].name == "M"
    assert client.note_wave(60).samples == b"\0" * 4
    assert client.note_wave(0) is None


@pytest.mark.parametrize(
    ("word", "error", "text"),
    [
        ("x", ValueError, "corner must be 0..3, not 5"),
        ("preset", PresetError, "a line about a preset"),
        ("odd", RemoteError, "odd"),
    ],
)
def test_an_error_is_raised_here_as_it_was_there(client, word, error, text):
    with pytest.raises(error, match=text.replace(".", r"\.")):
        client.set_corner(5, word)


def test_mappings_of_controllers_and_what_is_wrong_with_a_profile_cross(client):
    mapping = Mapping(source=Source("nrpn14", 300), target="cutoff", low=0.75, high=0.25)
    client.map_midi(mapping)
    assert until(lambda: client.status().midi_map == MidiMap(mappings=(mapping,)))
    with pytest.raises(MidiMapError, match="a line about desk"):
        client.load_midi_profile("desk")


def test_a_profile_is_asked_for_at_the_first_start_only(start, monkeypatch):
    monkeypatch.setattr(client_module, "STEADY_SECONDS", 0.0)
    client = start(midi_map="pan")  # the pretended instrument shows it as what it learns
    assert until(lambda: client.status().learning == "pan")
    with pytest.raises(RemoteError):
        client.set_corner(0, "crash")
    assert until(lambda: client.status().renderer == "ready" and not client.status().learning)


def test_notices_are_numbered_through(client):
    assert [(notice.id, notice.text) for notice in client.status().notices] == [(1, "welcome")]
    client.post(NoteOn(note=300, velocity=1))
    assert until(lambda: texts(client) == ["welcome", "no such note"])


def test_a_method_that_ends_the_process_is_an_error_and_no_hang(client):
    with pytest.raises(RemoteError, match="has stopped"):
        client.set_corner(0, "crash")


def test_after_a_crash_it_goes_on_with_the_sound_that_it_had(client, monkeypatch):
    monkeypatch.setattr(client_module, "STEADY_SECONDS", 0.0)
    client.load_preset(Preset(name="mine"))
    assert until(lambda: client._sound.name == "mine")
    former = client.process_id
    os.kill(former, signal.SIGKILL)
    assert until(lambda: client.process_id != former and client.status().renderer == "ready")
    assert until(lambda: client.status().preset_name == "mine")
    assert "started again" in texts(client)[1]
    ids = [notice.id for notice in client.status().notices]
    assert ids == sorted(set(ids))


def test_a_process_that_dies_at_once_is_not_started_for_ever(start):
    client = start(preset="die")
    assert until(lambda: client.status().renderer == "stopped")
    assert "keeps stopping" in texts(client)[-1]
    assert client.status().audio.running is False
    with pytest.raises(RemoteError, match="has stopped"):
        client.preset()
    client.post(NoteOn(note=60, velocity=1))  # goes nowhere, and that is all


def test_it_can_be_started_again_by_hand(client):
    client.load_preset(Preset(name="mine"))
    assert until(lambda: client._sound.name == "mine")
    with pytest.raises(RemoteError, match="is running"):
        client.restart()
    os.kill(client.process_id, signal.SIGKILL)
    assert until(lambda: client.status().renderer == "stopped")
    client.restart()
    assert until(lambda: client.status().preset_name == "mine")


def test_closing_ends_the_process(client):
    process = client._process
    client.close()
    assert process.returncode == 0
    client.close()


def test_a_process_that_hangs_is_ended(client, monkeypatch):
    monkeypatch.setattr(client_module, "CLOSE_SECONDS", 0.2)
    os.kill(client.process_id, signal.SIGSTOP)
    client.close()
    assert client._process.returncode is not None


def test_status_and_post_do_not_wait_for_a_process_that_hangs(client):
    os.kill(client.process_id, signal.SIGSTOP)
    for _ in range(500):
        client.post(NoteOn(note=60, velocity=1))
        client.status()
    os.kill(client.process_id, signal.SIGCONT)
    assert until(lambda: client.status().n_voices == 500)


def test_the_package_root_is_light():
    code = (
        "import sys, instrument;"
        "print([m for m in ('numba', 'torch', 'sounddevice', 'mido', 'numpy') if m in sys.modules])"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[]", done.stderr


def test_the_package_root_exports_what_it_says_once():
    assert len(set(instrument.__all__)) == len(instrument.__all__)
    assert all(hasattr(instrument, name) for name in instrument.__all__)
