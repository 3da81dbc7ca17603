"""Times one torch transform for each line "height width forward|inverse threads"; answers with its seconds."""

import sys
import time

import torch

print(f"torch {torch.__version__}", flush=True)
shape, image, spectrum = None, None, None
for line in sys.stdin:
    height, width, direction, threads = line.split()
    torch.set_num_threads(int(threads))
    if shape != (int(height), int(width)):
        shape = (int(height), int(width))
        image = torch.randn(shape, generator=torch.Generator().manual_seed(1))
        spectrum = torch.fft.rfft2(image)
    start = time.perf_counter()
    result = torch.fft.rfft2(image) if direction == "forward" else torch.fft.irfft2(spectrum, s=shape)
    print(time.perf_counter() - start, flush=True)
    sink = float(result.reshape(-1)[1].real)
