"""Optics beyond Leopard-EM's own: torch-ctf's laser phase plate and thickness, torch-fourier-filter's chromatic envelope and MTF."""

import json

import numpy as np
import torch
from torch_ctf import _ctf_core, calc_LPP_phase, calculate_ctf_thickness_2d
from torch_fourier_filter.envelopes import Cc_envelope
from torch_fourier_filter.mtf import make_mtf_grid
from torch_grid_utils.fftfreq_grid import fftfreq_grid

SHAPE = (24, 30)
PIXEL = 1.5
BASE = {
    "defocus": 0.9,
    "astigmatism": 0.05,
    "astigmatism_angle": 25.0,
    "voltage": 300.0,
    "spherical_aberration": 2.7,
    "amplitude_contrast": 0.07,
    "pixel_size": PIXEL,
}
PLATES = {
    # name: NA, laser wavelength, focal length, angles in and out of the plane, offsets along and across, polarisation
    "centred": (0.05, 10640.0, 2e8, 30.0, 1.0, 0.0, 0.0, 90.0),
    "offset": (0.08, 5320.0, 1e8, -20.0, 0.5, 40000.0, 15000.0, 70.0),
    "reversed": (0.05, 10640.0, 2e8, 75.0, 0.0, 0.0, 8000.0, 10.0),
}
PEAK = 70.0


def frequencies():
    """(h, w/2+1, 2) x and y: torch-ctf's laser functions say they take them so, but get y and x from its own CTF."""
    grid = fftfreq_grid(image_shape=SHAPE, rfft=True, fftshift=False, norm=False)
    return (grid / PIXEL).flip(-1)


def phase(grid, plate):
    na, wavelength, focal, xy, xz, along, across, polarization = plate
    return calc_LPP_phase(
        grid, na, wavelength, focal, xy, xz, along, across, polarization, PEAK, 300.0
    )


def ctf(phase_degrees):
    """The CTF with a phase shift at every frequency, by the machinery of torch-ctf's own laser CTF."""
    tensors = {key: torch.tensor(value) for key, value in BASE.items()}
    context = _ctf_core._setup_ctf_context_2d(
        **tensors, phase_shift=torch.tensor(0.0), image_shape=SHAPE, rfft=True, fftshift=False
    )
    defocus, voltage, cs, contrast, shift, grid, squared, rho, theta = context
    chi = _ctf_core._phase_symmetric(
        defocus, voltage, cs, contrast, shift, squared, rho, theta, None, lambda *_: phase_degrees, grid
    )
    return _ctf_core._render_ctf(chi, torch.zeros_like(chi), False, False)


def listed(values):
    return [float(f"{v:.7g}") for v in np.asarray(values, dtype=np.float64).ravel()]


def main():
    grid = frequencies()
    out = {"shape": SHAPE, "pixelSizeA": PIXEL, "peakPhaseDeg": PEAK, "plates": {}}
    for name, plate in PLATES.items():
        keys = ("numericalAperture", "laserWavelengthA", "focalLengthA", "angleDeg", "tiltDeg")
        keys += ("alongOffsetA", "acrossOffsetA", "polarizationDeg")
        out["plates"][name] = {**dict(zip(keys, plate)), "phaseRad": listed(phase(grid, plate))}
    crossed = [(*PLATES["centred"][:3], angle, *PLATES["centred"][4:]) for angle in (30.0, 120.0)]
    eta = phase(grid, crossed[0])
    both = eta + phase(grid, crossed[1])
    out["ctfCentred"] = listed(ctf(torch.rad2deg(eta[0, 0] - eta)))
    out["ctfCrossed"] = listed(ctf(torch.rad2deg(both[0, 0] - both)))
    tensors = {key: torch.tensor(value) for key, value in BASE.items()}
    slab = {"phase_shift": torch.tensor(20.0), "image_shape": SHAPE, "rfft": True, "fftshift": False}
    out["slab"] = {
        "thicknessA": 1500.0,
        "amplitude": listed(calculate_ctf_thickness_2d(False, torch.tensor(1500.0), **tensors, **slab)),
        "power": listed(calculate_ctf_thickness_2d(True, torch.tensor(1500.0), **tensors, **slab)),
    }
    spread = {"chromatic_aberration": 2.7, "voltage": 200.0, "energy_spread": 0.7, "deltaV_V": 0.6e-6, "deltaI_I": 0.2e-6}
    out["chromatic"] = {**spread, "envelope": listed(Cc_envelope(image_shape=SHAPE, pixel_size=PIXEL, **spread))}
    curve = (torch.tensor([0.0, 0.1, 0.25, 0.4, 0.5]), torch.tensor([1.0, 0.93, 0.7, 0.5, 0.31]))
    gains = make_mtf_grid(SHAPE, *curve)
    out["mtf"] = {"frequencies": listed(curve[0]), "amplitudes": listed(curve[1]), "gains": listed(gains)}
    with open("optics.json", "w") as file:
        json.dump(out, file)


main()
