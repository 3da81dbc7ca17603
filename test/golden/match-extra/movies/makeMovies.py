"""Deformation fields, moved frames and per-particle sums of the peer, for test/golden/match-extra/movies."""

import numpy as np
import torch
from torch_fourier_filter.dose_weight import dose_weight_movie
from torch_fourier_shift import fourier_shift_dft_2d
from torch_motion_correction.correct_motion import correct_motion
from torch_motion_correction.deformation_field_utils import evaluate_deformation_field

torch.manual_seed(7)
generator = np.random.default_rng(7)
field = torch.tensor(generator.normal(size=(2, 3, 2, 4)), dtype=torch.float32) * 3
points = torch.tensor(generator.uniform(size=(60, 3)), dtype=torch.float32)
points[:4] = torch.tensor([[0, 0, 0], [1, 1, 1], [0.5, 0, 1], [1, 0.25, 1 / 3]])
single = torch.tensor(generator.normal(size=(2, 5, 1, 1)), dtype=torch.float32)

# a smooth movie: nothing at the Nyquist frequency, where a shift is a matter of taste
t, h, w = 5, 36, 40
spectrum = torch.fft.rfft2(torch.randn(t, h, w))
fy, fx = torch.fft.fftfreq(h)[:, None], torch.fft.rfftfreq(w)[None]
movie = torch.fft.irfft2(spectrum * torch.exp(-80 * (fx**2 + fy**2)), s=(h, w)) * 10
shifts = torch.tensor(generator.normal(size=(t, 2)), dtype=torch.float32) * 2
shifted = fourier_shift_dft_2d(torch.fft.rfft2(movie), (h, w), shifts, rfft=True, fftshifted=False)
weighted = dose_weight_movie(shifted, (h, w), pixel_size=1.5, pre_exposure=2.0, dose_per_frame=1.25, voltage=200)
np.savez_compressed(
    "movies.npz",
    field=field.numpy(),
    points=points.numpy(),
    fieldAtPoints=evaluate_deformation_field(field, points).detach().numpy(),
    singleField=single.numpy(),
    singleAtPoints=evaluate_deformation_field(single, points).detach().numpy(),
    movie=movie.numpy(),
    shifts=shifts.numpy(),
    weightedSum=torch.fft.irfft2(weighted, s=(h, w)).sum(0).numpy(),
    corrected=correct_motion(movie, field, pixel_spacing=1.5).numpy(),
)
