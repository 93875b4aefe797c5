"""A command line that writes the files of the real one, and learns nothing; run by tests."""

import json
import os
import signal
import sys
import time
from pathlib import Path

N_EXAMPLES = 1000
FINDINGS = [
    {"subject": "pitches", "state": "advice", "text": "Record these: D1, F1.", "names": []},
    {"subject": "files", "state": "good", "text": "every one can be <read>.", "names": []},
]


def cut(source: Path, notes: Path) -> int:
    recordings = sorted(source.glob("*.wav"))
    if not recordings:
        return fail(f"{source} holds no recordings. Choose another folder.")
    (notes / "audio").mkdir(parents=True)
    for recording in recordings:
        if recording.stem.startswith("damaged"):
            fail(f"{recording.name} can't be read; it is left out.")
        else:
            (notes / "audio" / recording.name).write_bytes(b"wave")
    (notes / "examples.json").write_text("{}")
    return int(any(recording.stem.startswith("damaged") for recording in recordings))


def check(notes: Path) -> int:
    n = len(list((notes / "audio").glob("*.wav")))
    too_few = [{"subject": "notes", "state": "stop", "text": f"{n} notes are too few."}]
    report = {
        "folder": str(notes),
        "verdict": "usable with gaps" if n > 2 else "not yet",
        "n_notes": n,
        "pitches": {str(60 + 3 * i): 1 for i in range(n)},
        "instruments": [{"name": "cello", "family": "string", "pitches": {"60": 1}}],
        "findings": FINDINGS if n > 2 else too_few + FINDINGS,
    }
    print(json.dumps(report))
    return 0 if n > 2 else 1


def train(run: Path, options: dict[str, str]) -> int:
    asked = []
    signal.signal(signal.SIGTERM, lambda *_: asked.append(1))
    run.mkdir(exist_ok=True)
    (run / "nice").write_text(str(os.nice(0)))
    (run / "options.json").write_text(json.dumps(options))
    (run / "config.json").write_text(json.dumps({"recipe": "warm-start", "examples": N_EXAMPLES}))
    seen = max((int(p.stem.split("-")[1]) for p in run.glob("checkpoints/*")), default=0)
    run.joinpath("latent_space.txt").write_text("0123456789abcdef")
    preview(run)
    while seen < N_EXAMPLES and not asked:
        seen += 10
        line = {
            "examples_seen": seen,
            "stage": 4,
            "examples_per_second": 50.0,
            "losses": {"magnitude": 1 / seen},
            "seconds_left": (N_EXAMPLES - seen) / 50,
        }
        with (run / "stats.jsonl").open("a") as file:
            file.write(json.dumps(line) + "\n")
        if seen % 100 == 0:
            preview(run)
            publish(run, seen, {"held_out_off_db": 500 / seen} if seen % 200 == 0 else {})
        if options["--name"] == "Diverges" and seen >= 50:
            return fail("The loss magnitude is not a number after 50 notes.")
        time.sleep(0.0 if options["--name"] == "Quick" else 0.02)
    (run / "checkpoints").mkdir(exist_ok=True)
    (run / "checkpoints" / f"notes-{seen:09}.safetensors").write_bytes(b"")
    publish(run, seen, {})
    return 0


def publish(run: Path, seen: int, measures: dict[str, float]) -> None:
    for folder in (run / "model", run / "history" / f"notes-{seen:09}"):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "weights.safetensors").write_bytes(b"")
        partial = folder / "partial"
        partial.write_text(json.dumps({"figures": {"examples_seen": seen, **measures}}))
        partial.replace(folder / "config.json")


def preview(run: Path) -> None:
    (run / "previews").mkdir(exist_ok=True)
    own = run / "sounds.json"
    names = [sound["name"] for sound in json.loads(own.read_text())] if own.exists() else []
    notes = []
    for number, name in enumerate(["cello", *names], 1):
        wave, picture = f"note-{number}.wav", f"note-{number}.png"
        (run / "previews" / wave).write_bytes(b"wave")
        (run / "previews" / picture).write_bytes(b"picture")
        note = {"name": name, "pitch": 60, "wave": wave, "picture": picture}
        notes.append(note | {"is_own": number > 1})
    index = {"examples_seen": 10, "stage": 4, "notes": notes}
    (run / "previews" / "partial").write_text(json.dumps(index))
    (run / "previews" / "partial").replace(run / "previews" / "previews.json")


def bring_in(model: Path, name: str) -> int:
    models = Path(os.environ["TIMBREPAD_DATA_DIR"]) / "models"
    if (models / name).exists():
        return fail(f'There is a model "{name}" already.')
    models.mkdir(exist_ok=True)
    (models / name).mkdir()
    return 0 if (model / "weights.safetensors").exists() else 1


def fail(line: str) -> int:
    print(line, file=sys.stderr, flush=True)
    return 1


def main(arguments: list[str]) -> int:
    match arguments:
        case ["data", "folder", source, notes]:
            return cut(Path(source), Path(notes))
        case ["data", "check", notes, "--json"]:
            return check(Path(notes))
        case ["train", _, *rest]:
            options = dict(zip(rest[::2], rest[1::2], strict=True))
            return train(Path(options["--run"]), options)
        case ["models", "import", model, "--name", name]:
            return bring_in(Path(model), name)
    return fail(f"{arguments} are not known")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
