"""A MIDI keyboard on a JACK server, a process of its own: RtMidi does not survive the server.

Each line on stdin is a message's bytes; the answer on stdout is when it was sent, on
time.monotonic. The first answer says that the port is there.
"""

import sys
import time

import rtmidi


def main() -> None:
    out = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name="Prelude")
    out.open_virtual_port("keys")
    print(time.monotonic(), flush=True)
    for line in sys.stdin:
        now = time.monotonic()
        out.send_message([int(word) for word in line.split()])
        print(now, flush=True)


if __name__ == "__main__":
    main()
