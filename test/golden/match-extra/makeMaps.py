"""Writes the maps of this folder: python makeMaps.py (ttsim3d 0.4.2, torch 2.15.0 on the CPU)."""

import numpy as np
from ttsim3d.models import Simulator, SimulatorConfig

for name, dose in {"chignolin.npy": None, "chignolin_dose20.npy": 20.0}.items():
    config = SimulatorConfig(
        voltage=300,
        apply_dose_weighting=dose is not None,
        dose_start=0,
        dose_end=dose or 1.0,
        apply_dqe=False,
        upsampling=2,
    )
    simulator = Simulator(
        pixel_spacing=1.0,
        volume_shape=(32, 32, 32),
        pdb_filepath="chignolin.pdb",
        center_atoms=True,
        remove_hydrogens=False,
        b_factor_scaling=1.0,
        additional_b_factor=100.0,
        simulator_config=config,
    )
    np.save(name, simulator.run(device="cpu").numpy().astype(np.float32))
