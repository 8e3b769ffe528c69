"""Random distortions of images: turned, scaled, sheared and moved, as handwriting varies (Simard et al. 2003)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

#: Largest turn (degrees), change of size, shear, and shift (pixels); each is drawn evenly up to it, to both sides.
_TURN, _SCALE, _SHEAR, _SHIFT = 12.0, 0.12, 0.15, 1.5


def distorted(images: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Every image anew, about its centre, with grey values between pixels interpolated.

    Parameters
    ----------
    images
        From 0 to 255, shape (image, row, column).
    rng
        Each image draws its own distortion.

    Returns
    -------
    array
        Of the same shape; black comes in from outside.
    """
    centre = (np.array(images.shape[1:]) - 1) / 2
    drawn = np.empty_like(images)
    for k, image in enumerate(images):
        angle, shear = np.deg2rad(rng.uniform(-_TURN, _TURN)), rng.uniform(-_SHEAR, _SHEAR)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        # rows are sheared along columns: it is the slant of handwriting
        back = turn @ np.array([[1.0, 0.0], [shear, 1.0]]) * rng.uniform(1.0 - _SCALE, 1.0 + _SCALE, 2)
        offset = centre - back @ centre + rng.uniform(-_SHIFT, _SHIFT, 2)
        drawn[k] = ndimage.affine_transform(image.astype(np.float64), back, offset, order=1).round().clip(0.0, 255.0)
    return drawn
