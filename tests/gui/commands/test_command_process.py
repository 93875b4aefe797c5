"""A command beside the window: asked to end, by a signal or through the process that leads it."""

import importlib
import io
import signal
import subprocess
import sys
import threading

import pytest

from gui.commands import led_command
from gui.commands.command_process import LEADER, CommandProcess

PYTHON = (sys.executable, "-c")
STOPPABLE = """
import signal, sys, time
def stop(*_):
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    print("saved", flush=True)
    if sys.argv[1] == "at once":
        sys.exit(3)
signal.signal(signal.SIGTERM, stop)
print("ready", file=sys.stderr, flush=True)
time.sleep(60)
time.sleep(60)
"""


@pytest.fixture(params=[False, True], ids=["alone", "led"])
def process(request, qapp):
    process = CommandProcess(PYTHON, is_led=request.param)
    yield process
    process.end()


@pytest.fixture
def ready(process, qtbot):
    """Run until it can be asked to stop."""

    def ready(how):
        with qtbot.waitSignal(process.noticed):
            process.start(STOPPABLE, how)
        return process

    return ready


def test_a_command_that_is_asked_to_end_ends_in_its_own_way(ready, qtbot):
    process = ready("at once")
    with qtbot.waitSignal(process.ended) as ended:
        process.ask_to_end()
    assert ended.args == [3, "saved\n", "ready"]


def test_a_second_time_ends_it_at_once(ready, qtbot):
    process = ready("slowly")
    process.ask_to_end()
    qtbot.waitUntil(lambda: process._process.bytesAvailable() > 0)
    with qtbot.waitSignal(process.ended) as ended:
        process.ask_to_end()
    assert ended.args[0] != 0
    assert ended.args[1] == "saved\n"


def test_what_does_not_end_is_killed_without_a_word(ready, qtbot, monkeypatch):
    monkeypatch.setattr("gui.commands.command_process.END_MILLISECONDS", 300)
    process = ready("slowly")
    with qtbot.assertNotEmitted(process.ended):
        process.end()
    assert not process.is_running


def test_a_status_and_a_last_line_come_through(process, qtbot):
    with qtbot.waitSignal(process.ended) as ended:
        process.start("import sys; print('all'); sys.exit('wrong')")
    assert ended.args == [1, "all\n", "wrong"]


def test_a_program_that_is_not_there_is_a_line(qtbot):
    for is_led in (False, True):
        process = CommandProcess(("/no/program",), is_led=is_led)
        with qtbot.waitSignal(process.ended) as ended:
            process.start()
        assert ended.args[0] != 0
        assert "could not be started: " in ended.args[2]


def test_a_command_whose_window_is_gone_is_asked_to_end():
    leader = subprocess.Popen(
        [*LEADER, *PYTHON, STOPPABLE, "at once"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert leader.stdin is not None
    assert leader.stderr is not None
    assert leader.stderr.readline() == b"ready\n"
    output, _ = leader.communicate()  # closes its stdin, as the end of the window does
    assert (leader.returncode, output) == (3, b"saved\n")


def test_on_windows_a_group_of_its_own_is_asked_by_its_console(monkeypatch):
    """With that system's names and a pretended process: there is no such console here."""
    asked: list[object] = []
    wishes = threading.Event()

    class Pretended:
        def __init__(self, command, *, stdin, creationflags):
            asked.append((command, creationflags))

        def send_signal(self, number):
            asked.append(number)
            if len(asked) == 4:
                wishes.set()

        def kill(self):
            asked.append("kill")

        def wait(self):
            assert wishes.wait(5)
            return 0

    monkeypatch.setattr(signal, "CTRL_BREAK_EVENT", 1, raising=False)
    monkeypatch.setattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0x200, raising=False)
    monkeypatch.setattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0x4000, raising=False)
    try:
        leader = importlib.reload(led_command)
        monkeypatch.setattr(subprocess, "Popen", Pretended)
        assert leader.main(["train"], io.StringIO("stop\nkill\n")) == 0
    finally:
        monkeypatch.undo()
        importlib.reload(led_command)
    assert asked == [(["train"], 0x4200), 1, "kill", 1]
