"""A process that serves a pretended instrument; run by the tests of the client."""

import os
import sys
import time

from instrument.host import Host, take_standard_streams
from instrument.presets.preset import Preset, PresetError
from instrument.remote import Start
from instrument.values.midi_map import MidiMap, MidiMapError
from instrument.values.status import AudioDevice, NoteWave, Notice, Status, Timbre


class PretendedInstrument:
    """Remembers what it is told; some words make it fail."""

    def __init__(self, options):
        self.options = options
        self.events = []
        self.revision = 0
        self.sound = Preset(name="first")
        self.notices = [Notice(1, "welcome", False)]
        self.midi_map = MidiMap()
        self.closed = False

    def post(self, event):
        if getattr(event, "note", 0) > 127:
            raise ValueError("no such note")
        self.events.append(event)

    def notify(self, text, *, is_error=True):
        self.notices.append(Notice(len(self.notices) + 1, text, is_error))

    def status(self):
        return Status(
            notices=tuple(self.notices),
            n_voices=len(self.events),
            preset_name=self.sound.name,
            midi_map=self.midi_map,
            learning=self.options.midi_map,
            renderer="ready",
        )

    def timbres(self):
        return (Timbre("one", "string", (0.5, -1.0)),)

    def audio_devices(self):
        return (AudioDevice(self.options.model, "API", 2, 48000.0),)

    def note_wave(self, note):
        return NoteWave(note, b"\0" * 4, 48000.0) if note else None

    def preset(self):
        return self.sound

    def load_preset(self, preset):
        self.sound = preset
        self.revision += 1

    def map_midi(self, mapping):
        self.midi_map = self.midi_map.with_mapping(mapping)

    def load_midi_profile(self, name):
        raise MidiMapError(f"a line about {name}")

    def set_corner(self, index, timbre):
        if timbre == "crash":
            os._exit(3)
        if timbre == "slow":
            time.sleep(1.0)
        if timbre == "preset":
            raise PresetError("a line about a preset")
        if timbre == "odd":
            raise KeyError("odd")
        raise ValueError(f"corner must be 0..3, not {index}")

    def close(self):
        self.closed = True


def main():
    pipe = take_standard_streams()
    print("this must not get into the pipe")
    start = pipe.receive_request()
    assert isinstance(start, Start)
    if start.options.preset == "die":
        return 1
    Host(PretendedInstrument(start.options), pipe).serve()
    return 0


if __name__ == "__main__":
    sys.exit(main())
