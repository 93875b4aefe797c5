"""A run in pieces: small enough to carry, whole when it arrives."""

from pathlib import Path

import pytest
import torch

from tests.train.toy import ToyTrainer
from train.datasets.notes import DatasetError
from train.running.portable import begin_from, read_pieces, write_pieces

STATE = {
    "mean.weight": torch.randn(300, 100, generator=torch.Generator().manual_seed(0)),
    "mean.latents": torch.randn(5, 8, generator=torch.Generator().manual_seed(1)),
    "decoder.weight": torch.zeros(300, 100),
    "critic.weight": torch.ones(7),
    "critic_exp_avg.weight": torch.ones(7),
    "augment_share": torch.tensor([0.25]),
}
SMALL = 20_000


def test_what_is_carried_comes_back_within_float16(tmp_path: Path) -> None:
    paths = write_pieces(tmp_path, STATE, 1234, SMALL)
    assert len(paths) == 5
    assert all(path.stat().st_size <= SMALL for path in paths)
    tensors, seen = read_pieces(tmp_path)
    assert seen == 1234
    assert tensors.keys() == {"mean.weight", "mean.latents", "critic.weight", "augment_share"}
    for name, tensor in tensors.items():
        assert torch.equal(tensor, STATE[name].half().float().reshape(-1))


def test_pieces_of_an_earlier_time_make_way(tmp_path: Path) -> None:
    write_pieces(tmp_path, STATE, 1, SMALL)
    write_pieces(tmp_path, STATE, 2)
    assert [path.name for path in tmp_path.iterdir()] == ["piece-1-of-1.safetensors"]


def test_a_trainer_goes_on_from_pieces(tmp_path: Path) -> None:
    trained = ToyTrainer()
    for seen in range(0, 100, 2):
        trained.step(seen)
    write_pieces(tmp_path, trained.state(), 100)
    fresh = ToyTrainer()
    assert begin_from(fresh, tmp_path) == 100
    error = (fresh.network.weight - trained.network.weight).detach().abs().max()
    assert float(error) < 1e-3
    assert not fresh.optimiser.state
    fresh.step(100)


def test_pieces_of_another_network_are_refused(tmp_path: Path) -> None:
    write_pieces(tmp_path, STATE, 1)
    with pytest.raises(DatasetError, match=r"is of another run: the tensor mean\.weight"):
        begin_from(ToyTrainer(), tmp_path)


def test_a_missing_piece_is_named(tmp_path: Path) -> None:
    write_pieces(tmp_path, STATE, 1, SMALL)[2].unlink()
    with pytest.raises(DatasetError, match="lacks piece 3 of 5"):
        read_pieces(tmp_path)


def test_a_damaged_piece_is_named(tmp_path: Path) -> None:
    path = write_pieces(tmp_path, STATE, 1, SMALL)[1]
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(DatasetError, match=r"piece-2-of-5.safetensors is damaged"):
        read_pieces(tmp_path)


def test_pieces_of_two_runs_are_refused(tmp_path: Path) -> None:
    write_pieces(tmp_path / "a", STATE, 1, SMALL)
    (path,) = write_pieces(tmp_path, STATE, 2)
    path.rename(tmp_path / "a" / path.name)
    with pytest.raises(DatasetError, match="pieces of several runs"):
        read_pieces(tmp_path / "a")


def test_a_folder_without_pieces_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="holds no pieces"):
        read_pieces(tmp_path)


def test_a_weight_beyond_float16_is_not_carried(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"mean.weight is beyond float16"):
        write_pieces(tmp_path, {"mean.weight": torch.tensor([1e6])}, 1)
