import mido
import pytest

from instrument.songs.song import SongError
from instrument.songs.song_notes import SongNote, read_notes


def on(note, time=0, velocity=100, channel=0):
    return mido.Message("note_on", note=note, velocity=velocity, channel=channel, time=time)


def off(note, time=0, channel=0):
    return mido.Message("note_off", note=note, channel=channel, time=time)


def read(tmp_path, *tracks, ticks_per_beat=100):
    song = mido.MidiFile(ticks_per_beat=ticks_per_beat, tracks=[mido.MidiTrack(t) for t in tracks])
    song.save(tmp_path / "song.mid")
    return read_notes(tmp_path / "song.mid")


def test_notes_come_instrument_by_instrument_and_not_in_the_order_of_time(tmp_path):
    notes = read(
        tmp_path,
        [on(60), off(60, 100), on(61, channel=1), off(61, 100, channel=1), on(62), off(62, 100)],
        [on(40), off(40, 50)],
    )
    assert [note.pitch for note in notes] == [60, 62, 61, 40]


def test_a_program_change_begins_another_instrument(tmp_path):
    program = mido.Message("program_change", program=5)
    notes = read(tmp_path, [on(60), off(60, 10), program, on(61), off(61, 10), on(62), off(62, 10)])
    assert [note.pitch for note in notes] == [60, 61, 62]
    back = mido.Message("program_change", program=0)
    notes = read(
        tmp_path, [on(60), off(60, 10), program, on(61), off(61, 10), back, on(62), off(62, 10)]
    )
    assert [note.pitch for note in notes] == [60, 62, 61]


def test_a_note_is_listed_when_it_ends(tmp_path):
    notes = read(tmp_path, [on(60), on(64, 10), off(64, 10), off(60, 10)])
    assert [note.pitch for note in notes] == [64, 60]


def test_one_end_ends_all_notes_of_its_pitch_but_the_one_that_begins_then(tmp_path):
    notes = read(tmp_path, [on(60, velocity=1), on(60, 10, 2), on(60, 10, 3), off(60), off(60, 10)])
    assert [(note.velocity, note.end_seconds) for note in notes] == [(1, 0.1), (2, 0.1), (3, 0.15)]


def test_velocity_zero_is_an_end_and_an_end_without_a_beginning_is_nothing(tmp_path):
    notes = read(tmp_path, [off(50), on(60, velocity=77), on(60, 100, 0), off(60, 100)])
    assert notes == [SongNote(60, 77, 0.0, 0.5)]


def test_tempo_changes_count_on_the_first_track(tmp_path):
    slow = mido.MetaMessage("set_tempo", tempo=1_000_000, time=100)
    notes = read(tmp_path, [slow], [on(60), off(60, 200)])
    assert [(note.start_seconds, note.end_seconds) for note in notes] == [(0.0, 1.5)]
    notes = read(tmp_path, [], [slow, on(60), off(60, 200)])
    assert [(note.start_seconds, note.end_seconds) for note in notes] == [(0.5, 1.5)]


def test_drums_are_notes_like_others(tmp_path):
    assert [n.pitch for n in read(tmp_path, [on(38, channel=9), off(38, 10, channel=9)])] == [38]


@pytest.mark.parametrize("track", [[], [on(60)], [on(60), off(60)]])
def test_a_song_without_a_whole_note_is_refused(tmp_path, track):
    with pytest.raises(SongError, match="no notes"):
        read(tmp_path, track)


@pytest.mark.parametrize("content", [b"", b"RIFF", b"MThd\0\0\0\6\0\1\0\1\0\x60"])
def test_what_is_no_song_is_said(tmp_path, content):
    path = tmp_path / "song.mid"
    path.write_bytes(content)
    with pytest.raises(SongError, match=r"song\.mid"):
        read_notes(path)


def test_a_song_that_never_ends_is_refused(tmp_path):
    with pytest.raises(SongError, match="hours"):
        read(tmp_path, [on(60), off(60, 2**27)])


def test_a_song_whose_time_is_not_in_beats_is_refused(tmp_path):
    read(tmp_path, [on(60), off(60, 10)])
    data = bytearray((tmp_path / "song.mid").read_bytes())
    data[12:14] = b"\xe7\x28"  # 25 frames a second, 40 ticks a frame
    (tmp_path / "song.mid").write_bytes(data)
    with pytest.raises(SongError, match="beats"):
        read_notes(tmp_path / "song.mid")
