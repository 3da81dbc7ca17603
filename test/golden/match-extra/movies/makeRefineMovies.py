"""Leopard-EM refining particles from a movie, for test/golden/match-extra/movies. Run it beside the files of test/golden/match."""

import sys

import numpy as np
import pandas as pd
import torch
from leopard_em.pydantic_models.managers import RefineTemplateManager
from torch_motion_correction.data_io import write_deformation_field_to_csv
import mrcfile
import yaml

# the peer changes what pandas 3 hands out read-only
toNumpy = pd.Series.to_numpy
pd.Series.to_numpy = lambda self, *args, **options: toNumpy(self, *args, **options).copy()

OUT = sys.argv[1]
ROLLS = [(-3, 2), (-1, 1), (0, 0), (2, -1), (3, -1)]
generator = np.random.default_rng(11)

# frames are the micrograph turned round its edges, each with a mean of its own: tests build the same from the micrograph
micrograph = mrcfile.read("micrograph.mrc")
movie = np.stack([np.roll(micrograph, roll, (0, 1)) + 3 + i for i, roll in enumerate(ROLLS)]).astype(np.float32)
mrcfile.write("movie.mrc", movie, overwrite=True)

table = pd.read_csv("search1_particles.csv")
rows = [
    (p, f, -dy + round(generator.normal() * 0.4, 3), -dx + round(generator.normal() * 0.4, 3))
    for p in range(len(table))
    for f, (dy, dx) in enumerate(ROLLS)
]
pd.DataFrame(rows, columns=["particle_index", "frame", "y_shift", "x_shift"]).to_csv(f"{OUT}/shifts.csv", index=False)
# in angstrom: the movement at frames 0, 2 and 4 and some bending
field = np.array([ROLLS[i] for i in (0, 2, 4)], dtype=np.float32).T[:, :, None, None] * 2.0
field = field + generator.normal(size=(2, 3, 3, 4)) * 0.8
write_deformation_field_to_csv(torch.tensor(field.round(4), dtype=torch.float32), f"{OUT}/deformation.csv")

base = yaml.unsafe_load(open("refine1_config.yaml"))
base["defocus_refinement_config"]["enabled"] = False
base["orientation_refinement_config"].update(psi_step_coarse=3.0, theta_step_coarse=3.0)
motions = {"shifts": {"particle_shifts_path": f"{OUT}/shifts.csv"}, "deformation": {"deformation_field_path": f"{OUT}/deformation.csv"}}
found = []
for motion, paths in motions.items():
    for isGlobal in (True, False):
        config = dict(base, apply_global_filtering=isGlobal)
        config["movie_config"] = {"enabled": True, "movie_path": "movie.mrc", "pre_exposure": 1.5, "fluence_per_frame": 2.0, **paths}
        manager = RefineTemplateManager(**config)
        manager.run_refine_template("refined.csv", 32)
        refined = pd.read_csv("refined.csv").filter(regex="refined_(mip|scaled|pos_.$|phi|theta|psi)")
        refined.insert(0, "apply_global_filtering", isGlobal)
        refined.insert(0, "motion", motion)
        found.append(refined)
    np.save(f"{OUT}/{motion}_boxes.npy", manager.particle_stack.image_stack.numpy()[[3, 5]])
pd.concat(found).to_csv(f"{OUT}/refined.csv", index=False)
