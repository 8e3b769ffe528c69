"""Sequential MNIST from folders that are made here: IDX as LeCun defined it, .npz. distorted copies. Damaged files: tests/reliability."""

import gzip

import numpy as np
import pytest

from hetsyn_sim.errors import ConfigError, DataError
from hetsyn_sim.tasks.distortion import distorted
from hetsyn_sim.tasks.mnist import holds_images, read_images, sequential_mnist

from ..reliability.material import idx


def images(n, seed):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (n, 28, 28)).astype(np.uint8), (np.arange(n) % 10).astype(np.uint8)


@pytest.fixture
def folder(tmp_path):
    """Training images packed, test images plain."""
    for part, n, suffix, pack in (("train", 30, ".gz", gzip.compress), ("t10k", 10, "", bytes)):
        x, y = images(n, n)
        (tmp_path / f"{part}-images-idx3-ubyte{suffix}").write_bytes(pack(idx(x)))
        (tmp_path / f"{part}-labels-idx1-ubyte{suffix}").write_bytes(pack(idx(y)))
    return tmp_path


def test_pixels_follow_each_other_and_grey_levels_are_channels(folder):
    data = sequential_mnist(folder, levels=3)
    x, y = images(30, 30)
    assert (len(data.train), len(data.test), data.n_channels, data.dt) == (30, 10, 3, 0.001)
    np.testing.assert_array_equal(data.train.labels, y)
    raster = data.train.rasters()  # (time, image, channel)
    assert raster.shape == (784, 30, 3)
    for k, threshold in enumerate((255 / 6, 255 / 2, 255 * 5 / 6)):
        np.testing.assert_array_equal(raster[:, :, k].T, x.reshape(30, -1) >= threshold)


def test_rows_follow_each_other_and_columns_are_channels(folder):
    data = sequential_mnist(folder, scan="row", levels=2, dt=0.002)
    x, _ = images(10, 10)
    raster = data.test.rasters()
    assert (raster.shape, data.dt) == ((28, 10, 56), 0.002)
    np.testing.assert_array_equal(raster[:, 4].reshape(28, 28, 2)[:, :, 1], x[4] >= 0.75 * 255)


def test_npz_and_old_names(folder):
    x, y = images(30, 30)
    for path in folder.glob("train-*"):
        path.unlink()
    np.savez(folder / "images.npz", x=x.reshape(30, 784), y=y)
    (folder / "t10k-images-idx3-ubyte").rename(folder / "t10k-images.idx3-ubyte")
    found = read_images(folder)
    np.testing.assert_array_equal(found["train"][0], x)
    np.testing.assert_array_equal(found["test"][0], images(10, 10)[0])
    assert holds_images(folder)


def test_some_of_the_training_images_are_spread_over_classes(folder):
    data = sequential_mnist(folder, n_train=20)
    assert np.bincount(data.train.labels).tolist() == [2] * 10
    assert len(data.test) == 10


def test_copies_of_training_images_are_distorted_and_named_after_them(folder):
    data = sequential_mnist(folder, copies=2, seed=1)
    assert (len(data.train), len(data.test), data.info["copies"]) == (90, 10, "2")
    assert data.train.names[[0, 30, 60]].tolist() == ["train 0", "train 0 copy 1", "train 0 copy 2"]
    np.testing.assert_array_equal(data.train.labels, np.tile(images(30, 30)[1], 3))
    np.testing.assert_array_equal(data.train[:30].rasters(), sequential_mnist(folder).train.rasters())
    rasters = data.train.rasters()
    assert not (rasters[:, 30:60] == rasters[:, 60:]).all(axis=(0, 2)).any()
    assert sequential_mnist(folder, copies=2, seed=1).fingerprint() == data.fingerprint()
    assert sequential_mnist(folder, copies=2, seed=2).fingerprint() != data.fingerprint()


@pytest.mark.parametrize(
    ("part", "content", "message"),
    [
        ("train-*", None, "not a folder with the images"),
        ("t10k-labels*", None, "images without labels"),
        ("train-*", b"zip?", "these are not images of MNIST"),
    ],
)
def test_folders_that_are_none(folder, tmp_path, part, content, message):
    assert not holds_images(tmp_path / "none")
    for path in folder.glob(part):
        path.unlink()
    if content is not None:
        (folder / "images.npz").write_bytes(content)
    with pytest.raises(DataError, match=message):
        sequential_mnist(folder)


@pytest.mark.parametrize("facts", [{"scan": "column"}, {"levels": 0}, {"copies": -1}])
def test_images_that_can_not_be_scanned(folder, facts):
    with pytest.raises(ConfigError, match="can't be scanned"):
        sequential_mnist(folder, **facts)


def blob(n=20):
    """A disc a little off the centre, n times."""
    rows, columns = np.mgrid[:28, :28]
    disc = (((rows - 12.0) ** 2 + (columns - 15.0) ** 2) < 36) * 200
    return np.repeat(disc[None].astype(np.uint8), n, axis=0)


def centres(images):
    rows, columns = np.mgrid[:28, :28]
    mass = images.sum(axis=(1, 2))
    return np.stack([(images * rows).sum(axis=(1, 2)) / mass, (images * columns).sum(axis=(1, 2)) / mass], axis=1)


def test_shapes_types_and_grey_values_stay():
    images = blob()
    found = distorted(images, np.random.default_rng(0))
    assert (found.shape, found.dtype, int(found.max())) == (images.shape, np.uint8, 200)
    assert (images == blob()).all()


def test_each_image_is_moved_by_little_and_its_area_changed_by_the_two_scales_at_most():
    found = distorted(blob(), np.random.default_rng(0))
    moved = np.abs(centres(found) - centres(blob()))
    assert moved.max() < 1.5 * 1.2 + 1.5  # the shift, scaled; and what turns, scales and shears move a blob that lies off the centre
    assert len({image.tobytes() for image in found}) == len(found)
    area = found.sum(axis=(1, 2)) / blob().sum(axis=(1, 2))
    assert 0.85 / 1.12**2 < area.min() < 0.95
    assert 1.05 < area.max() < 1.1 / 0.88**2


def test_black_comes_in_from_outside():
    white = np.full((5, 28, 28), 255, dtype=np.uint8)
    found = distorted(white, np.random.default_rng(1))
    assert (found == 0).any(axis=(1, 2)).any()
