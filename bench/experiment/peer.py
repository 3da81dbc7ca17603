"""Windows of shapely's STRtree over the features of a GeoJSON file, with what it found as WKB; a line in, a line out."""
import json
import sys
import time

import numpy as np
import shapely

path, windows, side = sys.argv[1], json.loads(sys.argv[2]), float(sys.argv[3])
features = json.load(open(path))["features"]
outlines = np.array([shapely.polygons(f["geometry"]["coordinates"][0]) for f in features])
tree = shapely.STRtree(outlines)
for _ in sys.stdin:
    began = time.perf_counter()
    hits = 0
    for y, x in windows:
        found = tree.query(shapely.box(x, y, x + side, y + side), predicate="intersects")
        hits += len(shapely.to_wkb(outlines[found]))
    print(json.dumps({"hits": hits, "seconds": time.perf_counter() - began}), flush=True)
