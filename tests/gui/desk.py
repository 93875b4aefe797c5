"""MIDI controllers for the tests of the window."""

from instrument import Mapping, MidiMap, Source

CUTOFF = Mapping(source=Source("cc", 20, 2), target="cutoff")
PAD = Mapping(source=Source("cc14", 8), target="pad_x", low=0.9, high=0.1, takeover=False)
NEXT = Mapping(source=Source("nrpn", 300, 0), target="next_preset")


def map_of(*mappings, name=""):
    midi_map = MidiMap(name=name)
    for mapping in mappings:
        midi_map = midi_map.with_mapping(mapping)
    return midi_map
