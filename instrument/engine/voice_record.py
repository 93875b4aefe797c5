"""What the engine keeps of a voice, and of each of the two places where it reads a note."""

import numpy as np

reader_dtype = np.dtype(
    [
        ("position", np.float64),  # moment of the note, frames; before loop_end when there is one
        ("ratio", np.float64),  # note frames per frame of the voice's own pitch; 1 but in stand-ins
        ("slot", np.int64),  # row of the pool; 0 reads silence
        ("n_frames", np.int64),  # frames that hold sound
        ("loop_start", np.int64),
        ("loop_end", np.int64),  # of a plain loop; 0: none, or it is not used now
        ("loop_gain", np.float32),  # factor at each jump back; endless.py: in so many frames
        ("gain", np.float32),  # the note's own, and what it has decayed in being held
        ("steady_start", np.int64),  # the note's steady part
        ("steady_end", np.int64),  # 0: the note can't be held on
        ("n_seams", np.int64),  # ways back in the slot's table; 0: a plain loop
        ("seam", np.int64),  # the way back that it takes next
        ("leave_at", np.float64),  # position where it begins
        ("shift", np.int64),  # frames to the texture while that is played; 0: the note itself
        ("chance", np.int64),  # state of the generator that chooses ways back
        ("first_frame", np.int64),  # of a crop that holds sound; 0: it is no crop
        ("way", np.float32),  # of the cross-fade from its tail; 1: there is none
        ("way_step", np.float32),  # per block
        ("likeness", np.float32),  # correlation of both sides of it
    ],
    align=True,
)

voice_dtype = np.dtype(
    [
        ("elapsed", np.float64),  # moment of the note, in frames at the voice's own pitch
        ("pitch", np.float64),  # where portamento is, in MIDI notes and parts of them
        ("goal", np.float64),  # where it ends
        ("slope", np.float64),  # semitones a block
        ("detune", np.float64),  # semitones, among the voices of a unison
        ("bend", np.float64),  # semitones, as last heard
        ("ratio", np.float64),  # of `pitch` and `detune` to `note`
        ("step", np.float64),  # `ratio` with bend, tune and vibrato: note frames per frame
        ("octaves", np.float64),  # that its player opens the filter, as last heard
        ("soft_octaves", np.float64),  # that the soft pedal has closed it
        ("pressure", np.float64),  # of its own key, 0..1, and where that is going
        ("pressure_target", np.float64),
        ("strength", np.float64),  # velocity by its curve, 0..1
        ("age", np.int64),  # frames since the key went down
        ("chance", np.int64),  # what decides how its note wanders while it is held
        ("stamp", np.int64),  # of the published note that it plays
        ("timbre", np.int64),  # of that note; 0: not known
        ("looked", np.int64),  # `mail_seen` when it last looked for a newer note; -1: it must look
        ("hold", np.int64),  # frames that a note which came late is still held; 0: follow the key
        ("delay", np.int64),  # frames of the block now made before it begins
        ("turn", np.int64),  # frame of the block now made at which it is released; 0: none
        ("silent", np.int64),  # frames that it has waited: since key-up, or since its note ended
        ("stage", np.int32),  # of the envelope
        ("before", np.int32),  # stage up to `turn`
        ("key", np.int32),  # that plays it
        ("note", np.int32),  # MIDI note nearest to what sounds: its "own pitch"
        ("channel", np.int32),
        ("velocity", np.int32),
        ("layer", np.int32),  # of rendered notes that it wants
        ("source", np.int32),  # MIDI note whose rendered note it plays; -1: none
        ("source_layer", np.int32),  # and the layer of that
        ("gated", np.int32),  # 1 while the key is down
        ("sustained", np.int32),  # 1 while only a pedal holds it
        ("caught", np.int32),  # 1 while the sostenuto pedal has it
        ("one_shot", np.int32),  # 1: it sounds to its note's end, whatever its key does
        ("is_ringing", np.int32),  # 1: it is in its note's own release
        ("release_row", np.int32),  # of the releases' curves: by how fast its key came up
        ("detached", np.int32),  # 1: its channel's wheels have gone over to another note
        ("front", np.int32),  # which of its two readers plays
        ("fading", np.int32),  # 1 while it is cross-faded to the other reader
        ("level", np.float32),  # of the envelope
        ("gain", np.float32),  # from the velocity
        ("dynamics", np.float32),  # from expression, breath, pressure; at the last block's end
        ("dynamics_after", np.float32),  # at this one's
        ("offset", np.float32),  # pan, among the voices of a unison
        ("loudness", np.float32),  # peak of what it adds, falling slowly
        ("left", np.float32),  # gain of each side at the end of the last block
        ("right", np.float32),
        ("fade", np.float32),  # way of the cross-fade, 0..1
        ("fade_step", np.float32),  # per block
        ("likeness", np.float32),  # correlation of the two notes of the cross-fade, 0..1
        ("balance", np.float32),  # level of the new one re the old one
        ("kill", np.float32),  # factor of a voice that is being taken away: 1 down to 0
        ("kill_step", np.float32),  # per block; 0: it is not being taken away
        ("a1", np.float32),  # filter, as in filter.py, at the end of the last block
        ("a2", np.float32),
        ("a3", np.float32),
        ("wet", np.float32),
        ("a1_after", np.float32),  # the same at the end of this one
        ("a2_after", np.float32),
        ("a3_after", np.float32),
        ("wet_after", np.float32),
        ("state_1", np.float32),
        ("state_2", np.float32),
    ],
    align=True,
)
