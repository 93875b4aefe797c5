"""An instrument in this process with a pretended renderer, on a clock that stands still."""

from collections import deque

import numpy as np

from instrument.engine.pool import NoteInfo, NotePool
from instrument.instrument import Instrument
from instrument.notes.renderer_protocol import (
    Drawn,
    ModelFailed,
    ModelLoaded,
    NoteRendered,
)
from instrument.options import InstrumentOptions
from instrument.presets.library import PresetLibrary
from instrument.presets.models import ModelLibrary
from instrument.presets.preset import Preset
from instrument.values.status import Corner, Timbre

RATE = 48000.0
LATENT = 4
CONFIG = """{"format": "timbrepad-model", "name": "%s", "sample_rate": 32000, "info": "a test",
"network": {"latent_size": 4, "lowest_pitch": 48, "n_pitches": 25}, "timbres": []}"""


def latent(i):
    return tuple((np.eye(LATENT)[i % LATENT] * (1 + i // LATENT)).tolist())


TIMBRES = tuple(
    Timbre(name=name, family="string", z=latent(i))
    for i, name in enumerate(["one", "two", "three", "four", "five"])
)


class PretendedRenderer:
    """Makes harmonic notes at once, in this process; the second latent number is brightness."""

    def __init__(self, name, shape):
        self.pool = NotePool(*shape, name=name)
        self.answers, self.alive, self.submitted = deque(), True, []
        self.models, self.is_slow, self.may_restart, self.n_starts = {}, False, True, 0
        self.path = ""

    def start(self):
        self.n_starts += 1

    def load_model(self, path):
        self.path = path
        self.answers.append(
            self.models[path] if path in self.models else ModelFailed(path, f"{path} is damaged.")
        )

    def submit(self, job):
        if self.alive:
            self.submitted.append(job)
            if not self.is_slow:
                self.render(job)
        return self.alive

    def render(self, job):
        latents = np.frombuffer(job.latents, "<f4").reshape(-1, LATENT)
        z = (np.array(job.weights)[:, None] * latents).sum(0)
        n_frames = round(job.sample_rate * (0.6 if job.first_only else 2.0))
        phase = 2 * np.pi * 440 * 2 ** ((job.pitch - 69) / 12) / job.sample_rate
        bright = z[1] * (1 - job.shade.softness)
        wave = np.sin(phase * np.arange(n_frames)) + bright * np.sin(
            3 * phase * np.arange(n_frames)
        )
        self.pool.write(job.slot, (0.3 * wave).astype(np.float32))
        note = NoteInfo(job.slot, n_frames, sample_rate=job.sample_rate)
        self.answers.append(NoteRendered(job.job, note))

    def draw(self, request, seed):
        z = np.full(LATENT, seed, "<f4")
        self.answers.append(Drawn(request, z.tobytes()))
        return True

    def poll(self):
        answers = list(self.answers)
        self.answers.clear()
        return answers

    def stop(self):
        pass

    def restart(self):
        if self.may_restart:
            self.alive = True
            self.start()
            self.load_model(self.path)
        return self.may_restart

    def close(self, timeout_seconds=1.0):
        self.alive = False
        self.pool.close()


class Rig:
    """Makes instruments on one folder of a player, on a clock that stands still."""

    def __init__(self, folder):
        self.folder = folder
        self.now = 1000.0
        self.library = PresetLibrary(folder / "presets")
        self.models = {}
        self.made = []
        self.is_slow = False
        self.timbres = TIMBRES
        self.add_model("Alpha")

    def add_model(self, name):
        folder = self.folder / "models" / name
        folder.mkdir(parents=True)
        (folder / "config.json").write_text(CONFIG % name)
        (folder / "weights.safetensors").write_bytes(name.encode())

    def publish(self, name, latent_space=""):
        """Put a model in the place of the one that a run has published."""
        folder = self.folder / "run" / "model"
        if folder.exists():
            folder.rename(self.folder / f"before {name}")
        folder.mkdir(parents=True)
        config = CONFIG.replace("{", f'{{"latent_space": "{latent_space}",', 1)
        (folder / "config.json").write_text(config % name)
        (folder / "weights.safetensors").write_bytes(name.encode())
        info = ModelLibrary(self.folder / "none").find(str(folder))
        self.models[info.path] = ModelLoaded(info, self.timbres, 2, "CPU")
        if self.made:
            self.renderer.models.update(self.models)
        return info

    def start(self, ticks=3, **options):
        options = {"audio": None, "midi_port": "", "bake": False, "model": "Alpha"} | options
        instrument = Instrument(
            InstrumentOptions(data_folder=str(self.folder), cache_megabytes=100, **options),
            clock=lambda: self.now,
            threaded=False,
            make_renderer=self._make_renderer,
        )
        self.made.append(instrument)
        for _ in range(ticks):
            instrument.tick()
        return instrument

    def _make_renderer(self, name, shape):
        self.renderer = PretendedRenderer(name, shape)
        self.renderer.is_slow = self.is_slow
        self.renderer.models.update(self.models)
        for info in ModelLibrary(self.folder / "models").list():
            self.renderer.models[info.path] = ModelLoaded(info, self.timbres, 2, "CPU")
        return self.renderer

    def settle(self, instrument, n=60):
        """Let the housekeeper work until every note is there."""
        for _ in range(n):
            self.now += 0.01
            instrument.tick()


def hear(instrument, seconds=0.1):
    """Take sound from the engine: float32 [frame, 2]."""
    out = np.zeros((round(seconds * RATE), 2), np.float32)
    instrument.engine.process(out)
    return out


def loudest_hz(sound):
    spectrum = np.abs(np.fft.rfft(sound[:, 0] * np.hanning(len(sound))))
    return spectrum.argmax() * RATE / len(sound)


def notices(instrument):
    return [notice.text for notice in instrument.status().notices]


def make_preset(name="Glass", **changes):
    corners = tuple(Corner(name=t.name, z=t.z, timbre=t.name) for t in (TIMBRES[3], *TIMBRES[:3]))
    return Preset(name=name, corners=corners, **changes)
