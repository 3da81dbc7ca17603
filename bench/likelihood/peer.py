"""CryoLike's contraction restated in plain torch, for comparison in the same run: the best pose of images among displaced templates.

A line of JSON in, one out. As its own comparator: templates in batches outside, images inside; every batch transforms the images again; the
contraction runs over all angular frequencies, and the correlation is made whole before its maximum.
"""
import json
import sys
import time

import numpy as np
import torch

torch.set_num_threads(int(sys.argv[1]))
# The outermost shells are all but nothing, where processors are slow.
torch.set_flush_denormal(True)


def load(path, shape, dtype):
    return torch.from_numpy(np.fromfile(path, dtype=dtype).reshape(shape))


def compare(case, per_batch):
    s, m, d, n, w = (case[key] for key in ("templates", "images", "displacements", "shells", "inplanes"))
    folder = case["folder"]
    templates = load(f"{folder}/templates.bin", (s, n, w), np.complex64)
    images = load(f"{folder}/images.bin", (m, n, w), np.complex64)
    ctf = load(f"{folder}/ctf.bin", (m, n, w), np.float32)
    kernels = load(f"{folder}/kernels.bin", (d, n, w), np.complex64)
    weights = load(f"{folder}/weights.bin", (n,), np.float32)[:, None]
    best = torch.full((m,), -torch.inf)
    pose = torch.zeros((m, 3), dtype=torch.int64)
    began = time.perf_counter()
    for first in range(0, s, per_batch):
        part = templates[first : first + per_batch]
        displaced = torch.fft.fft(part[:, None] * kernels, norm="ortho")
        seen = torch.fft.fft(images * ctf * weights, norm="ortho").conj()
        product = torch.einsum("mnq,sdnq->msdq", seen, displaced)
        correlation = torch.fft.irfft(product[..., : w // 2 + 1], n=w, norm="ortho") * w**0.5
        squares = torch.fft.fft((part.abs() ** 2 * weights).to(torch.complex64), norm="ortho")
        ctfs = torch.fft.fft((ctf**2).to(torch.complex64), norm="ortho").conj()
        norms = torch.fft.irfft(torch.einsum("mnq,snq->msq", ctfs, squares)[..., : w // 2 + 1], n=w, norm="ortho") * w**0.5
        own = (images.abs() ** 2 * weights).sum((1, 2))
        correlation /= torch.sqrt(norms[:, :, None] * own[:, None, None, None])
        if correlation.isnan().any():
            raise ValueError("NaN")
        value, at = correlation.flatten(1).max(1)
        better = value > best
        best = torch.where(better, value, best)
        where = torch.stack((first + at // (d * w), at // w % d, at % w), 1)
        pose = torch.where(better[:, None], where, pose)
    return time.perf_counter() - began, best, pose


for line in sys.stdin:
    case = json.loads(line)
    seconds, best, pose = compare(case, case["perBatch"])
    print(json.dumps({"seconds": seconds, "best": best.tolist(), "pose": pose.tolist()}), flush=True)
