"""Images in the files of MNIST, made here: the class is the row that is lit."""

import gzip
import struct

import numpy as np


def images(path, n_train, n_test, noise=0.02):
    rng = np.random.default_rng(0)
    for part, n in (("train", n_train), ("t10k", n_test)):
        y = (np.arange(n) % 10).astype(np.uint8)
        x = (rng.random((n, 28, 28)) < noise).astype(np.uint8) * 255
        for image, digit in zip(x, y, strict=True):
            image[2 * digit + 3 : 2 * digit + 5] = 255
        for name, array in ((f"{part}-images-idx3-ubyte.gz", x), (f"{part}-labels-idx1-ubyte.gz", y)):
            (path / name).write_bytes(gzip.compress(struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()))
    return path
