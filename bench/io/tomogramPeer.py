"""Boxes of a file by numpy's memory map, for bench/io/tomogram.js: a line of JSON in, a line out."""

import json
import sys

import numpy

volume = None
for line in sys.stdin:
    question = json.loads(line)
    if "open" in question:
        volume = numpy.memmap(
            question["open"], dtype=question["dtype"], mode="r", offset=1024, shape=tuple(question["shape"])
        )
    else:
        side = question["side"]
        for z, y, x in question["boxes"]:
            volume[z : z + side, y : y + side, x : x + side].copy()
    print("{}", flush=True)
