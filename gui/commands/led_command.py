"""`python -m gui.led_command COMMAND...`: runs a command that is asked to stop through its stdin.

Windows has no SIGTERM. What can be asked there is a process group, by an event of the console
that it shares with who asks; a window has no console. So this process stands between the two.
Each line of its stdin is a wish: "stop", as Ctrl-C is, or "kill". When its stdin ends, the
window is gone, and that is a wish to stop, too. Elsewhere it does the same with SIGTERM.
"""

import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import TextIO

STOP, KILL = "stop", "kill"

_FLAGS = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)  # the event is for it alone
_FLAGS |= getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0)  # it gives way to the sound
_ASK: int = getattr(signal, "CTRL_BREAK_EVENT", signal.SIGTERM)
_FAILED = 1


def main(command: Sequence[str], wishes: TextIO) -> int:
    """Run a command to its end; gives its exit status, above 0 where a signal ended it."""
    try:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, creationflags=_FLAGS)
    except OSError as error:
        sys.stderr.write(f"{command[0]} could not be started: {error.strerror}.\n")
        return _FAILED
    threading.Thread(target=_obey, args=(process, wishes), daemon=True).start()
    status = process.wait()
    return status if status >= 0 else _FAILED


def _obey(process: subprocess.Popen[bytes], wishes: TextIO) -> None:
    for line in wishes:
        if line.strip() == KILL:
            process.kill()
        else:
            process.send_signal(_ASK)
    process.send_signal(_ASK)  # where it has ended already, nothing is sent


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], sys.stdin))
