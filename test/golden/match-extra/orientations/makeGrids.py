"""Orientation grids of torch-so3 0.6.0, float64, for test/golden/match-extra/orientations."""

import healpy
import numpy as np
import torch
from torch_so3 import get_roll_angles, get_symmetry_ranges, get_uniform_euler_angles


def symmetric(group, order, **steps):
    ranges = get_symmetry_ranges(group, order)._asdict()
    return get_uniform_euler_angles(**ranges, **steps)


grids = {
    "healpix_C1_t30_p90": symmetric("C", 1, theta_step=30, psi_step=90, base_grid_method="healpix"),
    "healpix_D3_t9_p120": symmetric("D", 3, theta_step=9, psi_step=120, base_grid_method="healpix"),
    "healpix_O_t5_p180": symmetric("O", 1, theta_step=5, psi_step=180, base_grid_method="healpix"),
    "healpix_range": get_uniform_euler_angles(
        theta_step=7, psi_step=25, phi_min=-20, phi_max=100, theta_min=20, theta_max=130,
        psi_min=-30, psi_max=30, base_grid_method="healpix"),
    "cartesian_C4_t30_p90": symmetric("C", 4, theta_step=30, psi_step=90, base_grid_method="cartesian"),
    "cartesian_range": get_uniform_euler_angles(
        theta_step=8.5, phi_step=13.25, psi_step=17, phi_min=-20.5, phi_max=100, theta_min=20, theta_max=130,
        psi_min=-30, psi_max=30, base_grid_method="cartesian"),
    "roll_search": get_roll_angles(
        psi_step=2.5, psi_min=-5, psi_max=5, theta_step=3, theta_min=-6, theta_max=6, roll_axis_step=36),
    "roll_fixed": get_roll_angles(
        psi_step=0.5, psi_min=-1, psi_max=1, theta_step=0.75, theta_min=-3, theta_max=3,
        roll_axis=torch.tensor([1.0, -2.0])),
}
arrays = {name: grid.numpy().astype(np.float64) for name, grid in grids.items()}
for nside, nest in ((1, False), (3, False), (8, False), (4, True), (1, True)):
    theta, phi = healpy.pix2ang(nside, np.arange(12 * nside**2), nest=nest)
    name = f"pixels_{nside}_{'nested' if nest else 'ring'}"
    arrays[name] = np.stack([np.rad2deg(phi), np.rad2deg(theta)], axis=1)
np.savez_compressed("grids.npz", **arrays)
for name, array in arrays.items():
    print(name, array.shape)
