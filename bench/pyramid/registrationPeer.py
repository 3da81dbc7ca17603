"""ashlar's EdgeAligner on sites that lie in one file. Arguments: folder with plate.json and sites (uint16), sigma. Prints a JSON line."""
import json
import sys
import time

import numpy as np
from ashlar import reg

folder, sigma = sys.argv[1], float(sys.argv[2])
plate = json.load(open(folder + "/plate.json"))
height, width = plate["height"], plate["width"]
sites = np.fromfile(folder + "/sites", np.uint16).reshape(-1, height, width)


class Metadata(reg.Metadata):
    _num_images = len(sites)
    num_channels = 1
    pixel_size = 1.0
    pixel_dtype = np.dtype(np.uint16)

    def tile_position(self, i):
        return np.array(plate["nominal"][i], float)

    def tile_size(self, i):
        return np.array([height, width])


class Reader(reg.Reader):
    metadata = Metadata()

    def read(self, series, c):
        return sites[series]


def align():
    aligner = reg.EdgeAligner(Reader(), max_shift=plate["maxShiftPx"], filter_sigma=sigma, do_make_thumbnail=False)
    start, cpu = time.perf_counter(), time.process_time()
    aligner.run()
    return {"seconds": time.perf_counter() - start, "cpu": time.process_time() - cpu, "positions": aligner.positions.tolist()}


print(json.dumps(align()))
