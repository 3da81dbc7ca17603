"""Filters whose edges fall on the frequencies of samples, by torch-fourier-filter, for test/golden/match-extra/filters."""

import json

import numpy as np
import torch
from torch_fourier_filter.bandpass import bandpass_filter
from torch_fourier_filter.dft_utils import fftfreq_grid
from torch_fourier_filter.utils import curve_1dim_to_ndim

SHAPES = [(80, 52), (17, 160), (60, 104), (43, 20), (30, 114), (40, 42), (101, 36)]
BANDS = [(0.05, 0.45, 0.0), (0.1, 0.3, 0.0), (0.25, 0.375, 0.125), (0.0, 0.4, 0.05)]
CURVES = [([0.0, 0.5], [1.0, 0.2]), ([0.05, 0.1, 0.45], [0.3, 2.0, 0.5]), ([0.0, 0.70710677], [0.7, 0.1])]


def packed(values):
    """Runs of equal gains: [gain, count, gain, count, ...]."""
    out = []
    for value in np.asarray(values).ravel().tolist():
        gain = float(f"{value:.7g}")
        if out and out[-2] == gain:
            out[-1] += 1
        else:
            out += [gain, 1]
    return out


cases = []
for shape in SHAPES:
    for low, high, falloff in BANDS:
        if falloff > 0 and shape != (43, 20):
            continue
        gains = bandpass_filter(low, high, falloff, shape, rfft=True, fftshift=False)
        cases.append({"shape": shape, "low": low, "high": high, "falloff": falloff, "gains": packed(gains)})
for shape in SHAPES[3:]:
    grid = fftfreq_grid(image_shape=shape, rfft=True, fftshift=False, norm=True)
    for frequencies, amplitudes in CURVES:
        gains = curve_1dim_to_ndim(
            torch.tensor(amplitudes), torch.tensor(frequencies), grid, fill_lower=1.0, fill_upper=1.0)
        # rows y = 0 and y = height // 2, where the ends of curves lie
        gains = gains[[0, shape[0] // 2]]
        cases.append({"shape": shape, "frequencies": frequencies, "amplitudes": amplitudes, "gains": packed(gains)})
with open("filters.json", "w") as file:
    file.write("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")
