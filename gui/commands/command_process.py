"""One run of the command line beside the window, at low priority, ended politely."""

import contextlib
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, Signal

from .led_command import KILL, STOP

COMMAND = (sys.executable, "-m", "timbrepad")
LOW_PRIORITY = 10  # what `nice` does without a number
END_MILLISECONDS = 20_000
LEADER = (sys.executable, "-m", "gui.commands.led_command")
NEEDS_LEADER = os.name == "nt"  # Windows has no SIGTERM


class CommandProcess(QObject):
    """Runs one command at a time; its output arrives whole at the end, its notices as they come.

    The command and its helpers give way to everything else. On Windows another process leads it
    (`led_command`), which can ask it to end.
    """

    noticed = Signal(str)
    ended = Signal(int, str, str)  # exit status (-1 when killed), stdout, last line of stderr

    def __init__(
        self,
        command: Sequence[str] = COMMAND,
        environment: Mapping[str, str] | None = None,
        parent: QObject | None = None,
        *,
        is_led: bool = NEEDS_LEADER,
    ) -> None:
        """Make one that runs nothing yet.

        Args:
            command: What every run begins with.
            environment: Variables that it gets beside the window's.
            parent: In Qt's tree.
            is_led: Whether it is asked to end through a process that leads it.
        """
        super().__init__(parent)
        self._is_led = is_led
        self._command = (*(LEADER if is_led else ()), *command)
        self._errors = b""
        self._last_line = ""
        self._process = QProcess(self)
        self._process.setWorkingDirectory(str(Path(__file__).parents[2]))
        variables = QProcessEnvironment.systemEnvironment()
        for name, value in (environment or {}).items():
            variables.insert(name, value)
        self._process.setProcessEnvironment(variables)
        self._process.started.connect(self._give_way)
        self._process.readyReadStandardError.connect(self._read_errors)
        self._process.finished.connect(self._finish)
        self._process.errorOccurred.connect(self._fail_to_start)

    @property
    def is_running(self) -> bool:
        """Whether a command runs."""
        return self._process.state() != QProcess.ProcessState.NotRunning

    @property
    def pid(self) -> int:
        """The number of the process, 0 without one."""
        return self._process.processId()

    def start(self, *arguments: str) -> None:
        """Run the command with these arguments; `ended` says how it went."""
        self._errors, self._last_line = b"", ""
        program, *first = self._command
        self._process.start(program, [*first, *arguments])

    def ask_to_end(self) -> None:
        """Ask it to save and end; a second time ends it at once."""
        if self._is_led:
            self._wish(STOP)
        else:
            self._process.terminate()

    def end(self) -> None:
        """End it, politely while that takes no longer than a while; no signal follows."""
        if not self.is_running:
            return
        self.blockSignals(True)
        self.ask_to_end()
        if not self._process.waitForFinished(END_MILLISECONDS):
            self._kill()
            self._process.waitForFinished(END_MILLISECONDS)
        self.blockSignals(False)

    def _wish(self, what: str) -> None:
        self._process.write(f"{what}\n".encode())

    def _kill(self) -> None:
        if self._is_led:
            self._wish(KILL)  # or only its leader would go
            if self._process.waitForFinished(END_MILLISECONDS):
                return
        self._process.kill()

    def _give_way(self) -> None:
        # At once, while there is a single thread: what it starts later inherits it.
        if hasattr(os, "setpriority"):
            with contextlib.suppress(OSError):  # it has ended already
                os.setpriority(os.PRIO_PROCESS, self.pid, LOW_PRIORITY)

    def _read_errors(self) -> None:
        self._errors += bytes(self._process.readAllStandardError().data())
        *lines, self._errors = self._errors.split(b"\n")
        for line in lines:
            self._notice(line)

    def _notice(self, line: bytes) -> None:
        text = line.decode(errors="replace").strip()
        if text:
            self._last_line = text
            self.noticed.emit(text)

    def _finish(self, code: int, status: QProcess.ExitStatus) -> None:
        self._read_errors()
        self._notice(self._errors)
        output = bytes(self._process.readAllStandardOutput().data()).decode(errors="replace")
        crashed = status == QProcess.ExitStatus.CrashExit
        self.ended.emit(-1 if crashed else code, output, self._last_line)

    def _fail_to_start(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            line = f"{self._command[0]} could not be started: {self._process.errorString()}."
            self.ended.emit(-1, "", line)
