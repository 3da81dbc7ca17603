"""Times Leopard-EM's refine_template, unmodified, on the CPU: one JSON request a line in, one JSON answer a line out.

{"threads": 2}                            once, answers {"ready": version}
{"config": "config.yaml", "batch": 32}    from the configuration to the table, answers {"seconds"}
"""

import os
import sys
import tempfile
import time

from leopardCpu import answer_questions

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
        return {"seconds": time.perf_counter() - start}


answer_questions(refine)
