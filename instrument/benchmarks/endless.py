"""How held notes go on: a minute each of many timbres, searched for what repeats itself."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from instrument.engine.endless import FIRST_SEAM, N_SEAMS_AT, SEAM_NUMBERS, TABLE_FRAMES
from instrument.engine.engine import Engine
from instrument.engine.pool import NoteInfo, NotePool
from instrument.notes.note_finish import SLOT_SECONDS, finish_note
from instrument.notes.periodicity import band_levels, modulation_at, most_change, pitch_drift_cents
from instrument.notes.renderer import NoteRenderer
from instrument.notes.renderer_protocol import RenderNote
from instrument.values.events import NoteOn, Panic, SetParameter
from instrument.values.parameters import NOTE_ENDINGS

Wave = NDArray[np.float32]

SAMPLE_RATE = 48000
BOUND_DB = -45.0
LOWEST, N_PITCHES, PITCH_STEP = 28, 57, 23  # the pitches 28 to 84 in a mixed order
SETTLED_SECONDS = 3.0  # the attack is over and the note wanders
STEADY = slice(1 * SAMPLE_RATE, round(2.9 * SAMPLE_RATE))
QUIET_DB = -12.0  # full scale stays far from the limiter


@dataclass(frozen=True)
class HeldNote:
    """What a minute of one note showed.

    Attributes:
        name: Of the timbre, or of the two that were mixed.
        pitch: MIDI note.
        kind: "sustained", "decaying", or "ended" for one that is over by itself.
        modulation_db: The highest line at a harmonic of the loop's rates, in any octave.
        whole_db: The same in the whole sound.
        level_range_db: From the softest to the loudest second; of a decaying note null.
        change: The greatest change of spectrum re the greatest in the note's own steady part.
        drift_cents: How far the strongest partial strays from its middle.
        own_drift_cents: The same in the note's own steady part.
    """

    name: str
    pitch: int
    kind: str
    modulation_db: float
    whole_db: float
    level_range_db: float | None
    change: float
    drift_cents: float
    own_drift_cents: float


def bench_endless(
    model_path: str,
    n_timbres: int = 100,
    seconds: float = 60.0,
    *,
    device: str = "auto",
    waves: Path | None = None,
    on_note: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Hold a note of each timbre for a minute and measure whether it repeats itself.

    Args:
        model_path: A model's folder.
        n_timbres: Its named ones, and when those are used up mixes of two.
        seconds: That each note is held.
        device: That renders; see `NoteRenderer.open`.
        waves: A folder for the sounds of the five worst, or None.
        on_note: Called with (done, total).

    Returns:
        `model`, `timbres`, `seconds`; `sustained`, `decaying` and `ended`, how many are of each
        kind; `free` and `free_share`, how many sustained ones have no modulation above
        `bound_db`; `worst`, the five worst of `HeldNote`; medians of the sustained ones' figures.
    """
    renderer = NoteRenderer.open(model_path, device)
    pool = NotePool(2, round(SLOT_SECONDS * SAMPLE_RATE))
    try:
        engine = Engine(SAMPLE_RATE, pool, n_voices=2)
        found = []
        for number in range(n_timbres):
            if on_note:
                on_note(number, n_timbres)
            name, job = _job(renderer, number)
            own, gains, _ = renderer.waves([job])
            info = finish_note(
                own[0], renderer.info.sample_rate, job, float(gains[0]), pool.samples[1]
            )
            held = play_held(engine, job.pitch, info, seconds)
            found.append((measure_held(name, job.pitch, info, pool.samples[1], held), held))
            if waves is not None:  # only the worst are kept in memory
                found.sort(key=lambda one: one[0].modulation_db, reverse=True)
            found[5:] = [(note, held[:0]) for note, held in found[5:]]
    finally:
        pool.close()
    if waves is not None:
        _write_waves(waves, found[:5])
    return {
        "model": renderer.info.name,
        "timbres": n_timbres,
        "seconds": seconds,
        **_summary([note for note, _ in found]),
    }


def play_held(
    engine: Engine, pitch: int, info: NoteInfo, seconds: float, ending: str = "endless"
) -> Wave:
    """Play one note through an engine that plays nothing else: float32 [frame], of one side."""
    engine.publish(pitch, info)
    parameters = {"ending": NOTE_ENDINGS.index(ending), "spread": 0.0, "volume": QUIET_DB}
    for name, value in parameters.items():
        engine.post(SetParameter(name=name, value=value))
    engine.process(np.zeros((SAMPLE_RATE // 2, 2), np.float32))
    engine.post(NoteOn(note=pitch, velocity=127))
    out = np.zeros((round(seconds * SAMPLE_RATE), 2), np.float32)
    engine.process(out)
    engine.post(Panic())
    engine.process(np.zeros((SAMPLE_RATE // 10, 2), np.float32))
    return out[:, 0].copy()


def measure_held(name: str, pitch: int, info: NoteInfo, slot: Wave, held: Wave) -> HeldNote:
    """Measure a held note.

    Args:
        name: Of the timbre.
        pitch: MIDI note.
        info: The note.
        slot: float32 [frame], where it lies.
        held: float32 [frame], what the engine made of it.
    """
    if info.loop_end == 0:
        return HeldNote(name, pitch, "ended", -120.0, -120.0, None, 0.0, 0.0, 0.0)
    is_sustained = info.loop_gain == 1.0
    settled = held[round(SETTLED_SECONDS * SAMPLE_RATE) :]
    if not is_sustained:  # as if it stayed level, until it is lost in the last bits
        settled = _levelled(settled, info)
    levels = band_levels(settled, SAMPLE_RATE)
    found = [modulation_at(levels, rate) for rate in loop_rates(info, slot)]
    seconds = settled[: len(settled) // SAMPLE_RATE * SAMPLE_RATE].reshape(-1, SAMPLE_RATE)
    level_db = 10 * np.log10(np.mean(seconds.astype(np.float64) ** 2, axis=1) + 1e-20)
    own = slot[STEADY]
    return HeldNote(
        name=name,
        pitch=pitch,
        kind="sustained" if is_sustained else "decaying",
        modulation_db=round(max(one.worst_db for one in found), 1),
        whole_db=round(max(one.total_db for one in found), 1),
        level_range_db=round(float(np.ptp(level_db)), 2) if is_sustained else None,
        change=round(most_change(settled, SAMPLE_RATE) / most_change(own, SAMPLE_RATE), 2),
        drift_cents=round(pitch_drift_cents(settled, SAMPLE_RATE), 1),
        own_drift_cents=round(pitch_drift_cents(own, SAMPLE_RATE), 1),
    )


def loop_rates(info: NoteInfo, slot: Wave) -> tuple[float, ...]:
    """Give the rates at which a held note could repeat itself, in Hz.

    That of its whole steady part; and of jumps back, that of the middle one.
    """
    steady = info.loop_end - info.loop_start
    table = slot[len(slot) - TABLE_FRAMES :]
    rows = table[FIRST_SEAM:][: SEAM_NUMBERS * int(table[N_SEAMS_AT])].reshape(-1, SEAM_NUMBERS)
    lengths = [steady, float(np.mean(rows[:, 0] - rows[:, 1]))] if len(rows) else [steady]
    return tuple(info.sample_rate / length for length in lengths)


def _levelled(settled: Wave, info: NoteInfo) -> Wave:
    """Undo a decaying note's decay, for as long as it is above -80 dB."""
    per_frame = np.log(info.loop_gain) / (info.loop_end - info.loop_start)
    n = min(len(settled), int(np.log(1e-4) / per_frame))
    n = max(n, min(len(settled), 4 * SAMPLE_RATE))
    return (settled[:n] * np.exp(-per_frame * np.arange(n))).astype(np.float32)


def _job(renderer: NoteRenderer, number: int) -> tuple[str, RenderNote]:
    """Choose a timbre, or a mix of two, and a pitch."""
    timbres = renderer.timbres
    first = timbres[number % len(timbres)]
    second = timbres[(7 * number + 3) % len(timbres)]
    name, share = first.name, 0.0
    if number >= len(timbres):
        name, share = f"{first.name} + {second.name}", 0.5
    latents = np.asarray([first.z, second.z], "<f4").tobytes()
    weights = (1.0 - share, share)
    pitches = range(
        max(LOWEST, renderer.info.lowest_pitch),
        min(LOWEST + N_PITCHES, renderer.info.highest_pitch + 1),
    )
    pitch = pitches[number * PITCH_STEP % len(pitches)]
    model = renderer.info.hash
    return name, RenderNote(number, model, latents, weights, pitch, 1, SAMPLE_RATE)


def _summary(notes: list[HeldNote]) -> dict[str, Any]:
    sustained = [note for note in notes if note.kind == "sustained"]
    free = [note for note in sustained if note.modulation_db <= BOUND_DB]
    worst = sorted(sustained, key=lambda note: note.modulation_db, reverse=True)[:5]
    medians = {
        f"median_{name}": _median([getattr(note, name) for note in sustained])
        for name in ("level_range_db", "change", "drift_cents", "own_drift_cents")
    }
    return {
        "sustained": len(sustained),
        "decaying": sum(note.kind == "decaying" for note in notes),
        "ended": sum(note.kind == "ended" for note in notes),
        "bound_db": BOUND_DB,
        "free": len(free),
        "free_share": round(len(free) / max(len(sustained), 1), 3),
        **medians,
        "worst": [asdict(note) for note in worst],
    }


def _median(values: list[float]) -> float | None:
    return round(float(np.median(values)), 2) if values else None


def _write_waves(folder: Path, found: list[tuple[HeldNote, Wave]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for place, (note, held) in enumerate(found, 1):
        soundfile.write(folder / f"{place}.wav", held, SAMPLE_RATE)
        (folder / f"{place}.json").write_text(json.dumps(asdict(note)) + "\n")
