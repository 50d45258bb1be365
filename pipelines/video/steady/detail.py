"""Detail: how far a style has left the fine detail of its source alone, place by place."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.video.steady.flow import Floats, Pixels

DETAIL_SIGMA_PX = 2.0  # what is finer counts as detail
AROUND_SIGMA_PX = 8.0  # of the surroundings that one place is judged by
DOUBT = 1.0  # squared levels of detail below which there is none to keep


def detail_kept(source: Pixels, styled: Pixels) -> Floats:
    """(h, w), 0…1: the slope of the line through the source's detail and the style's, by least squares around a place.

    1 where the style has added to the detail or changed colours alone, 0 where it has drawn another one.
    """
    before, after = _detail(source), _detail(styled)
    shared, all_of_it = _around(before * after), _around(before * before)
    return np.asarray(np.clip(shared / (all_of_it + np.float32(DOUBT)), 0, 1), np.float32)


def _detail(picture: Pixels) -> Floats:
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return np.asarray(grey - cv2.GaussianBlur(grey, (0, 0), DETAIL_SIGMA_PX), np.float32)


def _around(values: Floats) -> Floats:
    return np.asarray(cv2.GaussianBlur(values, (0, 0), AROUND_SIGMA_PX), np.float32)
