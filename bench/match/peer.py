"""Times Leopard-EM's two search backends, unmodified, on the CPU: one JSON request a line in, one JSON answer a line out.

{"image": 512, "template": 64, "batch": 8, "filters": 3, "threads": 2}  once: random data, answers {"ready": version}
{"backend": "streamed" | "batched", "correlations": 3072}               answers {"seconds", "correlations", "peakBytes"}
Data and compiled code are kept between the rounds.
"""

import resource
import time

from leopardCpu import NoStream, answer_questions, setup

import torch
import roma
from leopard_em.backend.cross_correlation import (
    do_batched_orientation_cross_correlate,
    do_streamed_orientation_cross_correlate,
)
from leopard_em.backend.utils import do_iteration_statistics_updates_compiled


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


def respond(backend, correlations):
    seconds, done = search.time(backend, correlations)
    peak = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"seconds": seconds, "correlations": done, "peakBytes": peak}


answer_questions(respond)
