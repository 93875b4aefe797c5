"""How events and notes cross to the audio thread: a ring and a mailbox for each key, no locks.

One producer (whoever posts holds a lock), one consumer. A record is written first and published
after: an event by its sequence number, a note by a generation that is odd while it is written.
"""

import numpy as np
from numpy.typing import NDArray

from .kernels import Record, fence, kernel

RING_SIZE = 4096
N_NOTES = 128
N_BOXES = (
    2 * N_NOTES
)  # of a layer: what new strikes of each key play, then what held notes go on with
N_CHANNELS = 16

NOTE_ON, NOTE_OFF, PEDAL, CONTROL, KEY_PRESSURE, RESET, ZONES = range(7)
ALL_NOTES_OFF, PANIC, TEST_TONE, CLIP, GLIDE_FROM = range(7, 12)
BEND, PRESSURE, SLIDE, EXPRESSION, BREATH = range(5)  # what a CONTROL moves
N_CONTROLS = 5
SUSTAIN, SOSTENUTO, SOFT = range(3)  # what a PEDAL is
N_PEDALS = 3

event_dtype = np.dtype(
    [
        ("sequence", np.int64),  # its place in the stream of events, from 1; published last
        ("kind", np.int64),  # NOTE_ON .. CLIP
        ("number", np.int64),  # note; control; pedal; members of the lower zone; slot of a clip
        ("channel", np.int64),
        # velocity; place of a control or pedal; members of the upper zone; frames of a clip
        ("value", np.float64),
        ("time_seconds", np.float64),  # 0: at once
        ("frame", np.int64),  # of the engine at which it happens; negative: `time_seconds` counts
        ("placed", np.int64),  # frame at which it has happened; written by the engine
    ]
)

key_dtype = np.dtype(
    [
        ("generation", np.int64),  # counts up by 2; odd while it is being written
        ("stamp", np.int64),  # notes published before it, of all keys and layers
        ("has_note", np.int64),
        ("slot", np.int64),
        ("n_frames", np.int64),
        ("loop_start", np.int64),
        ("loop_end", np.int64),
        ("loop_gain", np.float64),
        ("gain", np.float64),
        ("first_frame", np.int64),  # of a crop that holds sound; 0: it is no crop
        ("later", np.int64),  # moment of a held note that it takes the place of, less its own
        ("timbre", np.int64),  # equal ones sound alike; 0: not known
        ("is_followed", np.int64),  # 1: sounding voices go over to it, 0: it is for new strikes
    ]
)


@kernel
def take_note(mail: Record, key: Record) -> bool:
    """Copy one mailbox, unless it is just being written: then the next block will."""
    generation = mail.generation
    if generation % 2 == 1:
        return False
    fence()
    stamp, has_note, slot, n_frames = mail.stamp, mail.has_note, mail.slot, mail.n_frames
    loop_start, loop_end = mail.loop_start, mail.loop_end
    loop_gain, gain = mail.loop_gain, mail.gain
    first_frame, later = mail.first_frame, mail.later
    timbre, is_followed = mail.timbre, mail.is_followed
    fence()
    if mail.generation != generation:
        return False
    key.stamp, key.has_note, key.slot, key.n_frames = stamp, has_note, slot, n_frames
    key.loop_start, key.loop_end = loop_start, loop_end
    key.loop_gain, key.gain = loop_gain, gain
    key.first_frame, key.later = first_frame, later
    key.timbre, key.is_followed = timbre, is_followed
    key.generation = generation
    return True


@kernel
def put_event(
    ring: NDArray[Record],
    sequence: int,
    kind: int,
    number: int,
    channel: int,
    value: float,
    time_seconds: float,
    frame: int,
) -> None:
    """Write one event into the ring, and only then its sequence number."""
    event = ring[(sequence - 1) % RING_SIZE]
    event.kind = kind
    event.number = number
    event.channel = channel
    event.value = value
    event.time_seconds = time_seconds
    event.frame = frame
    fence()
    event.sequence = sequence


@kernel
def put_note(
    mail: NDArray[Record],
    state: Record,
    layer: int,
    note: int,
    has_note: int,
    slot: int,
    n_frames: int,
    loop_start: int,
    loop_end: int,
    loop_gain: float,
    gain: float,
    first_frame: int,
    later: int,
    timbre: int,
    is_followed: int,
) -> None:
    """Write one mailbox; its generation is odd meanwhile."""
    box = mail[layer, note]
    box.generation += 1
    fence()
    box.stamp = state.mail_count
    box.has_note = has_note
    box.slot = slot
    box.n_frames = n_frames
    box.loop_start = loop_start
    box.loop_end = loop_end
    box.loop_gain = loop_gain
    box.gain = gain
    box.first_frame = first_frame
    box.later = later
    box.timbre = timbre
    box.is_followed = is_followed
    state.n_layers = max(state.n_layers, layer + 1)
    fence()
    box.generation += 1
    fence()
    state.mail_count += 1
