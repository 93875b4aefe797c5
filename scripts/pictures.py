"""Take the pictures in docs/pictures: the window, playing into a JACK server without a card.

With a folder of recordings as argument also those of the Train page, in a real training.
"""

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
        commands = [["gui.pictures", "docs/pictures"]]
        commands += [
            ["gui.training_pictures", str(Path(recordings).resolve()), "docs/pictures"]
            for recordings in sys.argv[1:2]
        ]
        for command in commands:
            status = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, check=False)
            if status.returncode:
                return status.returncode
        return 0


if __name__ == "__main__":
    sys.exit(main())
