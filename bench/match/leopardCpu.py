"""Lets Leopard-EM run on the CPU, unmodified, and answers questions: import it before anything of Leopard-EM or torch.

The first line of standard input is {"threads": 2, ...}; `setup` holds it.
"""

import contextlib
import importlib.metadata
import json
import os
import sys

_answers = sys.stdout
sys.stdout = sys.stderr
setup = json.loads(sys.stdin.readline())
os.environ["OMP_NUM_THREADS"] = str(setup["threads"])
os.environ["LEOPARDEM_DISABLE_TORCH_COMPILATION"] = "0"

import torch

torch.set_num_threads(setup["threads"])
torch.set_grad_enabled(False)


class NoStream:
    """Stands in for a CUDA stream: on the CPU everything is done in order."""

    def __init__(self, *args, **kwargs):
        pass

    def synchronize(self):
        pass

    def wait_stream(self, stream):
        pass


torch.cuda.Stream = NoStream
torch.cuda.default_stream = NoStream
torch.cuda.synchronize = lambda *args, **kwargs: None
torch.cuda.stream = lambda stream: contextlib.nullcontext()
torch.Tensor.record_stream = lambda self, stream: None


def answer_questions(respond):
    """Says that it is ready, then answers each line of JSON with what `respond` makes of it."""
    _answer({"ready": f"Leopard-EM {importlib.metadata.version('leopard-em')}, torch {torch.__version__}"})
    for line in sys.stdin:
        _answer(respond(**json.loads(line)))


def _answer(value):
    print(json.dumps(value), file=_answers, flush=True)
