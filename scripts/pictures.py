"""Take the pictures in docs/pictures: the window, playing into a JACK server without a card."""

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import rtmidi

from instrument.jack_dummy import JackServerError, jack_server

ROOT = Path(__file__).parents[1]


def main() -> int:
    """Take the pictures; gives the exit status."""
    with contextlib.ExitStack() as stack:
        # Where there is no JACK the pictures say that there is no sound output.
        with contextlib.suppress(JackServerError):
            server = stack.enter_context(jack_server())
            os.environ.update(server.environment)
            keyboard = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name="Keyboard")
            keyboard.open_virtual_port("keys")
            stack.callback(keyboard.delete)
        command = [sys.executable, "-m", "gui.pictures", "docs/pictures"]
        return subprocess.run(command, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
