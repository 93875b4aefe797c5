"""What goes through the pipe between the instrument and its renderer process.

Each message is one msgpack-encoded struct; the notes themselves go through the note pool.
"""

import msgspec

from instrument.engine.pool import NoteInfo
from instrument.values.status import ModelInfo, Timbre

Leaning = tuple[tuple[str, float], ...]
"""Names of measured axes, and standard deviations."""


class Message(msgspec.Struct, frozen=True, tag=True):
    """The base of all messages."""


class Shade(msgspec.Struct, frozen=True):
    """How a note's latent differs from that of its place on the pad.

    Attributes:
        softness: 0..1, how far towards what the model makes darker: a soft strike's timbre.
        sway: Share of the way to the latent that the model draws with `seed`; below 0 away from it.
        seed: Of the draw.
    """

    softness: float = 0.0
    sway: float = 0.0
    seed: int = 0


class Heard(msgspec.Struct, frozen=True):
    """What a held note plays, for a note that is to go on from there.

    Moments are frames of a note from its beginning.

    Attributes:
        slot: In which it lies; it stays as it is until the job is done.
        moment: Near which the new note is to take over.
        at: Moment of the new note that is to be played there; None: the same. A note that is held
            on wanders, and has the level of the moment from which on it does.
        shift: Frames from a moment to the slot's frame: above 0 in a note's endless part.
        start: First frame of the slot that holds sound.
        stop: The frame after its last.
        crest: Of its note, `NoteInfo.crest`.
        is_whole: Whether the whole note is to be made, rather than a crop.
    """

    slot: int
    moment: float
    at: float | None = None
    shift: int = 0
    start: int = 0
    stop: int = 0
    crest: float = 0.0
    is_whole: bool = False

    @property
    def later(self) -> int:
        """Frames from a moment of the new note to the held one's that sounds with it."""
        return 0 if self.at is None else round(self.moment - self.at)


class LoadModel(Message, frozen=True):
    """Open the model in this folder; answered by `ModelLoaded` or `ModelFailed`."""

    path: str


class RenderNote(Message, frozen=True):
    """Make one note; answered by `NoteRendered`, `RenderFailed` or `NoteDropped`.

    Attributes:
        job: Comes back with the answer.
        model: Hash of the model that is meant; a job for another one is dropped.
        latents: float32 little-endian [point, latent]: those of the pad's points.
        weights: How much of each there is; sum 1.
        pitch: The model's pitch.
        slot: Where in the pool the note goes.
        sample_rate: That the pool's notes have, in Hz.
        first_only: Make only the beginning, as fast as possible, for a key that waits for it.
        shade: What is done to the latent.
        heard: For a note that takes the place of a held one, in its phases; else None.
        leaning: How far the place's latent is moved along the model's measured axes: their names,
            and standard deviations. Axes that the model does not have are passed over.
        has_time: Whether nobody waits for it, whatever it is: offline, where nothing goes first.
    """

    job: int
    model: str
    latents: bytes
    weights: tuple[float, ...]
    pitch: int
    slot: int
    sample_rate: float
    first_only: bool = False
    shade: Shade = Shade()
    heard: Heard | None = None
    leaning: Leaning = ()
    has_time: bool = False

    @property
    def is_crop(self) -> bool:
        """Whether only the part of a note around a held one's place is made."""
        return self.heard is not None and not self.heard.is_whole

    @property
    def is_urgent(self) -> bool:
        """Whether somebody waits for it now: a key in silence, or a hand on the pad."""
        return (self.first_only or self.is_crop) and not self.has_time


class Draw(Message, frozen=True):
    """Draw a latent the way the model's notes are drawn; answered by `Drawn`."""

    request: int
    seed: int


class Quit(Message, frozen=True):
    """Stop the process."""


class ModelLoaded(Message, frozen=True):
    """A model is open.

    Attributes:
        model: What its folder says.
        timbres: Its named timbres.
        n_jobs: How many jobs in flight keep the renderer busy; more would only wait in it.
        device: What renders, in words: "CPU, 2 threads".
        goes_on: Whether it can make notes that go on from held ones: `RenderNote.heard`.
    """

    model: ModelInfo
    timbres: tuple[Timbre, ...]
    n_jobs: int
    device: str
    goes_on: bool = False


class ModelFailed(Message, frozen=True):
    """A model could not be opened; `text` says why in one line. The one before stays open."""

    path: str
    text: str


class NoRenderer(Message, frozen=True):
    """Nothing can be rendered here at all; `text` says why in one line."""

    text: str


class DeviceLost(Message, frozen=True):
    """The GPU has stopped working and the CPU goes on; `text` says so in one line.

    Attributes:
        text: For the player.
        n_jobs: As in `ModelLoaded`, from now on.
        device: Likewise.
    """

    text: str
    n_jobs: int
    device: str


class NoteRendered(Message, frozen=True):
    """A note lies in the pool; `note` says where and how to play it."""

    job: int
    note: NoteInfo


class RenderFailed(Message, frozen=True):
    """A note could not be made; `text` says why in one line."""

    job: int
    text: str


class NoteDropped(Message, frozen=True):
    """A note was not made because its model is no longer (or not yet) open. No fault."""

    job: int


class Drawn(Message, frozen=True):
    """The latent that was asked for: float32 little-endian [latent]."""

    request: int
    z: bytes


Request = LoadModel | RenderNote | Draw | Quit
Answer = (
    ModelLoaded
    | ModelFailed
    | NoRenderer
    | DeviceLost
    | NoteRendered
    | RenderFailed
    | NoteDropped
    | Drawn
)

_encoder = msgspec.msgpack.Encoder()
_requests: msgspec.msgpack.Decoder[Request] = msgspec.msgpack.Decoder(Request)
_answers: msgspec.msgpack.Decoder[Answer] = msgspec.msgpack.Decoder(Answer)


def encode(message: Message) -> bytes:
    """Write a message as bytes for the pipe."""
    return _encoder.encode(message)


def decode_request(data: bytes) -> Request:
    """Read what the instrument sent.

    Raises:
        msgspec.DecodeError: If it is no request.
    """
    return _requests.decode(data)


def decode_answer(data: bytes) -> Answer:
    """Read what the renderer sent.

    Raises:
        msgspec.DecodeError: If it is no answer.
    """
    return _answers.decode(data)
