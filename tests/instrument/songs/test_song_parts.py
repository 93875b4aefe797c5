"""Songs in parts: which channel plays what, the pad's path, stems and the mix."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from instrument.presets.preset import Preset
from instrument.songs.mixdown import limited, write_mix
from instrument.songs.offline import WaveError, wave_file
from instrument.songs.song import SongError
from instrument.songs.song_parts import SongPart, split_song
from instrument.songs.song_path import moves_along, read_pad_path, with_moves
from instrument.songs.song_render import Mixdown, render_song
from instrument.storage.folder import FolderError
from instrument.values.events import AllNotesOff, AnyEvent, ControlChange, MovePad, NoteOff, NoteOn
from tests.instrument.sampled import SAMPLE_RATE, SteadyNotes, preset_of

SOFT, LOUD = preset_of("Soft", volume=-20.0), preset_of("Loud", volume=6.0)


@pytest.fixture
def notes() -> Iterator[SteadyNotes]:
    notes = SteadyNotes()
    yield notes
    notes.pool.close()


def note(key: int, channel: int, start: float = 0.0, end: float = 0.3) -> list[AnyEvent]:
    return [
        NoteOn(note=key, velocity=100, channel=channel, time_seconds=start),
        NoteOff(note=key, channel=channel, time_seconds=end),
    ]


def in_order(*events: list[AnyEvent]) -> list[AnyEvent]:
    return sorted((e for each in events for e in each), key=lambda event: event.time_seconds)


SONG = in_order(note(48, 0), note(60, 1, 0.1, 0.5), note(64, 1, 0.1, 0.5), note(50, 9, 0.2))


def rendered(notes: SteadyNotes, folder: Path, parts: list[SongPart], **to: object) -> np.ndarray:
    out = folder / "mix.wav"
    render_song(parts, notes, Mixdown(out, "FLOAT", **to), SAMPLE_RATE)  # type: ignore[arg-type]
    return soundfile.read(out, dtype="float32")[0]


def test_each_channel_plays_its_own_notes_with_its_own_preset() -> None:
    parts = split_song(SONG, SOFT, {1: LOUD, 9: None})
    assert [part.name for part in parts] == ["01 Soft", "02 Loud"]
    assert [{e.note for e in part.events if isinstance(e, NoteOn)} for part in parts] == [
        {48},
        {60, 64},
    ]


def test_what_is_meant_for_all_channels_comes_to_each() -> None:
    stop = AllNotesOff(time_seconds=0.7)
    parts = split_song([*SONG, stop], SOFT, {})
    assert all(part.events[-1] is stop for part in parts)


def test_a_channel_that_plays_nothing_is_told() -> None:
    with pytest.raises(SongError, match=r"Channel 5 plays no notes.*1, 2, 10"):
        split_song(SONG, SOFT, {4: LOUD})


def test_a_song_of_which_nothing_is_left_is_told() -> None:
    with pytest.raises(SongError, match="left to play"):
        split_song(SONG, SOFT, {0: None, 1: None, 9: None})


def test_stems_add_up_to_the_mix(notes: SteadyNotes, tmp_path: Path) -> None:
    parts = split_song(SONG, SOFT, {})
    mix = rendered(notes, tmp_path, parts, stems=tmp_path / "stems")
    stems = [
        soundfile.read(path, dtype="float32")[0] for path in sorted(tmp_path.glob("stems/*.wav"))
    ]
    assert len(stems) == 3
    assert all(np.abs(stem).max() > 0.01 for stem in stems)
    np.testing.assert_allclose(np.sum(stems, axis=0), mix, atol=1e-6)


def test_a_mix_that_is_too_loud_is_limited_and_its_stems_are_not(
    notes: SteadyNotes, tmp_path: Path
) -> None:
    song = in_order(*(note(key, channel) for channel in range(4) for key in (48, 60)))
    parts = split_song(song, LOUD, {})
    mix = rendered(notes, tmp_path, parts, stems=tmp_path / "stems")
    stems = [soundfile.read(path)[0] for path in tmp_path.glob("stems/*.wav")]
    assert np.abs(np.sum(stems, axis=0)).max() > 1.0
    assert np.abs(mix).max() <= 1.0


def test_one_part_is_what_the_engine_plays(notes: SteadyNotes, tmp_path: Path) -> None:
    song = note(60, 0)
    alone = rendered(notes, tmp_path, [SongPart(0, SOFT, tuple(song))])
    parts = split_song(in_order(song, note(40, 3)), SOFT, {3: None})
    np.testing.assert_array_equal(rendered(notes, tmp_path, parts), alone)


def test_a_mix_is_brought_to_the_level_that_is_asked_for(
    notes: SteadyNotes, tmp_path: Path
) -> None:
    mix = rendered(notes, tmp_path, split_song(SONG, SOFT, {}), peak_db=-3.0)
    assert 20 * np.log10(np.abs(mix).max()) == pytest.approx(-3.0, abs=0.01)


def test_silence_stays_silent_at_any_level(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros((1000, 2)), SAMPLE_RATE)
    blocks: list[np.ndarray] = []
    write_mix([tmp_path / "a.wav"], SAMPLE_RATE, blocks.append, -1.0)
    assert np.abs(np.concatenate(blocks)).max() == 0.0


def test_a_song_that_can_not_be_written_leaves_nothing(notes: SteadyNotes, tmp_path: Path) -> None:
    (tmp_path / "stems").mkdir()
    (tmp_path / "stems" / "mine.wav").write_bytes(b"mine")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(FolderError, match="is there already"):
        rendered(notes, tmp_path, split_song(SONG, SOFT, {}), stems=tmp_path / "stems")
    assert sorted(tmp_path.rglob("*")) == before


def test_stems_of_a_former_render_are_replaced_when_that_is_asked_for(
    notes: SteadyNotes, tmp_path: Path
) -> None:
    stems = tmp_path / "stems"
    rendered(notes, tmp_path, split_song(SONG, SOFT, {}), stems=stems)
    parts = split_song(SONG, SOFT, {0: None, 1: None})
    rendered(notes, tmp_path, parts, stems=stems, replace_stems=True)
    assert [path.name for path in stems.glob("*.wav")] == ["10 Soft.wav"]


@settings(deadline=None)
@given(chunks=st.lists(st.integers(1, 5).map(lambda n: 64 * n), min_size=1, max_size=6))
def test_a_limiter_does_not_hear_where_chunks_end(chunks: list[int]) -> None:
    wave = np.random.default_rng(3).normal(0, 1, (sum(chunks), 2)).astype(np.float32)
    whole = np.concatenate(list(limited(iter([wave]), SAMPLE_RATE)))
    cut = np.split(wave, np.cumsum(chunks)[:-1])
    np.testing.assert_array_equal(np.concatenate(list(limited(iter(cut), SAMPLE_RATE))), whole)


@pytest.mark.parametrize(
    ("name", "encoding", "subtype", "format_name"),
    [
        ("a.wav", "PCM_16", "PCM_16", "WAV"),
        ("a.flac", "PCM_24", "PCM_24", "FLAC"),
        ("a.FLAC", "PCM_16", "PCM_16", "FLAC"),
    ],
)
def test_the_names_ending_says_what_a_file_is(
    name: str, encoding: str, subtype: str, format_name: str, tmp_path: Path
) -> None:
    with wave_file(tmp_path / name, SAMPLE_RATE, encoding=encoding) as write:  # type: ignore[arg-type]
        write(np.zeros((10, 2), np.float32))
    info = soundfile.info(tmp_path / name)
    assert (info.subtype, info.format) == (subtype, format_name)


def test_a_flac_of_floats_is_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(WaveError, match="holds no floats"),
        wave_file(tmp_path / "a.flac", SAMPLE_RATE, encoding="FLOAT"),
    ):
        pass


def path_of(folder: Path, text: str) -> Path:
    path = folder / "path.txt"
    path.write_text(text, "utf-8")
    return path


def test_a_path_is_read_with_commas_spaces_and_remarks(tmp_path: Path) -> None:
    text = "# my path\n0 0 0\n\n1.5, 0.25, 1  # up\n"
    assert read_pad_path(path_of(tmp_path, text)) == [(0.0, 0.0, 0.0), (1.5, 0.25, 1.0)]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "holds no place"),
        ("1 2", "1 must have three numbers"),
        ("0 0 0\n1 a 0", "2 must have three numbers"),
        ("0 0 1.2", "beyond the pad"),
        ("0 nan 0", "beyond the pad"),
        ("2 0 0\n1 0 0", "2 has the time 1 s"),
        ("nan 0 0", "has the time"),
        ("1e9 0 0", "has the time"),
    ],
)
def test_a_line_that_is_wrong_is_named(text: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(SongError, match=says):
        read_pad_path(path_of(tmp_path, text))


def test_a_path_that_is_not_there_or_no_text_is_told(tmp_path: Path) -> None:
    with pytest.raises(SongError, match="There is no file"):
        read_pad_path(tmp_path / "none.txt")
    (tmp_path / "a.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SongError, match="is not a text"):
        read_pad_path(tmp_path / "a.txt")


@settings(deadline=None)
@given(
    points=st.lists(
        st.tuples(st.floats(0, 60), st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=8
    )
)
def test_a_finger_goes_straight_between_the_places_of_its_path(
    points: list[tuple[float, float, float]],
) -> None:
    points.sort()
    moves = moves_along(points)
    times = [move.time_seconds for move in moves]
    assert times == sorted(times)
    assert np.diff(times).max(initial=0.0) < 0.1 + 1e-9
    assert moves[0] == MovePad(x=points[0][1], y=points[0][2], time_seconds=points[0][0])
    assert (moves[-1].x, moves[-1].y) == pytest.approx(points[-1][1:], abs=1e-9)
    assert all(0 <= move.x <= 1 and 0 <= move.y <= 1 for move in moves)


def test_movements_come_before_the_notes_of_their_time() -> None:
    move = MovePad(x=1.0, y=0.0, time_seconds=0.1)
    merged = with_moves(SONG, [move])
    at = merged.index(move)
    assert merged[at + 1].time_seconds == 0.1
    assert merged[at - 1].time_seconds < 0.1


def test_a_path_that_is_longer_than_the_song_does_not_lengthen_it() -> None:
    late = MovePad(x=1.0, y=0.0, time_seconds=99.0)
    assert with_moves(SONG, [late]) == SONG


def test_a_channels_pad_is_moved_by_its_own_controllers(notes: SteadyNotes, tmp_path: Path) -> None:
    cells: dict[str, set[str]] = {}
    expect = notes.expect

    def expect_and_tell(cues):  # type: ignore[no-untyped-def]
        cells[str(len(cells))] = {cue.target.cell for cue in cues}
        expect(cues)

    notes.expect = expect_and_tell  # type: ignore[method-assign]
    move: list[AnyEvent] = [ControlChange(controller=16, value=127, channel=1, time_seconds=0.2)]
    preset = Preset(name="p", corners=SOFT.corners, pad_x=0.0, pad_y=0.0)
    rendered(notes, tmp_path, split_song(in_order(SONG, move), preset, {9: None}))
    assert [len(of_part) for of_part in cells.values()] == [1, 2]
