"""Distorted images: each is drawn anew, near where it was, with the grey values it had."""

import numpy as np

from hetsyn_sim.tasks.distortion import distorted


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


def test_each_image_is_moved_by_little_and_differently():
    found = distorted(blob(), np.random.default_rng(0))
    moved = np.abs(centres(found) - centres(blob()))
    assert moved.max() < 1.5 * 1.2 + 1.5  # the shift, scaled; and what turns, scales and shears move a blob that lies off the centre
    assert len({image.tobytes() for image in found}) == len(found)


def test_areas_change_by_the_two_scales_at_most():
    area = (distorted(blob(), np.random.default_rng(0)).sum(axis=(1, 2))) / blob().sum(axis=(1, 2))
    assert 0.85 / 1.12**2 < area.min() < 0.95
    assert 1.05 < area.max() < 1.1 / 0.88**2


def test_black_comes_in_from_outside():
    white = np.full((5, 28, 28), 255, dtype=np.uint8)
    found = distorted(white, np.random.default_rng(1))
    assert (found == 0).any(axis=(1, 2)).any()
