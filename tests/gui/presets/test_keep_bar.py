"""Keeping a preset's keyboard from the window, by a command that says each step."""

import sys

import pytest

from gui.presets.keep_bar import KeepBar

SAY_ARGUMENTS = """
import os, sys
assert os.environ["TIMBREPAD_PROGRESS"] == "lines"
for step in (1, 2):
    print(f"{step}/2 {step} of 2 notes", file=sys.stderr, flush=True)
print(" ".join(sys.argv[1:]))
"""
FAIL = "import sys; sys.exit('There is no preset \"Ash\".')"
WAIT = "import sys, time; print('1/61 x', file=sys.stderr, flush=True); time.sleep(60)"


@pytest.fixture
def bar(qtbot):
    bars = []

    def bar(script):
        made = KeepBar((sys.executable, "-c", script))
        qtbot.addWidget(made)
        bars.append(made)
        return made

    yield bar
    for made in bars:
        made.put_away()


def test_the_command_keeps_at_the_rate_of_the_output(bar, qtbot):
    made = bar(SAY_ARGUMENTS)
    with qtbot.waitSignal(made.said) as said:
        made.keep("Cold celesta", 44100)
    assert said.args == ["presets keep Cold celesta --sample-rate 44100", False]
    assert made.isHidden()


def test_each_step_moves_the_bar(bar, qtbot):
    made = bar(SAY_ARGUMENTS)
    values = []
    made.bar.valueChanged.connect(values.append)
    with qtbot.waitSignal(made.ended):
        made.keep("Ash", 48000)
    assert values[-2:] == [1, 2]
    assert made.bar.maximum() == 2
    assert made.text.text() == "Keeping “Ash”: 2 of 2 notes"


def test_what_is_kept_can_be_forgotten(bar, qtbot):
    made = bar(SAY_ARGUMENTS)
    with qtbot.waitSignal(made.said) as said:
        made.forget("Ash")
    assert said.args == ["presets keep Ash --forget", False]


def test_a_failure_is_said_in_the_commands_words(bar, qtbot):
    made = bar(FAIL)
    with qtbot.waitSignal(made.said) as said:
        made.keep("Ash", 48000)
    assert said.args == ['There is no preset "Ash".', True]


def test_one_is_kept_at_a_time(bar, qtbot):
    made = bar(WAIT)
    made.keep("Ash", 48000)
    qtbot.waitUntil(lambda: made.bar.maximum() == 61)
    with qtbot.waitSignal(made.said) as said:
        made.keep("Birch", 48000)
    assert said.args[0].startswith('"Ash" is still being kept')


def test_it_can_be_stopped(bar, qtbot):
    made = bar(WAIT)
    made.keep("Ash", 48000)
    qtbot.waitUntil(lambda: made.bar.maximum() == 61)
    made.stop.click()
    assert not made.is_running
    assert made.isHidden()


def test_the_preset_menu_keeps_the_preset_that_is_open(window, instrument, qtbot):
    asked = []
    window.browser.keeping.keep = lambda *what: asked.append(what)
    qtbot.waitUntil(lambda: window.commands.action("keep_keyboard").isEnabled())
    texts = [action.text() for action in window.top.preset_menu().actions()]
    assert "Keep its keyboard rendered" in texts
    window.commands.run("keep_keyboard")
    assert asked == [("Reed into glass", 48000)]


def test_a_sound_that_is_on_no_disk_cannot_be_kept(open_window, instrument):
    instrument.change(preset_name="")
    window = open_window(instrument)
    assert not window.commands.action("keep_keyboard").isEnabled()
