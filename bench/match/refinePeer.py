"""Times Leopard-EM's refine_template, unmodified, on the CPU: one JSON request a line in, one JSON answer a line out.

{"threads": 2}                            once, answers {"ready": version}
{"config": "config.yaml", "batch": 32}    from the configuration to the table, answers {"seconds"}
"""

import contextlib
import importlib.metadata
import json
import os
import sys
import tempfile
import time

answers = sys.stdout
sys.stdout = sys.stderr
setup = json.loads(sys.stdin.readline())
os.environ["OMP_NUM_THREADS"] = str(setup["threads"])

import torch

torch.set_num_threads(setup["threads"])
torch.set_grad_enabled(False)


class NoStream:
    """Stands in for a CUDA stream: on the CPU everything is done in order."""

    def __init__(self, *args, **kwargs):
        pass

    def synchronize(self):
        pass


torch.cuda.Stream = NoStream
torch.cuda.stream = lambda stream: contextlib.nullcontext()

import leopard_em.backend.core_refine_template
from leopard_em.pydantic_models.managers import RefineTemplateManager

core = sys.modules["leopard_em.backend.core_refine_template"]


def in_this_process(target, kwargs_list, **_):
    """One device needs no process of its own."""
    results = {}
    for rank, kwargs in enumerate(kwargs_list):
        target(results, rank, **kwargs)
    return results


core.run_multiprocess_jobs = in_this_process


def refine(config, batch):
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        manager = RefineTemplateManager.from_yaml(config)
        manager.run_refine_template(os.path.join(folder, "refined.csv"), correlation_batch_size=batch)
        return time.perf_counter() - start


def answer(value):
    print(json.dumps(value), file=answers, flush=True)


answer({"ready": f"Leopard-EM {importlib.metadata.version('leopard-em')}, torch {torch.__version__}"})
for line in sys.stdin:
    answer({"seconds": refine(**json.loads(line))})
