"""`Instrument`: owns the engine, the sound output, the MIDI inputs and the supply of notes.

| thread | may block | does |
|---|---|---|
| whoever plays (MIDI callbacks, a window) | no | `post`: events to the engine at once |
| audio callback (compiled, without Python) | never | what `Engine.process` does |
| housekeeper | briefly | `tick`: notes, MIDI plugs, sound output, session |
| callers of the other methods | yes | presets, models, devices |
| baked keyboards | yes | reads and writes keyboards on disk |
| renderer (own process) | yes | latents and pitches to notes, with torch |

Locks, always taken in this order: `_lock` (what is open: preset, model, output), the supply's own,
`_controls_lock` (what a hand has set; held for microseconds, the one that `post` takes).
"""

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable
from itertools import count
from pathlib import Path

import msgspec

from instrument.control.controls import Controls
from instrument.control.midi_control import MidiControl
from instrument.control.pad_motion import OWN_EVENTS, STEP_SECONDS, PadMotion
from instrument.control.present_sound import PresentSound
from instrument.control.session import Session
from instrument.devices.output import Output
from instrument.engine.engine import NEEDS_NO_PLACE, Engine
from instrument.midi.jack import silence_jack
from instrument.midi.listening import Listening
from instrument.notes.bake import BakeFolder
from instrument.notes.kept_keyboards import Bakes, KeptKeyboards
from instrument.notes.playability import MEASURED_SECONDS, MOST_PITCHES, Playability
from instrument.notes.renderer_client import RendererProcess
from instrument.notes.supply import NoteSupply
from instrument.presets.library import PresetLibrary
from instrument.presets.models import ModelLibrary
from instrument.presets.preset import Preset, PresetError
from instrument.songs.recorder import Recorder
from instrument.songs.taking import Taking
from instrument.storage.paths import (
    baked_folder,
    data_folder,
    kept_folder,
    midi_map_file,
    models_folder,
    presets_folder,
    recordings_folder,
)
from instrument.values.events import (
    AllNotesOff,
    AnyEvent,
    ChannelPressure,
    ControlChange,
    KeyPressure,
    MidiClock,
    MovePad,
    NoteOff,
    NoteOn,
    Panic,
    PitchBend,
    ProgramChange,
    SetZones,
    StepPreset,
)
from instrument.values.midi_map import Mapping
from instrument.values.parameters import AXES, NOTE_ENDINGS
from instrument.values.status import (
    AudioDevice,
    AudioSettings,
    ModelInfo,
    NoteWave,
    Notice,
    RecordError,
    RecordSettings,
    Status,
    Timbre,
)
from instrument.values.zones import MOST_MEMBERS, Zones

from .options import InstrumentOptions

N_NOTICES = 20
IDLE_SECONDS = 0.05  # between two looks of the housekeeper when nothing wakes it
LOOK_SECONDS = 0.1  # between two looks at plugs and streams
FOLLOW_SECONDS = 1.0  # between two looks at a run that is followed
SESSION_SECONDS = 5.0  # a sound that stays so long is kept for the next session
CLOSE_SECONDS = 5.0
N_SEEDS = 1_000_000

_PLAYED = (NoteOn, NoteOff, PitchBend, ChannelPressure, KeyPressure, AllNotesOff, Panic)

MakeRenderer = Callable[[str, tuple[int, int]], RendererProcess]


class Instrument:
    """A playable instrument; implements `InstrumentInterface`.

    Nothing here waits for a note. What goes wrong with a device, a file or the renderer is a
    notice in `Status`, and the rest plays on.
    """

    def __init__(
        self,
        options: InstrumentOptions | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        threaded: bool = True,
        make_renderer: MakeRenderer | None = None,
    ) -> None:
        """Start everything that `options` asks for.

        Args:
            options: With what to start.
            clock: Seconds, as in the events.
            threaded: Run the housekeeper; otherwise call `tick`, and `engine.process` for sound.
            make_renderer: Gets the pool's name and shape; None is the renderer process.

        Raises:
            PoolError: If there is no memory for the notes.
        """
        self._options = options or InstrumentOptions()
        self._clock = clock
        self._threaded = threaded
        self._make_renderer = make_renderer or self._renderer_process
        data = Path(self._options.data_folder) if self._options.data_folder else data_folder()
        self._presets = PresetLibrary(presets_folder(data))
        self._models = ModelLibrary(models_folder(data))
        kept = KeptKeyboards(kept_folder(data))
        self._bakes = Bakes(kept, BakeFolder(baked_folder(data))) if self._options.bake else None

        self._lock = threading.RLock()
        self._controls_lock = threading.Lock()
        self._controls = Controls()
        self._controls.use_tuning(self._options.tuning)
        self._motion = PadMotion(self._controls)
        self._moved_at = -STEP_SECONDS
        self._notices: deque[Notice] = deque(maxlen=N_NOTICES)
        self._notice_ids = count(1)
        self._wake = threading.Event()
        self._closing = threading.Event()
        # with the layers that a note reads; any thread appends, the housekeeper takes
        self._todo: deque[tuple[AnyEvent, tuple[int, ...]]] = deque()

        self._sound = PresentSound(
            self._controls,
            self._lock,
            self._controls_lock,
            models=self._models,
            notify=self.notify,
            hear=self._to_engine,
            on_preset=self._note_preset,
        )
        self._last_look = -LOOK_SECONDS
        self._note_version = 0
        self._playability = Playability()
        self._pictured: tuple[int, object] = (-1, None)

        self._session = Session(
            data, remember=self._options.remember, notify=self.notify, now=clock()
        )
        silence_jack()
        self._output = Output(self.notify, clock)
        self._output.ask(self._options.audio)
        rate = self._output.expected_rate()
        self._supply = self._make_supply(rate)
        self._sound.use(self._supply)
        self._engine = Engine(rate, self._supply.pool)
        self._is_engine_new = True
        recorder = Recorder(self.notify, recordings_folder(data))
        self._taking = Taking(recorder, self._controls, self._controls_lock, self.preset)
        self._output.poll(self._engine_for)
        if self._options.mpe:
            self.post(SetZones(zones=Zones(lower=MOST_MEMBERS)))
        self._start_sound()
        self.follow_run(self._options.follow)
        self._session.opens(midi_map_file(data))
        self._midi_control = MidiControl(
            self._controls,
            self._controls_lock,
            post=self.post,
            notify=self.notify,
            data=data,
            profile=self._options.midi_map,
            remember=self._options.remember,
        )
        self._session.opens_sound()
        self._midi = Listening(self._post_quietly, self.notify, clock)
        self.open_midi(self._options.midi_port)
        self._thread = threading.Thread(target=self._keep_house, name="housekeeper", daemon=True)
        if threaded:
            self._thread.start()

    # What a player does.

    def post(self, event: AnyEvent) -> None:
        """Play: hand an event to the engine; returns at once, from any thread.

        Raises:
            ValueError: If a value in it is outside its range or a name unknown.
        """
        if isinstance(event, _PLAYED):
            place = self._to_engine(event)  # before anything else: a player waits for this
            self._taking.take(event, place)
            with self._controls_lock:
                self._controls.play(event)
                self._tell_housekeeper(event)
        elif isinstance(event, ProgramChange):
            with self._controls_lock:
                self._todo.append((self._controls.with_bank(event), ()))
            self._taking.take(event, NEEDS_NO_PLACE)
        elif isinstance(event, StepPreset):
            self._todo.append((event, ()))
        elif isinstance(event, OWN_EVENTS):
            with self._controls_lock:
                for engine_event in self._motion.take(event, event.time_seconds or self._clock()):
                    self._taking.take(engine_event, self._to_engine(engine_event))
            if isinstance(event, MidiClock):
                return  # fifty a second: nobody is woken for them
        else:
            with self._controls_lock:
                place = NEEDS_NO_PLACE
                for engine_event in self._controls.play(event):
                    place = self._to_engine(engine_event)
                    if isinstance(engine_event, AllNotesOff | SetZones):
                        self._tell_housekeeper(AllNotesOff())
                if not isinstance(event, MovePad):
                    self._taking.take(event, place)
                self._taking.note_place()
        self._wake.set()

    def _tell_housekeeper(self, event: AnyEvent) -> None:
        """Let the supply know which notes are played; with the controls' lock."""
        sounding = self._controls.as_sounding(event)
        if sounding is not None:
            self._todo.append((sounding, self._controls.layers_of(sounding)))

    def _post_quietly(self, event: AnyEvent) -> None:
        """Play what came by MIDI, as it is mapped; nobody would see an error of this thread."""
        try:
            self._midi_control.play(event)
        except ValueError as error:
            self.notify(str(error))

    def _to_engine(self, event: AnyEvent) -> int:
        """Hand an event to the engine; gives its place there, as `Engine.post`."""
        if self._output.is_pulling or not isinstance(event, (*_PLAYED, ControlChange)):
            return self._engine.post(event)
        # nobody takes events off the ring, and old notes would sound when somebody does
        return NEEDS_NO_PLACE

    def test_sound(self) -> None:
        """Play a short test sound that needs no model."""
        if not self._output.is_pulling:
            self.notify("No sound output is open. Choose one in the audio settings.")
            return
        self._engine.test_tone()

    def play_file(self, path: str) -> None:
        """Play a recording once, beside what sounds.

        Raises:
            ValueError: If it can't be read.
        """
        if not self._output.is_pulling:
            self.notify("No sound output is open. Choose one in the audio settings.")
            return
        self._supply.play_clip(self._engine, Path(path))

    # Recording.

    def start_recording(self, settings: RecordSettings) -> None:
        """Record the output, what is played or both, from now on.

        Raises:
            RecordError: If no output runs, or a file can't be opened.
        """
        with self._lock:
            if not self._output.is_pulling:
                raise RecordError(
                    "There is nothing to record: no sound output is open. Choose one in the "
                    "audio settings."
                )
            self._taking.start(self._engine, settings)

    def stop_recording(self) -> None:
        """End the recording; a notice says where it is."""
        with self._lock:
            self._taking.stop()

    def _note_preset(self) -> None:
        """Another preset has been opened."""
        self._taking.note_preset()

    # How everything stands.

    def status(self) -> Status:
        """Say how everything stands; the peaks are those since the last call."""
        stock = self._supply.stock()
        counters = self._engine.counters()
        heard = self._engine.monitor.look()
        audio = self._output.status
        now = self._clock()
        with self._controls_lock:
            controls = self._controls
            heard_x, heard_y = controls.heard_place
            return Status(
                audio=audio,
                midi_inputs=self._midi.connected,
                load=counters.load,
                n_voices=counters.n_voices if self._output.is_pulling else 0,
                peak_left=counters.peak_left,
                peak_right=counters.peak_right,
                true_peak_left=heard.true_peak_left,
                true_peak_right=heard.true_peak_right,
                spectrum=heard.spectrum,
                dropped_blocks=counters.underflows,
                dropped_events=counters.dropped_events,
                stolen=counters.stolen,
                model=self._sound.open_model,
                timbres_of=self._sound.timbres_of,
                renderer=self._supply.state,
                freshness=stock.freshness,
                gated=bytes(controls.gated),
                last_note=controls.last_note,
                pad_x=controls.pad_x,
                pad_y=controls.pad_y,
                heard_x=heard_x,
                heard_y=heard_y,
                path=controls.path,
                path_share=self._motion.share,
                path_recording=self._motion.recording,
                tempo=self._motion.tempo(now),
                is_clocked=self._motion.is_following(now),
                bend=controls.bend,
                mod=controls.mod,
                corners=controls.corners,
                parameters=dict(controls.parameters),
                tuning=controls.tuning.name if controls.tuning is not None else "",
                zones=controls.zones,
                midi_map=self._midi_control.midi_map,
                learning=self._midi_control.learning,
                waiting=self._midi_control.waiting(),
                preset_name=self._sound.preset_name,
                preset_changed=self._sound.is_changed,
                revision=controls.revision,
                n_fresh=stock.n_fresh,
                n_notes=stock.n_notes,
                cache_bytes=stock.n_bytes,
                recording=self._taking.status,
                notices=tuple(self._notices),
                note_version=self._note_version,
                playability=self._playability.marks,
            )

    def notify(self, text: str, *, is_error: bool = True) -> None:
        """Say something to the player; from any thread."""
        self._notices.append(Notice(next(self._notice_ids), text, is_error))

    @property
    def revision(self) -> int:
        """Counts up with each change of what a preset holds."""
        return self._controls.revision

    @property
    def engine(self) -> Engine:
        """The engine, for who pulls it without a device."""
        return self._engine

    def note_wave(self, note: int) -> NoteWave | None:
        """Give the rendered wave of a note for a picture, or None when there is none.

        Its loop is told only where held notes use it.
        """
        wave = self._supply.note_wave(note)
        if wave is None or self._controls.parameters["ending"] == NOTE_ENDINGS.index("endless"):
            return wave
        return msgspec.structs.replace(wave, loop_start=0, loop_end=0)

    # Presets and the pad's points.

    def timbres(self) -> tuple[Timbre, ...]:
        """List the model's named timbres."""
        return self._sound.timbres

    def set_corner(self, index: int, timbre: str) -> None:
        """Put a named timbre on a point; ValueError if there is no such point or timbre."""
        self._sound.points.set_timbre(index, timbre)
        self._wake.set()

    def reroll(self, index: int | None = None) -> None:
        """Draw a new latent for one point, or for every point that is not locked.

        Raises:
            ValueError: If there is no such point.
        """
        self._sound.points.reroll(index)

    def lock_corner(self, index: int, locked: bool) -> None:
        """Lock a point against re-rolling and moving, or unlock it; ValueError if there is none."""
        self._sound.points.lock(index, locked)

    def rename_point(self, index: int, name: str) -> None:
        """Call a point otherwise; ValueError if there is no such point, or the name is none."""
        self._sound.points.rename(index, name)

    def add_point(self, x: float, y: float, timbre: str = "") -> None:
        """Put one more point on the pad: a timbre, or what sounds at the place now.

        Raises:
            ValueError: If the pad is full, or there is no such timbre.
        """
        self._sound.points.add(x, y, timbre)
        self._wake.set()

    def remove_point(self, index: int) -> None:
        """Take a point off the pad; ValueError if there is no such point, or it is the last."""
        self._sound.points.remove(index)
        self._wake.set()

    def use_corners(self, is_wanted: bool) -> None:
        """Let the points stand in the pad's corners, or free; ValueError if they are not four."""
        self._sound.points.use_corners(is_wanted)
        self._wake.set()

    def preset(self) -> Preset:
        """Give what sounds now as a preset."""
        return self._sound.preset()

    def load_preset(self, preset: Preset) -> None:
        """Take over a preset's corners, pad, parameters and mappings."""
        with self._lock:
            self._sound.take_preset(preset, self._sound.model_for(preset))
        self._wake.set()

    def mark_saved(self, name: str) -> None:
        """Note that what sounds now is on disk under this name."""
        self._sound.mark_saved(name)

    def mark_changed(self) -> None:
        """Note that what sounds now is not on disk, as with a preset that was bred or pasted."""
        self._sound.mark_changed()

    # Models.

    def models(self) -> tuple[ModelInfo, ...]:
        """List the models that can be opened."""
        return self._models.list()

    def load_model(self, name: str) -> None:
        """Open another model by name or path; the corners become its timbres of the same names.

        Raises:
            ModelLibraryError: If there is none.
        """
        model = self._models.find(name)
        with self._lock:
            self._sound.open(model)
        self._wake.set()

    def follow_run(self, folder: str) -> None:
        """Open each model that a training run publishes from now on; "" follows none."""
        with self._lock:
            self._sound.follow(folder)
        self._wake.set()

    # Devices.

    def audio_devices(self) -> tuple[AudioDevice, ...]:
        """List the outputs; empty when there is none."""
        with self._lock:
            return self._output.devices()

    def open_audio(self, settings: AudioSettings) -> None:
        """Open an output in place of the present one; on failure the notice says what to do."""
        with self._lock:
            self._output.ask(settings)
            self._output.poll(self._engine_for)

    def midi_ports(self) -> tuple[str, ...]:
        """List the MIDI inputs that are there now."""
        return self._midi.ports()

    def open_midi(self, name: str) -> None:
        """Listen to one port by name, to all with "*", to none with ""; reconnects by itself."""
        self._midi.listen(name)

    # What MIDI controllers move.

    def learn_midi(self, target: str) -> None:
        """Bind the next MIDI controller that moves to a target; "" waits for none."""
        self._midi_control.learn(target)

    def map_midi(self, mapping: Mapping) -> None:
        """Set a mapping, in place of its target's and of those that have its controller."""
        self._midi_control.map(mapping)

    def forget_midi(self, target: str) -> None:
        """Take a target's MIDI controller away; "" takes all."""
        self._midi_control.forget(target)

    def midi_profiles(self) -> tuple[str, ...]:
        """List the profiles of MIDI controllers by name."""
        return self._midi_control.profiles()

    def load_midi_profile(self, name: str) -> None:
        """Take over a profile of MIDI controllers."""
        self._midi_control.load(name)

    def save_midi_profile(self, name: str) -> None:
        """Write the present map as a profile, in place of a former one of this name."""
        self._midi_control.save(name)

    def delete_midi_profile(self, name: str) -> None:
        """Delete a profile of MIDI controllers; what is mapped stays."""
        self._midi_control.delete(name)

    def close(self) -> None:
        """Stop the sound, the ports and the renderer."""
        if self._closing.is_set():
            return
        self._closing.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(CLOSE_SECONDS)
        self._midi.close()
        self._midi_control.keep()
        with self._lock:
            self._keep_session()
            self._taking.stop()
            self._output.close()
            self._supply.close()
        self._session.is_good()
        self._playability.close()

    # The housekeeper.

    def tick(self) -> None:
        """Do what there is to do; on the housekeeper's thread."""
        with self._lock:
            self._take_events()
            self._move_pad()
            self._taking.note_corners()
            self._sound.aim()
            for answer in self._supply.work(self._engine):
                self._sound.take(answer)
            self._taking.note_corners()
            self._sound.aim()
            self._taking.look()
            self._watch_picture()
            now = self._clock()
            if now - self._last_look >= LOOK_SECONDS:
                self._last_look = now
                self._look_around(now)

    def _keep_house(self) -> None:
        while not self._closing.is_set():
            wait = self._supply.wait_seconds()
            idle = STEP_SECONDS if self._motion.is_active else IDLE_SECONDS
            self._wake.wait(idle if wait is None else min(wait, idle))
            self._wake.clear()
            self.tick()

    def _take_events(self) -> None:
        with contextlib.suppress(IndexError):
            while True:
                event, layers = self._todo.popleft()
                if isinstance(event, ProgramChange | StepPreset):
                    self._change_preset(event)
                else:
                    self._supply.play(event, layers)

    def _change_preset(self, event: ProgramChange | StepPreset) -> None:
        try:
            if isinstance(event, ProgramChange):
                entry = self._presets.by_program(event.program, event.bank)
            else:
                entry = self._presets.neighbour(self._sound.preset_name, event.step)
            preset = self._presets.load(entry.name)
        except PresetError as error:
            self.notify(str(error))
            return
        self._sound.take_preset(preset, self._sound.model_for(preset))

    def _move_pad(self) -> None:
        """Let motion move the pad, thirty times a second."""
        now = self._clock()
        if now - self._moved_at < STEP_SECONDS / 2:  # woken for something else
            return
        self._moved_at = now
        with self._controls_lock:
            for event in self._motion.step(now):
                self._taking.take(event, self._to_engine(event))
            self._taking.note_place()

    def _watch_picture(self) -> None:
        """Count when the note that was played last gets another wave."""
        note = self._controls.last_note
        picture = (note, self._supply.published(note) if note >= 0 else None)
        if picture != self._pictured:
            self._pictured = picture
            self._note_version += 1

    def _look_around(self, now: float) -> None:
        """Look at plugs and streams, and keep the session."""
        came_back = self._output.poll(self._engine_for)
        self._midi.poll(is_anew=came_back)
        self._midi_control.look(now)
        self._measure_place()
        self._sound.look(now)
        if self._session.is_due(self._controls.revision, now):
            self._keep_session()

    def _keep_session(self) -> None:
        revision = self._controls.revision  # before what it stands for: a newer one is kept later
        self._session.keep(self.preset(), revision)

    def _measure_place(self) -> None:
        """Measure how well in tune the pad is where it rests and nobody plays."""
        if not self._playability.look():
            return
        with self._controls_lock:
            controls = self._controls
            revision = (controls.heard_revision, controls.own_revision)
            pad = (controls.corners, tuple(controls.parameters[name] for name in AXES))
            place, is_played = controls.heard_place, any(controls.gated)
        self._playability.show_pad(pad)
        if is_played or not self._sound.is_aimed(revision) or self._playability.knows(place):
            return
        waves = self._supply.fresh_waves(MOST_PITCHES, MEASURED_SECONDS)
        if waves:
            self._playability.measure(place, waves, self._supply.sample_rate)

    # Starting, opening, changing.

    def _renderer_process(self, name: str, shape: tuple[int, int]) -> RendererProcess:
        return RendererProcess(
            name,
            shape,
            wake=self._wake.set,
            n_threads=self._options.render_threads or None,
            device=self._options.render_device,
        )

    def _make_supply(self, sample_rate: float) -> NoteSupply:
        return NoteSupply(
            sample_rate,
            megabytes=self._options.cache_megabytes,
            make_renderer=self._make_renderer,
            bakes=self._bakes,
            clock=self._clock,
            say=self.notify,
        )

    def _engine_for(self, sample_rate: float) -> Engine:
        """Give an engine for a new stream, and notes at its rate. Only while no stream runs."""
        if self._is_engine_new and sample_rate == self._engine.sample_rate:
            self._is_engine_new = False
            return self._engine
        self._taking.stop()  # what follows is another engine's
        if sample_rate != self._supply.sample_rate:
            former = self._supply
            self._supply = self._make_supply(sample_rate)
            self._supply.carry_over(former)
            # ending its renderer takes time that nobody has who waits for the sound
            threading.Thread(target=former.close, name="former notes", daemon=True).start()
            self._sound.use(self._supply)
        self._engine = Engine(sample_rate, self._supply.pool)
        self._supply.republish()
        self._sound.aim_anew()
        with self._controls_lock:
            for event in self._controls.for_new_engine():
                self._engine.post(event)
            self._controls.play(AllNotesOff())  # keys that were down are the former engine's
        self._supply.play(AllNotesOff())
        return self._engine

    def _start_sound(self) -> None:
        """Take up the sound that is asked for, else the last session's, else the first there is."""
        sound = self._sound
        preset = self._session.first_preset(self._options.preset, self._presets)
        model = sound.first_model(self._options.model, preset)
        if preset is not None:
            sound.take_preset(preset, model)
        elif model is not None:
            sound.open(model)
        self._session.begins(self._controls.revision)
        if preset is not None:
            self._look_whether_saved(preset)
        if sound.model is None:
            self.notify(
                "There is no model to play. Import one: timbrepad models import FOLDER. "
                "The test sound works without."
            )

    def _look_whether_saved(self, preset: Preset) -> None:
        """See whether the library has just this; a name that it has not at all is none."""
        try:
            if self._presets.load(preset.name) == preset:
                return
        except PresetError:
            self._sound.preset_name = ""
        self._sound.mark_changed()
