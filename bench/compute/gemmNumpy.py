"""Times a batch of numpy's products for each line {"kind", "side", "batch"}; answers {"ms"}. The first answer names numpy and its BLAS."""

import json
import sys
import time

import numpy

sys.stdin.readline()
blas = numpy.show_config(mode="dicts")["Build Dependencies"]["blas"]
print(json.dumps({"name": f"numpy {numpy.__version__}, {blas['name']}"}), flush=True)
size, a, b, c = None, None, None, None
for line in sys.stdin:
    question = json.loads(line)
    if size != question:
        size = question
        shape = (size["batch"], size["side"], size["side"])
        random = numpy.random.default_rng(1)
        a = random.standard_normal(shape, dtype=numpy.float32)
        if size["kind"] == "complex":
            a = (a + 1j * a).astype(numpy.complex64)
        b, c = a.copy(), numpy.empty_like(a)
    start = time.perf_counter()
    for i in range(size["batch"]):
        numpy.matmul(a[i], b[i], out=c[i])
    print(json.dumps({"ms": 1000 * (time.perf_counter() - start)}), flush=True)
