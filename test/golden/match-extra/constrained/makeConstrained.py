"""Leopard-EM's constrained search, for test/golden/match-extra/constrained. Run it beside the files of test/golden/match."""

import sys

import pandas as pd
import yaml
from leopard_em.pydantic_models.managers import ConstrainedSearchManager

# the peer changes what pandas 3 hands out read-only
toNumpy = pd.Series.to_numpy
pd.Series.to_numpy = lambda self, *args, **options: toNumpy(self, *args, **options).copy()

OUT = sys.argv[1]

pd.read_csv("search1_particles.csv").head(4).to_csv(f"{OUT}/plain.csv", index=False)
refined = pd.read_csv("refine1_particles.csv", index_col=0).head(4)
refined.to_csv(f"{OUT}/refined.csv")
poles = pd.read_csv("search1_particles.csv").head(5)
poles[["phi", "theta", "psi"]] = [(0.0, 0.0, 0.0), (90.0, 90.0, 180.0), (350.0, 180.0, 20.0), (45.0, 1e-4, 0.0), (0.0, 90.0, 45.0)]
poles["mag_matrix"] = "[1.02, -0.01, 0.006, 0.985]"
poles["odd_zernikes"] = '{"Z31c": 8.0, "Z33s": -6.0}'
poles.to_csv(f"{OUT}/poles.csv", index=False)

ranges = {"phi_min": -6.0, "phi_max": 6.0, "theta_min": 0.0, "theta_max": 6.0, "psi_min": -10.0, "psi_max": 10.0}
CASES = {
    "axis": {
        "table": "plain.csv",
        "center_vector": [90.0, -70.0, 120.0],
        "orientation_refinement_config": {
            **ranges, "theta_step": 3.0, "psi_step": 4.0, "rotation_axis_euler_angles": [30.0, 40.0, 50.0]},
        "defocus_refinement_config": {"enabled": True, "defocus_min": -100.0, "defocus_max": 100.0, "defocus_step": 100.0},
    },
    "roll": {
        "table": "poles.csv",
        "center_vector": [-40.0, 10.0, 300.0],
        "orientation_refinement_config": {
            **ranges, "theta_step": 3.0, "psi_step": 5.0, "base_grid_method": "roll", "roll_step": 60.0,
            "rotation_axis_euler_angles": [0.0, 90.0, 20.0]},
        "defocus_refinement_config": {"enabled": False},
    },
    "healpix": {
        "table": "poles.csv",
        "center_vector": [0.0, 20.0, 30.0],
        "orientation_refinement_config": {
            "theta_min": 0.0, "theta_max": 15.0, "psi_min": 0.0, "psi_max": 20.0, "theta_step": 7.0, "psi_step": 10.0,
            "base_grid_method": "healpix"},
        "defocus_refinement_config": {"enabled": False},
    },
    "disabled": {
        "table": "refined.csv",
        "center_vector": [55.0, 66.0, -77.0],
        "orientation_refinement_config": {"enabled": False},
        "defocus_refinement_config": {"enabled": True, "defocus_min": -100.0, "defocus_max": 100.0, "defocus_step": 50.0},
    },
}
for name, case in CASES.items():
    table = case.pop("table")
    stack = {"extracted_box_size": [56, 54], "original_template_size": [48, 48]}
    config = {
        "template_volume_path": "template.mrc",
        "particle_stack_reference": {"df_path": f"{OUT}/{table}", **stack},
        "particle_stack_constrained": {"df_path": f"{OUT}/plain.csv", **stack},
        "preprocessing_filters": {"whitening_filter": {"enabled": True}},
        "computational_config": {"gpu_ids": "cpu", "num_cpus": 1},
        **case,
    }
    ConstrainedSearchManager(**config).run_constrained_search(f"{OUT}/{name}.csv", orientation_batch_size=20)
    config["particle_stack_reference"]["df_path"] = table
    config["particle_stack_constrained"]["df_path"] = "plain.csv"
    with open(f"{OUT}/{name}.yaml", "w") as file:
        yaml.safe_dump(config, file, default_flow_style=None)
