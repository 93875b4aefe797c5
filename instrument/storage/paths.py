"""Where the player's own files lie."""

import os
from pathlib import Path

import platformdirs

DATA_FOLDER_VARIABLE = "TIMBREPAD_DATA_DIR"


def data_folder() -> Path:
    """Give the folder of the player's files: what the variable says, else the system's place."""
    chosen = os.environ.get(DATA_FOLDER_VARIABLE)
    if chosen:
        return Path(chosen).expanduser()
    return platformdirs.user_data_path("timbrepad", appauthor=False)


def presets_folder(data: Path | None = None) -> Path:
    """Give the folder of the player's presets."""
    return (data or data_folder()) / "presets"


def models_folder(data: Path | None = None) -> Path:
    """Give the folder of the models that the player brought."""
    return (data or data_folder()) / "models"


def baked_folder(data: Path | None = None) -> Path:
    """Give the folder of the keyboards that are kept rendered."""
    return (data or data_folder()) / "baked"


def kept_folder(data: Path | None = None) -> Path:
    """Give the folder of the keyboards that are kept with presets."""
    return (data or data_folder()) / "kept"


def evaluation_folder(data: Path | None = None) -> Path:
    """Give the folder of what evaluations keep: classifiers, images of notes."""
    return (data or data_folder()) / "evaluation"


def training_folder(data: Path | None = None) -> Path:
    """Give the folder of the trainings that were started in the window."""
    return (data or data_folder()) / "training"


def midi_maps_folder(data: Path | None = None) -> Path:
    """Give the folder of the player's profiles of MIDI controllers."""
    return (data or data_folder()) / "midi-maps"


def midi_map_file(data: Path | None = None) -> Path:
    """Give the file that holds what MIDI controllers moved in the last session."""
    return (data or data_folder()) / "midi-map.json"


def recordings_folder(data: Path | None = None) -> Path:
    """Give the folder of what the player recorded."""
    return (data or data_folder()) / "recordings"


def session_file(data: Path | None = None) -> Path:
    """Give the file that holds the sound of the last session."""
    return (data or data_folder()) / "session.json"


def playing_on_file(data: Path) -> Path:
    """Give the file that is there while an instrument plays on without its window."""
    return data / "playing on"


def start_marker_file(data: Path | None = None) -> Path:
    """Give the file that says, during a start, what is being opened."""
    return (data or data_folder()) / "starting.json"
