"""GANSynth's checkpoints become models: against the original's waves, and against its formulas."""

import io
import json
import math
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from model.checkpoint import ModelError
from model.gansynth import GANSynth
from model.magenta import check_sound, import_checkpoint
from model.mel import mel_to_linear_matrix
from model.tensor_bundle import TensorBundle
from tests.model.checkpoints import (
    AVERAGED,
    CLASSIFIER,
    GENERATOR,
    Checkpoint,
    made_weights,
    write_bundle,
)

DATA = Path(__file__).parents[1] / "data" / "golden"
ORIGINAL = DATA / "ckpt_reduced"
REDUCED = (16, 16, 16, 16, 16, 8, 4)
PREFIX = "model.ckpt-11000000"


def imported(source, folder, name=""):
    """Import a checkpoint; give what is said of it, and the model."""
    result = import_checkpoint(source, folder / "model", name)
    return result, GANSynth.load(folder / "model")


def rms_off(wave, expected):
    expected = expected.astype(np.float64)
    return math.sqrt(np.mean((wave - expected) ** 2) / np.mean(expected**2))


# Against the original's waves


@pytest.fixture(scope="module")
def golden():
    with np.load(DATA / "generator_reduced.npz", allow_pickle=False) as arrays:
        return dict(arrays)


def test_the_originals_checkpoint_gives_the_originals_waves(golden, tmp_path):
    """TensorFlow's own table and settings; its data rebuilt, which its checksums prove."""
    root = tmp_path / "ckpt_reduced"
    shutil.copytree(ORIGINAL, root)
    bundle = TensorBundle(root / "stage_00012" / PREFIX)
    with (root / "stage_00012" / f"{PREFIX}.data-00000-of-00001").open("wb") as file:
        for name, entry in bundle._entries.items():
            if name == "global_step" or name.endswith(AVERAGED):
                whole = name == "global_step"
                array = np.int64(11_000_000) if whole else made_weights(name, entry.shape)
                file.seek(entry.offset)
                file.write(array.tobytes())
    result, model = imported(root, tmp_path)
    assert result.config.name == "ckpt_reduced"
    assert result.config.network.channels == REDUCED
    assert result.remarks == ()
    z, pitches = torch.from_numpy(golden["z"]).float(), torch.from_numpy(golden["pitches"])
    waves = model.generate(z, pitches).numpy()
    assert rms_off(waves[0], golden["waves_0"]) <= 1e-3
    start = golden["waves_1_start"]
    assert rms_off(waves[1][: len(start)], start) <= 1e-3


def test_float32_weights_are_kept_to_the_bit(tmp_path):
    checkpoint = Checkpoint()
    _, model = imported(checkpoint.write(tmp_path / "c"), tmp_path)
    kernel = checkpoint.tensors()[f"{GENERATOR}2/conv0/conv2d/kernel{AVERAGED}"]
    ours = model.generator.state_dict()["blocks.0.conv0.weight"].numpy()
    np.testing.assert_array_equal(ours, kernel.transpose(3, 2, 0, 1))


# Against the original's formulas, written straight down


def original_image(checkpoint, z, label, progress=None, suffix=AVERAGED):
    """Make the network's image as the original does, in float64: [2, time, freq]."""
    tensors, n_blocks = checkpoint.tensors(), len(checkpoint.channels)
    flags = checkpoint.settings
    base = flags.get("scale_base", 2)
    factor = (base, base) if flags.get("scale_mode", "ALL") == "ALL" else (base, 1)
    n_resolutions = flags["num_resolutions"]
    progress = n_blocks - 1 if progress is None else progress
    tanh = flags.get("to_rgb_activation", "tanh") == "tanh"

    def get(block, name):
        return torch.from_numpy(tensors[f"{GENERATOR}{block}/{name}{suffix}"]).double()

    def conv(x, block, layer, slope=0.0, pad=True):
        kernel = get(block, f"{layer}/conv2d/kernel").permute(3, 2, 0, 1)
        scale = math.sqrt(2 / ((1 + slope**2) * kernel[0].numel()))
        padding = [size // 2 for size in kernel.shape[2:]] if pad else 0
        return functional.conv2d(x, kernel * scale, get(block, f"{layer}/bias"), padding=padding)

    def norm(x):
        return x / torch.sqrt((x**2).mean(1, keepdim=True) + 1e-8)

    def up(x, times=1):
        for axis in (0, 1):
            x = x.repeat_interleave(factor[axis] ** times, 2 + axis)
        return x

    one_hot = torch.eye(checkpoint.n_pitches, dtype=torch.float64)[label]
    x = torch.cat([torch.from_numpy(z).double(), one_hot])[None, :, None, None]
    out = 0
    for block in range(1, n_blocks + 1):
        if checkpoint.simple:
            x = simple_block(x, block, get, checkpoint, factor)
        else:
            if block == 1:
                h, w = checkpoint.start
                x = functional.pad(norm(x), (w - 1, w - 1, h - 1, h - 1))
            else:
                x = up(x)
            x = norm(functional.leaky_relu(conv(x, block, "conv0", pad=block > 1), 0.2))
            x = norm(functional.leaky_relu(conv(x, block, "conv1"), 0.2))
        if checkpoint.simple:
            kernel = get(block, "to_rgb/kernel").permute(3, 2, 0, 1)
            head = functional.conv2d(x, kernel, get(block, "to_rgb/bias"))
        else:
            head = conv(x, block, "to_rgb", slope=1.0)
        head = torch.tanh(head) if tanh else head
        weight = max(0.0, min(progress - (block - 2), block - progress))
        out = out + weight * up(head, n_resolutions - block)
    return out[0]


def simple_block(x, block, get, checkpoint, factor):
    if block == 1:
        x = x[:, :, 0, 0] @ get(1, "dense/kernel") + get(1, "dense/bias")
        return torch.relu(x.view(1, *checkpoint.start, -1).permute(0, 3, 1, 2))
    kernel = get(block, "conv2d_transpose/kernel").permute(3, 2, 0, 1)
    size = [along * step for along, step in zip(x.shape[2:], factor, strict=True)]
    x = functional.conv_transpose2d(x, kernel, stride=factor)
    first = [max(kernel.shape[2] - step, 0) // 2 for step in factor]
    x = functional.pad(x, (0, size[1], 0, size[0]))  # where the stride is wider than the kernel
    x = x[:, :, first[0] : first[0] + size[0], first[1] : first[1] + size[1]]
    return torch.relu(x + get(block, "conv2d_transpose/bias")[:, None, None])


def assert_like_the_original(checkpoint, model, progress=None, suffix=AVERAGED):
    z = np.random.default_rng(3).standard_normal(checkpoint.latent_size)
    for label in (0, checkpoint.n_pitches - 1):
        expected = original_image(checkpoint, z, label, progress, suffix)
        image = model.specgrams(torch.from_numpy(z).float()[None], torch.tensor([24 + label]))[0]
        off = (image.double() - expected).abs()
        assert off.square().mean().sqrt() <= 1e-4 * expected.square().mean().sqrt()
        assert off.max() <= 0.02  # few channels: pixel norm raises rounding where all are near 0


def original_wave(image, settings, scale, offset):
    """Make the wave of an image as the original does, in float64.

    Args:
        image: float64 [2, time, freq], as the network gives it.
        settings: Of the training.
        scale: [2, 1, 1] or [2, 1, freq], of the normaliser.
        offset: Likewise.
    """
    magnitude, phase = (image - offset) / scale
    n_times, n_freqs = magnitude.shape
    phase = np.pi * phase
    if settings["data_type"] != "phase":
        phase = np.cumsum(phase, axis=0)
    if settings["data_type"] == "mel":
        back = mel_to_linear_matrix(n_freqs, settings["sample_rate"])
        magnitude = 0.5 * np.log(np.exp(magnitude) @ back + 1e-6)
        phase = phase @ back
    spectra = np.pad(np.exp(magnitude + 1j * phase), ((0, 0), (1, 0)))
    n_fft, hop = 2 * n_freqs, n_freqs // 2
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)) / 1.5
    frames = np.fft.irfft(spectra, n_fft) * window
    wave = np.zeros(hop * (n_times - 1) + n_fft)
    for number, frame in enumerate(frames):
        wave[number * hop : number * hop + n_fft] += frame
    return wave[len(wave) - settings["audio_length"] :]


MEASURED = 0.3 + np.random.default_rng(1).random((64, 4))
MEASURED[:, 1::2] -= 0.8


@pytest.mark.parametrize("data_type", ["mel", "linear", "phase"])
@pytest.mark.parametrize("kind", ["prespecified", "simple", "freq", "none"])
def test_each_data_type_and_normaliser_gives_the_wave_of_the_originals_formulas(
    data_type, kind, tmp_path
):
    normalizer = "none" if kind == "none" else f"specgrams_{kind}_normalizer"
    flags = {"data_type": data_type, "data_normalizer": normalizer, "sample_rate": 16000}
    numbers = {"prespecified": (0.5, 0.1, 0.7, -0.2), "simple": MEASURED[0], "freq": MEASURED}
    numbers = np.array(numbers.get(kind, (1.0, 0.0, 1.0, 0.0)))
    if kind == "prespecified":
        keys = ("mag_normalizer_a", "mag_normalizer_b", "p_normalizer_a", "p_normalizer_b")
        flags |= dict(zip(keys, numbers.tolist(), strict=True))
    checkpoint = Checkpoint(flags=flags)
    root = checkpoint.write(tmp_path / "c")
    (root / "assets").mkdir()
    np.savez(root / "assets" / f"{normalizer}.npz", normalizer=numbers)
    _, model = imported(root, tmp_path)
    z = np.random.default_rng(3).standard_normal(checkpoint.latent_size)
    scale, offset = (numbers[..., [i, i + 2]].T.reshape(2, 1, -1) for i in (0, 1))
    image = original_image(checkpoint, z, 36).numpy()
    expected = original_wave(image, checkpoint.settings, scale, offset)
    wave = model.generate(torch.from_numpy(z).float()[None], torch.tensor([60]))[0].numpy()
    assert rms_off(wave, expected) <= 1e-3


VARIANTS = {
    "published shape, narrow": Checkpoint(channels=(8, 8, 8, 8, 4, 4, 4), latent_size=16),
    "base resolution": Checkpoint(channels=(8, 8, 8, 8, 4, 4, 4), start=(4, 8)),
    "other widths": Checkpoint(channels=(7, 6, 5, 3), latent_size=11),
    "one block": Checkpoint(channels=(6,), start=(4, 16)),
    "kernel of five": Checkpoint(kernel_size=5),
    "kernel of one": Checkpoint(kernel_size=1),
    "linear heads": Checkpoint(flags={"to_rgb_activation": "linear"}),
    "scaled by three": Checkpoint(flags={"scale_base": 3, "audio_length": 1000}),
    "time alone": Checkpoint(start=(2, 32), flags={"scale_mode": "H", "audio_length": 100}),
    "few pitches": Checkpoint(n_pitches=12),
    "several shards": Checkpoint(n_shards=3, block_bytes=200),
    "not progressive": Checkpoint(step=800, flags={"train_progressive": False}),
}


@pytest.mark.parametrize("checkpoint", VARIANTS.values(), ids=VARIANTS)
def test_variants_make_the_images_of_the_originals_formulas(checkpoint, tmp_path):
    result, model = imported(checkpoint.write(tmp_path / "c"), tmp_path)
    network = result.config.network
    assert network.channels == checkpoint.channels
    assert (network.latent_size, network.n_pitches) == (
        checkpoint.latent_size,
        checkpoint.n_pitches,
    )
    assert network.start == checkpoint.start
    assert_like_the_original(checkpoint, model)
    check_sound(tmp_path / "model")


@pytest.mark.parametrize("kernel_size", [1, 3, 5])
@pytest.mark.parametrize("mode", ["ALL", "H"])
def test_the_simple_architecture_makes_the_images_of_its_formulas(kernel_size, mode, tmp_path):
    flags = {"scale_mode": mode, "audio_length": 50}
    checkpoint = Checkpoint(simple=True, kernel_size=kernel_size, flags=flags)
    result, model = imported(checkpoint.write(tmp_path / "c"), tmp_path)
    assert result.config.network.architecture == "simple"
    assert_like_the_original(checkpoint, model)
    check_sound(tmp_path / "model")


@pytest.mark.parametrize(
    ("stage", "step", "progress"),
    [(3, 1_600_000, 1.0), (3, 2_600_000, 1.25), (3, 3_000_000, 1.75), (4, 3_600_000, 2.0)],
)
def test_a_training_that_had_not_ended_goes_on_sounding_as_it_did(stage, step, progress, tmp_path):
    flags = {"num_resolutions": 4, "audio_length": 700}
    checkpoint = Checkpoint(stage=stage, step=step, flags=flags)
    result, model = imported(checkpoint.write(tmp_path / "c"), tmp_path)
    assert "had not ended" in result.remarks[0]
    assert result.config.network.size == (16, 128)
    assert_like_the_original(checkpoint, model, progress)


def test_a_training_by_the_clock_is_as_far_as_its_time_says(tmp_path):
    # Five stages of 20 s each; 70 s are half of the fourth, the second transition.
    checkpoint = Checkpoint(
        flags={"train_time_limit": 100.0}, extra={"Variable": np.array(70.0, np.float32)}
    )
    result, model = imported(checkpoint.write(tmp_path / "c"), tmp_path)
    assert result.config.network.progress == pytest.approx(1.5)
    assert_like_the_original(checkpoint, model, 1.5)


# What the settings say, and what they do not


def test_raw_weights_serve_where_there_are_no_averaged_ones_and_that_is_said(tmp_path):
    checkpoint = Checkpoint(averaged=False)
    result, model = imported(checkpoint.write(tmp_path / "c"), tmp_path)
    assert any("no averaged weights" in remark for remark in result.remarks)
    assert_like_the_original(checkpoint, model, suffix="")


def test_without_settings_the_published_ones_count_and_that_is_said(tmp_path):
    checkpoint = Checkpoint(channels=(4,) * 7, flags=None)
    result, model = imported(checkpoint.write(tmp_path / "c"), tmp_path)
    assert any("no experiment.json" in remark for remark in result.remarks)
    assert (result.config.sample_rate, result.config.n_samples) == (16000, 64000)
    assert_like_the_original(checkpoint, model)


def test_missing_and_unknown_settings_are_borne(tmp_path):
    checkpoint = Checkpoint(channels=(4,) * 7)
    root = checkpoint.write(tmp_path / "c")
    said = {"stable_stage_num_images": 800000, "of_another_version": [1, {"x": None}]}
    (root / "experiment.json").write_text(json.dumps(said | {"train_time_limit": None}))
    result, model = imported(root, tmp_path)
    assert result.remarks == ()
    assert result.config.network.start == (2, 16)
    assert_like_the_original(checkpoint, model)


def test_the_weights_are_believed_where_the_settings_say_otherwise(tmp_path):
    checkpoint = Checkpoint()
    root = checkpoint.write(tmp_path / "c")
    lies = {
        "latent_vector_size": 256,
        "start_height": 4,
        "start_width": 8,
        "kernel_size": 5,
        "simple_arch": True,
        "num_resolutions": 2,
    }
    (root / "experiment.json").write_text(json.dumps(checkpoint.settings | lies))
    result, model = imported(root, tmp_path)
    assert len([remark for remark in result.remarks if "believed" in remark]) == 5
    assert_like_the_original(checkpoint, model)


def test_the_settings_of_a_job_count_where_there_are_several(tmp_path):
    checkpoint = Checkpoint(flags={"to_rgb_activation": "linear"})
    root = checkpoint.write(tmp_path / "runs" / "mine")
    jobs = {"jobs": {"mine": checkpoint.settings, "other": {"data_type": "wave"}}}
    (root / "experiment.json").unlink()
    (root.parent / "experiment.json").write_text(json.dumps(jobs))
    result, _ = imported(root, tmp_path)
    assert result.config.network.output == "linear"


def test_the_simple_normaliser_is_taken_from_the_assets(tmp_path):
    checkpoint = Checkpoint(flags={"data_normalizer": "specgrams_simple_normalizer"})
    root = checkpoint.write(tmp_path / "c")
    (root / "assets").mkdir()
    np.savez(root / "assets" / "specgrams_simple_normalizer.npz", normalizer=[0.5, 0.1, 0.7, -0.2])
    result, _ = imported(root, tmp_path)
    assert result.config.normalizer.scale == (0.5, 0.7)
    assert result.config.normalizer.offset == (0.1, -0.2)


def test_what_a_model_is_and_whence_it_came_is_said_in_it(tmp_path):
    result, _ = imported(Checkpoint().write(tmp_path / "acoustic_only"), tmp_path, "Acoustic")
    assert result.config.name == "Acoustic"
    assert result.origin == "acoustic_only/stage_00012/model.ckpt-11000000"
    assert result.origin in result.config.info
    assert "Apache-2.0" in result.config.info
    assert str(tmp_path) not in result.config.info
    assert result.config.figures["images seen in training"] == 11_000_000


# Where a checkpoint may lie


@pytest.fixture
def root(tmp_path):
    return Checkpoint().write(tmp_path / "mine")


@pytest.mark.parametrize(
    "part",
    [
        ".",
        "..",
        "experiment.json",
        "stage_00012",
        "stage_00012/checkpoint",
        f"stage_00012/{PREFIX}",
        f"stage_00012/{PREFIX}.index",
        f"stage_00012/{PREFIX}.data-00000-of-00001",
    ],
)
def test_any_part_of_a_checkpoint_leads_to_it(root, tmp_path, part):
    (tmp_path / "elsewhere").mkdir()
    result = import_checkpoint(root / part, tmp_path / "elsewhere" / "model")
    assert result.config.name == "mine"
    assert result.remarks == ()


def test_files_side_by_side_are_a_checkpoint_too(root, tmp_path):
    flat = tmp_path / "flat"
    shutil.copytree(root / "stage_00012", flat)
    shutil.copy(root / "experiment.json", flat)
    result, _ = imported(flat, tmp_path)
    assert result.config.name == "flat"
    assert result.remarks == ()


def test_the_last_stage_with_weights_is_taken(root, tmp_path):
    Checkpoint(channels=(4,), stage=0, step=8).write(root)
    (root / "stage_00013").mkdir()
    (root / "stage_notes").mkdir()
    Checkpoint().write(root)  # its settings again
    assert imported(root, tmp_path)[0].origin.startswith("mine/stage_00012/")


@pytest.mark.parametrize(
    ("state", "step"),
    [
        (None, 300),
        ('model_checkpoint_path: "model.ckpt-20"\n', 20),
        ('model_checkpoint_path: "/gone/since/model.ckpt-100"\n', 100),
        ('model_checkpoint_path: "../../model.ckpt-7"\n', 300),
        ('model_checkpoint_path: "gone.ckpt-7"\n', 300),
        ("\0\xff no text", 300),
    ],
)
def test_the_checkpoint_that_is_named_counts_else_the_last_one(tmp_path, state, step):
    folder = tmp_path / "c" / "stage_00012"
    for number in (20, 300, 100):
        Checkpoint(step=number, flags={"train_progressive": False}).write(folder.parent)
    (folder / "checkpoint").unlink()
    if state is not None:
        (folder / "checkpoint").write_bytes(state.encode("latin-1"))
    result, _ = imported(folder.parent, tmp_path)
    assert result.origin.endswith(f"-{step}")


def zipped(folder, file, prefix=""):
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, prefix + str(path.relative_to(folder)))
    return file


@pytest.mark.parametrize("inside", ["", "inner/"])
def test_a_zip_archive_is_a_checkpoint_too(root, tmp_path, inside):
    archive = zipped(root, tmp_path / "published.zip", inside)
    with zipfile.ZipFile(archive, "a") as opened:
        opened.writestr("__MACOSX/._experiment.json", b"\0")
        opened.writestr(f"{inside}stage_00003/model.ckpt-1.index", b"of an earlier stage")
    result, model = imported(archive, tmp_path)
    assert result.config.name == ("inner" if inside else "published")
    assert result.remarks == ()
    assert_like_the_original(Checkpoint(), model)


@pytest.mark.parametrize(
    "name", ["../evil.index", "/evil.index", "a/../../evil.index", "C:\\e.index"]
)
def test_an_archive_that_reaches_out_of_itself_is_refused(root, tmp_path, name):
    archive = zipped(root, tmp_path / "published.zip")
    with zipfile.ZipFile(archive, "a") as opened:
        opened.writestr(name, b"x")
    assert_refused(archive, tmp_path, "no place in a checkpoint")
    assert not list(tmp_path.rglob("evil*"))


def test_an_archive_that_swells_is_stopped(root, tmp_path, monkeypatch):
    (root / "stage_00012" / f"{PREFIX}.data-00001-of-00002").write_bytes(bytes(3_000_000))
    monkeypatch.setattr("model.magenta_files.MAXIMUM_UNPACKED_BYTES", 1_000_000)
    assert_refused(zipped(root, tmp_path / "bomb.zip"), tmp_path, "more than a checkpoint")


@pytest.mark.parametrize("keep", [0.0, 0.5, 0.99])
def test_a_cut_archive_is_refused(root, tmp_path, keep):
    archive = zipped(root, tmp_path / "published.zip")
    archive.write_bytes(archive.read_bytes()[: int(keep * archive.stat().st_size)])
    assert_refused(archive, tmp_path, "not a whole zip")


# What is wrong is said in one line, and nothing is left behind


def assert_refused(source, folder, says):
    destination = folder / "models" / "model"
    destination.parent.mkdir()
    with pytest.raises(ModelError, match=says) as error:
        import_checkpoint(source, destination)
    assert "\n" not in str(error.value)
    assert list(destination.parent.iterdir()) == []


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        ({"data_type": "wave"}, 'data_type is "wave"'),
        ({"g_fn": "waveform"}, 'g_fn is "waveform"'),
        ({"scale_mode": "W"}, "scale_mode"),
        ({"to_rgb_activation": "relu"}, "to_rgb_activation"),
        ({"data_normalizer": "mine"}, "data_normalizer"),
        ({"data_normalizer": "specgrams_freq_normalizer"}, "assets"),
        ({"kernel_size": "three"}, "kernel_size"),
        ({"num_resolutions": 10**9}, "n_resolutions must be"),
        ({"num_resolutions": 12}, "larger than any|hold|many"),
        ({"scale_base": 10**6}, "upscaling"),
        ({"audio_length": 10**12}, "hold"),
        ({"audio_length": -1}, "above 0"),
        ({"sample_rate": 0}, "0 Hz"),
        ({"mag_normalizer_a": 0.0}, "scales above 0"),
        ({"p_normalizer_b": 1e999}, "experiment.json"),
    ],
)
def test_settings_that_can_not_be_played_are_named(tmp_path, flags, says):
    assert_refused(Checkpoint(flags=flags).write(tmp_path / "c"), tmp_path, says)


@pytest.mark.parametrize(
    "text", [b"", b"[]", b"{", b"\xff\xfe", b'{"a":' * 100_000, b'"x"', b" " * 2_000_000]
)
def test_settings_that_are_none_are_named(tmp_path, text):
    root = Checkpoint().write(tmp_path / "c")
    (root / "experiment.json").write_bytes(text)
    assert_refused(root, tmp_path, "experiment.json")


CONV = f"{GENERATOR}2/conv0/conv2d/kernel{AVERAGED}"
NAN, INF = np.float32("nan"), np.float32("inf")


@pytest.mark.parametrize(
    ("extra", "says"),
    [
        ({CONV: None}, "is missing"),
        ({CONV: np.zeros((3, 3, 4, 5), np.float32)}, "3 x 3 x 4 x 5, not 3 x 3 x 4 x 4"),
        ({CONV: np.full((3, 3, 4, 4), NAN)}, "not finite"),
        ({CONV: np.full((3, 3, 4, 4), -INF)}, "not finite"),
        ({CONV: np.full((3, 3, 4, 4), 1e300)}, "beyond what float32"),
        ({CONV: np.zeros((3, 3, 4, 4), np.int32)}, "not floats"),
        ({f"{GENERATOR}1/to_rgb/conv2d/kernel{AVERAGED}": np.zeros((1, 1, 4, 3))}, "channels x 2"),
        ({f"{GENERATOR}1/conv0/conv2d/kernel{AVERAGED}": np.zeros((2, 16), "f4")}, "2 x 16"),
        ({CLASSIFIER: np.zeros(100, np.float32)}, "too few"),
        ({CLASSIFIER: np.zeros(0, np.float32)}, "too few"),
        ({"global_step": np.zeros(3, np.int64)}, "not one number"),
    ],
)
def test_weights_that_do_not_fit_are_named(tmp_path, extra, says):
    assert_refused(Checkpoint(extra=extra).write(tmp_path / "c"), tmp_path, says)


def test_another_network_is_refused(tmp_path):
    (tmp_path / "c").mkdir()
    write_bundle(tmp_path / "c" / "model.ckpt-1", {"resnet/conv/kernel": np.zeros(3, np.float32)})
    assert_refused(tmp_path / "c", tmp_path, "another network.*resnet/conv/kernel")


@pytest.mark.parametrize("name", ["none", "none.zip", "none.index"])
def test_a_path_that_leads_nowhere_is_said(tmp_path, name):
    assert_refused(tmp_path / name, tmp_path, "nothing at|Could not read")


def test_a_folder_of_something_else_is_refused(tmp_path):
    (tmp_path / "c" / "photos").mkdir(parents=True)
    assert_refused(tmp_path / "c", tmp_path, "neither a model")


def test_several_checkpoints_ask_for_a_choice(tmp_path):
    Checkpoint().write(tmp_path / "c" / "one")
    Checkpoint().write(tmp_path / "c" / "two")
    assert_refused(tmp_path / "c", tmp_path, '"one", "two"')


def npz(**arrays):
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def npy_zip(content):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("normalizer.npy", content)
    return stream.getvalue()


def npy_of(shape):
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        stream, {"descr": "<f8", "fortran_order": False, "shape": shape}
    )
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "not GANSynth's normaliser"),
        (b"PK\3\4 no zip", "not GANSynth's normaliser"),
        (npz(other=[1.0]), "not GANSynth's normaliser"),
        (npz(normalizer=[1.0, 2.0]), r"not floats \[4\]"),
        (npz(normalizer=["a", "b", "c", "d"]), "not floats"),
        (npz(normalizer=[1.0, 0.0, np.nan, 0.0]), "not finite"),
        (npz(normalizer=[0.0, 0.0, 1.0, 0.0]), "scales above 0"),
        (npz(normalizer=np.array([1, None, 2, 3], object)), "not floats"),
        (npy_zip(npy_of((4,))), "cut off"),
        (npy_zip(npy_of((10**12,))), r"not floats \[4\]"),
        (npy_zip(bytes(5_000_000)), "too large"),
        (npy_zip(b"\x93NUMPY\x01\x00\x04\x00os.x"), "not GANSynth's normaliser"),
    ],
)
def test_normalisers_that_are_none_are_named_and_nothing_is_unpickled(tmp_path, content, says):
    root = Checkpoint(flags={"data_normalizer": "specgrams_simple_normalizer"}).write(
        tmp_path / "c"
    )
    (root / "assets").mkdir()
    (root / "assets" / "specgrams_simple_normalizer.npz").write_bytes(content)
    assert_refused(root, tmp_path, says)


# Whatever happens to the files: the right model, or one line


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    root = Checkpoint(channels=(3, 2), latent_size=2, block_bytes=300).write(
        tmp_path_factory.mktemp("small") / "small"
    )
    names = ["experiment.json", f"stage_00012/{PREFIX}.index"]
    names.append(f"stage_00012/{PREFIX}.data-00000-of-00001")
    import_checkpoint(root, root.parent / "model")
    weights = (root.parent / "model" / "weights.safetensors").read_bytes()
    return root, {name: (root / name).read_bytes() for name in names}, weights


@settings(max_examples=150, deadline=None)
@given(
    which=st.integers(0, 2),
    edits=st.lists(
        st.tuples(st.floats(0, 1), st.integers(0, 8), st.binary(max_size=8)), max_size=3
    ),
    keep=st.one_of(st.just(1.0), st.floats(0, 1)),
)
def test_changed_files_give_the_same_weights_or_one_line(small, which, edits, keep):
    root, contents, weights = small
    name = list(contents)[which]
    changed = bytearray(contents[name])
    for place, length, new in edits:
        start = int(place * len(changed))
        changed[start : start + length] = new
    (root / name).write_bytes(changed[: int(keep * len(changed))])
    line = ""
    try:
        import_checkpoint(root, root.parent / "fuzzed")
    except ModelError as error:
        line = str(error)
    finally:
        (root / name).write_bytes(contents[name])
    assert "\n" not in line
    assert bool(line) != (root.parent / "fuzzed").exists()
    if not line:
        assert (root.parent / "fuzzed" / "weights.safetensors").read_bytes() == weights
        shutil.rmtree(root.parent / "fuzzed")
    assert {path.name for path in root.parent.iterdir()} == {"small", "model"}


def test_weights_whose_notes_are_not_finite_are_refused(tmp_path):
    huge = {CONV: np.full((3, 3, 4, 4), 1e38, np.float32)}
    imported(
        Checkpoint(extra=huge, flags={"to_rgb_activation": "linear"}).write(tmp_path / "c"),
        tmp_path,
    )
    with pytest.raises(ModelError, match="not finite"):
        check_sound(tmp_path / "model")
