"""Take the pictures in docs/pictures: the window, playing into a JACK server without a card.

With a folder of recordings as argument also those of the Train page, in a real training. With
`--notes` and a data set, those of the bundled model's notes, and recordings of them in docs/audio.
"""

import argparse
import contextlib
import os
import subprocess
import sys
from pathlib import Path

import rtmidi

from instrument.benchmarks.jack_dummy import JackServerError, jack_server

ROOT = Path(__file__).parents[1]
BLOCK = 1024  # frames; a machine that draws, renders and plays at once without a card drops none


def main() -> int:
    """Take the pictures; gives the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recordings", type=Path, nargs="?", metavar="RECORDINGS")
    parser.add_argument("--notes", type=Path, metavar="DATA")
    arguments = parser.parse_args()
    with contextlib.ExitStack() as stack:
        # Where there is no JACK the pictures say that there is no sound output.
        with contextlib.suppress(JackServerError):
            server = stack.enter_context(jack_server(BLOCK))
            os.environ.update(server.environment)
            keyboard = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name="Keyboard")
            keyboard.open_virtual_port("keys")
            stack.callback(keyboard.delete)
        commands = [["gui.pictures", "docs/pictures"]]
        if arguments.recordings:
            recordings = str(arguments.recordings.resolve())
            commands.append(["gui.training_pictures", recordings, "docs/pictures"])
        if arguments.notes:
            notes = str(arguments.notes.resolve())
            commands.append(["train.evaluation.showcase", "presets/models/draft", notes, "docs"])
        for command in commands:
            status = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, check=False)
            if status.returncode:
                return status.returncode
        return 0


if __name__ == "__main__":
    sys.exit(main())
