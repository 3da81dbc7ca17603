# Writes the values of a .npy file with ome-zarr-py, a store a question; the time and memory of each are the answer.
import json, resource, shutil, sys, time, warnings

warnings.simplefilter("ignore")
import numpy as np
from ome_zarr.writer import write_image

for line in sys.stdin:
    question = json.loads(line)
    data = np.load(question["values"], mmap_mode="r")
    path = question["store"]
    shutil.rmtree(path, ignore_errors=True)
    options = dict(chunks=(1, 512, 512))
    if question["codec"] == "blosc":
        from zarr.codecs import BloscCodec

        options["compressors"] = [BloscCodec(cname="lz4", clevel=5, shuffle="shuffle", typesize=2)]
    elif question["codec"] == "zstd":
        from zarr.codecs import ZstdCodec

        options["compressors"] = [ZstdCodec(level=1)]
    cpu, start = time.process_time(), time.perf_counter()
    write_image(np.asarray(data), path, axes="cyx", storage_options=options)
    answer = dict(
        seconds=time.perf_counter() - start,
        cpu=time.process_time() - cpu,
        peakMiB=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    )
    print(json.dumps(answer), flush=True)
