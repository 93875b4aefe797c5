"""Which notes of NSynth are taken, and an account of it before any work begins."""

import csv
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from .notes import FAMILIES, DatasetError, Note

Split = Literal["train", "valid", "test", "all"]
SplitOf = Literal["paper", "nsynth"]

SOURCES = ("acoustic", "electronic", "synthetic")
SPLITS: tuple[Split, ...] = ("train", "valid", "test", "all")
SPLIT_LIST = "nsynth-gansynth_splits.csv"
SPLIT_LIST_URL = f"http://download.magenta.tensorflow.org/datasets/nsynth/{SPLIT_LIST}"

# How many notes each of the paper's splits has, by the list of its authors.
PAPER_COUNTS = {"train": 60788, "valid": 17469, "test": 8518}

_BAR = 40


@dataclass(frozen=True)
class Filters:
    """Which notes are taken; as it stands, those that GANSynth was trained on.

    Attributes:
        sources: Some of `SOURCES`.
        lowest: The lowest pitch.
        highest: The highest pitch.
        velocities: None takes all.
        families: Some of `FAMILIES`; None takes all.
        split: The part of the notes, or "all".
        split_of: "paper" is GANSynth's split, which mixes the instruments; "nsynth" is the
            folder that a note came in, whose instruments are in no other.
    """

    sources: tuple[str, ...] = ("acoustic",)
    lowest: int = 24
    highest: int = 84
    velocities: tuple[int, ...] | None = None
    families: tuple[str, ...] | None = None
    split: Split = "train"
    split_of: SplitOf = "paper"

    def __post_init__(self) -> None:
        if not 0 <= self.lowest <= self.highest <= 127:
            raise ValueError(f"pitches must lie in 0..127, not {self.lowest}-{self.highest}")
        for name, values, known in (
            ("sources", self.sources, SOURCES),
            ("families", self.families or (), FAMILIES),
            ("split", (self.split,), SPLITS),
            ("split_of", (self.split_of,), ("paper", "nsynth")),
        ):
            for value in values:
                if value not in known:
                    raise ValueError(f"{name} must be among {', '.join(known)}, not {value}")

    @property
    def is_papers(self) -> bool:
        """Whether these are the notes of one of the paper's splits."""
        return self == Filters(split=self.split) and self.split != "all"


@dataclass
class Census:
    """What the filters do to the notes, counted one filter after the other.

    Attributes:
        filters: The filters.
        has_list: The paper's own list of its split was there.
        n_all: Notes looked at.
        dropped: By filter, what the dropped notes had.
        kept_families: By family.
        all_families: By family.
        kept_pitches: By pitch.
        all_pitches: By pitch.
    """

    filters: Filters
    has_list: bool
    n_all: int = 0
    dropped: dict[str, Counter[str]] = field(default_factory=dict)
    kept_families: Counter[str] = field(default_factory=Counter)
    all_families: Counter[str] = field(default_factory=Counter)
    kept_pitches: Counter[int] = field(default_factory=Counter)
    all_pitches: Counter[int] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.dropped = {name: Counter() for name in _questions(self.filters)}

    @property
    def n_kept(self) -> int:
        """Notes that pass all filters."""
        return self.kept_pitches.total()

    def take(self, note: Note, split: str | None) -> bool:
        """Count a note, and say whether it passes.

        Args:
            note: The note.
            split: The part it belongs to; None if the paper's list does not name it.
        """
        self.n_all += 1
        self.all_families[note.instrument_family_str] += 1
        self.all_pitches[note.pitch] += 1
        for name, (value, passes) in _answers(self.filters, note, split).items():
            if not passes:
                self.dropped[name][value] += 1
                return False
        self.kept_families[note.instrument_family_str] += 1
        self.kept_pitches[note.pitch] += 1
        return True

    def check(self) -> None:
        """Refuse filters that leave nothing.

        Raises:
            DatasetError: It names the filter that dropped the last note, and what there was.
        """
        if self.n_kept:
            return
        left = self.n_all
        for name, dropped in self.dropped.items():
            if dropped and dropped.total() == left:
                there = ", ".join(sorted(dropped)[:12])
                raise DatasetError(
                    f"No notes are left: --{_OPTIONS[name]} "
                    f"{_questions(self.filters)[name]} takes none of {left}, which have {name} "
                    f"{there}. Choose others."
                )
            left -= dropped.total()
        raise DatasetError("The download lists no notes. Download it again.")

    def lines(self) -> Iterator[str]:
        """Give the account, to be printed."""
        yield f"{self.n_all:,} notes"
        left = self.n_all
        for name, wanted in _questions(self.filters).items():
            dropped = self.dropped[name]
            left -= dropped.total()
            most = sorted(dropped.items(), key=lambda item: (-item[1], item[0]))[:4]
            gone = ", ".join(f"{value} {n:,}" for value, n in most)
            yield f"  {name:9} {wanted:28} {left:>9,} stay" + (f"; gone: {gone}" if gone else "")
        if self.filters.split != "all" and self.filters.split_of == "paper":
            yield from self._lines_on_split()
        yield f"  {'family':12} {'in':>9} {'out':>9}"
        for family in sorted(self.all_families):
            kept = self.kept_families[family]
            yield f"  {family:12} {kept:>9,} {self.all_families[family] - kept:>9,}"
        yield f"  {'pitches':12} {'in':>9} {'out':>9}"
        octaves = sorted({pitch // 12 for pitch in self.all_pitches})
        kept_in, all_in = (_by_octave(c) for c in (self.kept_pitches, self.all_pitches))
        longest = max(kept_in.values(), default=0)
        for octave in octaves:
            kept, bar = kept_in[octave], "#" * round(_BAR * kept_in[octave] / max(longest, 1))
            name = f"{12 * octave}-{12 * octave + 11}"
            yield f"  {name:12} {kept:>9,} {all_in[octave] - kept:>9,}  {bar}".rstrip()

    def _lines_on_split(self) -> Iterator[str]:
        if not self.has_list:
            yield (
                "  The paper's list of its split is not there, so notes are drawn 70:20:10, the "
                "same ones each time. For the paper's own split put this beside the download: "
                f"{SPLIT_LIST_URL}"
            )
        elif self.filters.is_papers and self.n_kept != PAPER_COUNTS[self.filters.split]:
            yield (
                f"  The paper's {self.filters.split} split has "
                f"{PAPER_COUNTS[self.filters.split]:,} notes; the download is not whole."
            )


_OPTIONS = {
    "source": "sources",
    "pitch": "pitches",
    "velocity": "velocities",
    "family": "families",
    "split": "split",
}


def _questions(filters: Filters) -> dict[str, str]:
    """Name the filters in their order, with what each asks for."""
    return {
        "source": ",".join(filters.sources),
        "pitch": f"{filters.lowest}-{filters.highest}",
        "velocity": ",".join(map(str, filters.velocities)) if filters.velocities else "all",
        "family": ",".join(filters.families) if filters.families else "all",
        "split": filters.split
        if filters.split == "all"
        else f"{filters.split} of {filters.split_of}",
    }


def _answers(filters: Filters, note: Note, split: str | None) -> Mapping[str, tuple[str, bool]]:
    """Give what a note has for each filter, and whether it passes."""
    source, family = note.instrument_source_str, note.instrument_family_str
    beside = (
        f"below {filters.lowest}" if note.pitch < filters.lowest else f"above {filters.highest}"
    )
    return {
        "source": (source, source in filters.sources),
        "pitch": (beside, filters.lowest <= note.pitch <= filters.highest),
        "velocity": (
            str(note.velocity),
            filters.velocities is None or note.velocity in filters.velocities,
        ),
        "family": (family, filters.families is None or family in filters.families),
        "split": (split or "no split", filters.split in {"all", split}),
    }


def _by_octave(pitches: Counter[int]) -> Counter[int]:
    octaves: Counter[int] = Counter()
    for pitch, n in pitches.items():
        octaves[pitch // 12] += n
    return octaves


def read_splits(path: Path) -> dict[str, str]:
    """Read the paper's list of its split: by note, "train", "valid" or "test".

    Raises:
        DatasetError: If the file is not that list.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            splits = {row["id"]: row["split"] for row in csv.DictReader(file)}
    except OSError as error:
        raise DatasetError(f"Could not read {path}: {error.strerror}.") from error
    except (KeyError, csv.Error, UnicodeDecodeError) as error:
        raise DatasetError(f"{path} is not the paper's list. Get {SPLIT_LIST_URL}") from error
    if not splits or not set(splits.values()) <= {"train", "valid", "test"}:
        raise DatasetError(f"{path} is not the paper's list, or cut short. Get {SPLIT_LIST_URL}")
    return splits


def drawn_split(note_str: str) -> str:
    """Draw the split of a note in the paper's proportions; the same one each time."""
    place = zlib.crc32(note_str.encode()) % 100
    return "train" if place < 70 else "valid" if place < 90 else "test"
