"""Sequential MNIST from folders that are made here: IDX as LeCun defined it, .npz, and what is wrong with a file."""

import gzip
import struct

import numpy as np
import pytest

from hetsyn_sim.errors import ConfigError, DataError
from hetsyn_sim.tasks.mnist import holds_images, read_images, sequential_mnist


def idx(array):
    """The bytes of an IDX file."""
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()


def images(n, seed):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (n, 28, 28)).astype(np.uint8), (np.arange(n) % 10).astype(np.uint8)


@pytest.fixture
def folder(tmp_path):
    """Training images packed, test images plain."""
    for part, n in (("train", 30), ("t10k", 10)):
        x, y = images(n, n)
        for name, array in ((f"{part}-images-idx3-ubyte", x), (f"{part}-labels-idx1-ubyte", y)):
            if part == "train":
                (tmp_path / f"{name}.gz").write_bytes(gzip.compress(idx(array)))
            else:
                (tmp_path / name).write_bytes(idx(array))
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


def test_a_folder_without_images(folder, tmp_path):
    assert not holds_images(tmp_path / "none")
    for path in folder.glob("train-*"):
        path.unlink()
    with pytest.raises(DataError, match="not a folder with the images"):
        sequential_mnist(folder)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("train-images-idx3-ubyte.gz", b"not gzip"),
        ("train-images-idx3-ubyte.gz", gzip.compress(idx(images(30, 0)[0])[:-5], mtime=0)),
        ("train-images-idx3-ubyte.gz", gzip.compress(idx(images(30, 0)[0]))[:200]),
        ("train-images-idx3-ubyte.gz", gzip.compress(idx(images(29, 0)[0]), mtime=0)),
        ("train-labels-idx1-ubyte.gz", gzip.compress(b"\0\0\x0d\1" + bytes(8), mtime=0)),
        ("train-labels-idx1-ubyte.gz", gzip.compress(idx(np.full(30, 12, dtype=np.uint8)), mtime=0)),
        ("t10k-images-idx3-ubyte", b""),
        ("t10k-images-idx3-ubyte", idx(np.zeros((10, 27, 28), dtype=np.uint8))),
    ],
    ids=["no gzip", "cut before packing", "cut after", "too few", "short labels", "no digit", "empty", "too narrow"],
)
def test_damaged_files(folder, name, content):
    (folder / name).write_bytes(content)
    with pytest.raises(DataError, match="these are not images of MNIST"):
        sequential_mnist(folder)


def test_npz_that_is_none_or_holds_something_else(folder):
    for path in folder.glob("train-*"):
        path.unlink()
    for write in (lambda p: p.write_bytes(b"zip?"), lambda p: np.savez(p, a=1), lambda p: np.savez(p, x=np.array([{}]), y=1)):
        write(folder / "images.npz")
        with pytest.raises(DataError, match="these are not images of MNIST"):
            sequential_mnist(folder)


def test_labels_are_missing(folder):
    (folder / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(DataError, match="images without labels"):
        sequential_mnist(folder)


@pytest.mark.parametrize("facts", [{"scan": "column"}, {"levels": 0}, {"dt": 0.0}, {"copies": -1}])
def test_images_that_can_not_be_scanned(folder, facts):
    with pytest.raises(ConfigError, match="can't be scanned"):
        sequential_mnist(folder, **facts)
