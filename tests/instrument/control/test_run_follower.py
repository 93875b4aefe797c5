import os

import pytest

from instrument.control.run_follower import RunFollower


@pytest.fixture
def publish(tmp_path):
    """Put a model in the place of a run's, as the trainer does."""
    run = tmp_path / "run"

    def publish(weights=b"one", folder=run / "model"):
        if folder.exists():
            folder.rename(tmp_path / f"old {len(list(tmp_path.iterdir()))}")
        folder.mkdir(parents=True)
        (folder / "config.json").write_bytes(b"{}")
        (folder / "weights.safetensors").write_bytes(weights)
        return folder

    return publish


def test_a_run_that_has_published_nothing_is_no_news(tmp_path):
    assert RunFollower(tmp_path / "run").newer() is None


def test_each_published_model_is_news_once(tmp_path, publish):
    follower = RunFollower(tmp_path / "run")
    folder = publish()
    assert follower.newer() == folder
    assert follower.newer() is None
    os.utime(publish(b"two") / "config.json", ns=(1, 1))
    assert follower.newer() == folder
    assert follower.newer() is None


def test_a_model_that_is_being_replaced_is_no_news(tmp_path, publish):
    follower = RunFollower(tmp_path / "run")
    (publish() / "weights.safetensors").unlink()
    assert follower.newer() is None
    publish()
    assert follower.newer() is not None


def test_the_folder_of_a_model_itself_can_be_followed(tmp_path, publish):
    folder = publish(folder=tmp_path / "alone")
    assert RunFollower(folder).newer() == folder
