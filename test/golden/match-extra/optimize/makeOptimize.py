"""Maps of a search and the results of Leopard-EM 1.2's own optimize_template for the files beside this script."""

import contextlib
import os
import pathlib

os.environ["LEOPARDEM_DISABLE_TORCH_COMPILATION"] = "1"
import mrcfile
import numpy as np
import torch

tensor = torch.tensor


class NoStream:
    """Stands in for a CUDA stream: on the CPU everything is done in order."""

    def __init__(self, *args, **kwargs):
        pass

    def synchronize(self):
        pass


torch.cuda.Stream = NoStream
torch.cuda.stream = lambda stream: contextlib.nullcontext()
torch.Tensor.record_stream = lambda self, stream: None
# torch 2.15 refuses a list of tensors with one element, which the peer makes of a single offset
torch.tensor = lambda data, *args, **kwargs: tensor(
    [value.item() if isinstance(value, torch.Tensor) else value for value in data]
    if isinstance(data, list)
    else data,
    *args,
    **kwargs,
)

import leopard_em.backend.core_refine_template
import sys
from leopard_em.pydantic_models.managers import OptimizeTemplateManager


def in_process(target, kwargs_list, extra_args=(), **_):
    found = {}
    for rank, kwargs in enumerate(kwargs_list):
        target(*extra_args, found, rank, **kwargs)
    return found


sys.modules["leopard_em.backend.core_refine_template"].run_multiprocess_jobs = in_process

os.chdir(pathlib.Path(__file__).parent)
y, x = np.mgrid[:129, :153]
for name, values in {"mean": 0.1 + 0.05 * np.sin(y / 9), "deviation": 1.21 + 0.1 * np.cos(x / 7)}.items():
    mrcfile.write(f"{name}.mrc", values.astype(np.float32), overwrite=True)

RUNS = {"optimize1": {"min_snr": 8.71}, "optimize2": {"write_individual_csv": True, "min_snr": 7.5, "best_n": 5}}
for name, options in RUNS.items():
    OptimizeTemplateManager.from_yaml(f"{name}.yaml").run_optimize_template(f"{name}.txt", **options)
