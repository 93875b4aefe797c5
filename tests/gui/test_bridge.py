import threading
import time

import pretend
import pytest

from gui.bridge import INTERVAL_MILLISECONDS, Bridge
from instrument import MovePad, NoteOn, RemoteError, SetParameter


@pytest.fixture
def bridge(qtbot, instrument):
    bridge = Bridge(lambda: instrument)
    bridge.begin()
    qtbot.waitUntil(lambda: bridge.state == "playing")
    bridge._timer.stop()  # the test polls by hand
    yield bridge
    bridge.end()


@pytest.fixture
def heard(bridge):
    """What the bridge's signals said since, as (name, value)."""
    said = []
    for name in (
        "audio_changed",
        "corners_changed",
        "freshness_changed",
        "gated_changed",
        "moved",
        "noticed",
        "parameter_changed",
        "preset_changed",
        "timing_changed",
    ):
        getattr(bridge, name).connect(lambda *values, name=name: said.append((name, *values)))
    return said


def test_a_status_that_did_not_change_says_nothing(bridge, heard):
    for _ in range(5):
        bridge.poll()
    assert heard == []


def test_only_what_changed_is_said(bridge, instrument, heard):
    gated = bytes(90 if note == 60 else 0 for note in range(128))
    instrument.change(gated=gated)
    bridge.poll()
    assert heard == [("gated_changed", gated)]


def test_one_parameter_is_said_by_its_name(bridge, instrument, heard):
    instrument.change(parameters={**instrument.now.parameters, "cutoff": 900.0})
    bridge.poll()
    assert heard == [("parameter_changed", "cutoff", 900.0)]


def test_a_status_older_than_the_hand_does_not_pull_the_pad_back(
    bridge, instrument, heard, monkeypatch
):
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now)
    bridge.post(MovePad(x=0.9, y=0.9))
    instrument.change(pad_x=0.5, pad_y=0.5)
    bridge.poll()
    assert not [name for name, *_ in heard if name == "moved"]


def test_what_others_moved_while_the_hand_was_on_it_is_shown_afterwards(
    bridge, instrument, heard, monkeypatch
):
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now)
    bridge.post(SetParameter(name="pan", value=0.5))
    instrument.change(parameters={**instrument.now.parameters, "pan": -1.0})
    bridge.poll()
    now += 1.0
    bridge.poll()
    assert [said for said in heard if said[0] == "parameter_changed"] == [
        ("parameter_changed", "pan", -1.0)
    ]


def test_a_notice_is_said_once(bridge, instrument, heard):
    instrument.notice("The disk is full.")
    bridge.poll()
    bridge.poll()
    assert heard == [("noticed", "The disk is full.", True)]


def test_the_status_is_read_at_most_thirty_times_a_second():
    assert 1000 / INTERVAL_MILLISECONDS <= 30


def test_only_the_timer_reads_the_status(window, instrument, qtbot, monkeypatch):
    window._bridge._timer.stop()
    n_before = instrument.n_status
    window.reroll_all.click()
    window._bridge.post(NoteOn(note=60, velocity=90))
    qtbot.waitUntil(lambda: instrument.called("reroll") != [])
    assert instrument.n_status == n_before


def test_a_question_is_asked_on_another_thread_and_answered_on_this_one(bridge, qtbot):
    threads = []
    bridge.ask(
        lambda _instrument: threads.append(threading.current_thread()),
        lambda _answer: threads.append(threading.current_thread()),
    )
    qtbot.waitUntil(lambda: len(threads) == 2)
    assert threads[0] is not threading.main_thread()
    assert threads[1] is threading.main_thread()


def test_an_error_of_the_instruments_becomes_a_notice(bridge, heard, qtbot):
    def fail(_instrument):
        raise ValueError("There is no corner 9.")

    bridge.ask(fail)
    qtbot.waitUntil(lambda: ("noticed", "There is no corner 9.", True) in heard)


def test_an_instrument_that_does_not_start_is_said_and_can_be_started_again(qtbot, instrument):
    attempts = []

    def start():
        attempts.append(1)
        if len(attempts) == 1:
            raise RemoteError("Could not start the instrument's process: out of memory.")
        return instrument

    bridge = Bridge(start)
    said = []
    bridge.noticed.connect(lambda text, _is_error: said.append(text))
    bridge.begin()
    qtbot.waitUntil(lambda: bridge.state == "stopped")
    assert said == ["Could not start the instrument's process: out of memory."]
    bridge.begin()
    qtbot.waitUntil(lambda: bridge.state == "playing")
    bridge.end()


def test_ending_closes_the_instrument(qtbot, instrument):
    bridge = Bridge(lambda: instrument)
    bridge.begin()
    qtbot.waitUntil(lambda: bridge.state == "playing")
    bridge.end()
    assert instrument.called("close") == [()]


def test_an_instrument_that_starts_after_the_end_is_closed(qtbot):
    instrument = pretend.PretendInstrument()
    go_on = threading.Event()

    def start():
        go_on.wait(10)
        return instrument

    bridge = Bridge(start)
    bridge.begin()
    threading.Timer(0.05, go_on.set).start()
    bridge.end()
    assert instrument.called("close") == [()]


def test_keys_from_outside_light_the_midi_lamp_and_the_windows_own_do_not(
    bridge, instrument, qtbot, monkeypatch
):
    lit = []
    bridge.midi_heard.connect(lambda: lit.append(1))
    bridge.post(NoteOn(note=60, velocity=90))
    bridge.poll()
    assert lit == []
    later = time.monotonic() + 1.0
    monkeypatch.setattr(time, "monotonic", lambda: later)
    instrument.change(gated=bytes(128))
    bridge.poll()
    assert lit == [1]
