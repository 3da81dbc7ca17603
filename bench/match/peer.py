"""Times Leopard-EM's two search backends, unmodified, on the CPU: one JSON request a line in, one JSON answer a line out.

{"image": 512, "template": 64, "batch": 8, "filters": 3, "threads": 2}  once: random data, answers {"ready": version}
{"backend": "streamed" | "batched", "correlations": 3072}               answers {"seconds", "correlations", "peakBytes"}
Data and compiled code are kept between the rounds.
"""

import contextlib
import importlib.metadata
import json
import os
import resource
import sys
import time

os.environ["LEOPARDEM_DISABLE_TORCH_COMPILATION"] = "0"
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

    def wait_stream(self, stream):
        pass


torch.cuda.Stream = NoStream
torch.cuda.default_stream = NoStream
torch.cuda.synchronize = lambda *args, **kwargs: None
torch.cuda.stream = lambda stream: contextlib.nullcontext()
torch.Tensor.record_stream = lambda self, stream: None

import roma
from leopard_em.backend.cross_correlation import (
    do_batched_orientation_cross_correlate,
    do_streamed_orientation_cross_correlate,
)
from leopard_em.backend.utils import do_iteration_statistics_updates_compiled


def answer(value):
    print(json.dumps(value), file=answers, flush=True)


class Search:
    """Random data of one size and the statistics that a search keeps."""

    def __init__(self, image, template, batch, filters, **_):
        torch.manual_seed(0)
        n = template
        self.image, self.count = image, batch * filters
        self.image_dft = torch.fft.rfft2(torch.randn(image, image))
        self.volume_dft = torch.fft.fftshift(torch.fft.rfftn(torch.randn(n, n, n)), dim=(0, 1)).contiguous()
        self.filters = torch.rand(1, filters, n, n // 2 + 1)
        self.rotations = roma.random_rotmat(batch)
        self.mip = torch.full((image, image), -1e9)
        self.best = torch.zeros((image, image), dtype=torch.int32)
        self.sum, self.squares = torch.zeros(image, image), torch.zeros(image, image)
        self.indices = torch.arange(self.count, dtype=torch.int32)
        self.streams = [NoStream()]

    def correlate(self, backend):
        data = (self.image_dft, self.volume_dft, self.rotations, self.filters)
        if backend == "streamed":
            return do_streamed_orientation_cross_correlate(*data, self.streams)
        return do_batched_orientation_cross_correlate(*data)

    def iterate(self, backend):
        statistics = (self.indices, self.mip, self.best, self.sum, self.squares, self.image, self.image)
        do_iteration_statistics_updates_compiled(self.correlate(backend), *statistics)

    def time(self, backend, correlations):
        iterations = -(-correlations // self.count)
        start = time.perf_counter()
        for _ in range(iterations):
            self.iterate(backend)
        return time.perf_counter() - start, iterations * self.count


search = Search(**setup)
answer({"ready": f"Leopard-EM {importlib.metadata.version('leopard-em')}, torch {torch.__version__}"})
for line in sys.stdin:
    seconds, done = search.time(**json.loads(line))
    peak = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    answer({"seconds": seconds, "correlations": done, "peakBytes": peak})
