"""Times acryo, unmodified: one JSON request a line in, one JSON answer a line out.

{"folder", "box", "model", "rotations", "mask", "tilt", "maxShift", "cutoff"}   makes the model, answers {"setup": seconds, "version"}
{"count"}                                                          aligns so many boxes in two threads, answers {"seconds", "cpu", "scores"}
{"peak": true}                                                     answers {"bytes"}: the most memory that it held
"""

import importlib.metadata
import json
import resource
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from acryo import alignment
from acryo.tilt import single_axis

state = {}


def read(folder, name, box):
    return np.fromfile(f"{folder}/{name}", np.float32).reshape(-1, box, box, box)


def make(request):
    box, folder = request["box"], request["folder"]
    kind = {"zncc": alignment.ZNCCAlignment, "pcc": alignment.PCCAlignment}[request["model"]]
    mask = read(folder, "mask", box)[0] if request["mask"] else None
    rotations = (tuple(request["rotations"]),) * 3 if request["rotations"] else None
    tilt = single_axis((-60, 60)) if request["tilt"] else None
    start = time.perf_counter()
    model = kind(read(folder, "template", box)[0], mask, rotations=rotations, cutoff=request["cutoff"], tilt=tilt)
    setup = time.perf_counter() - start
    state.update(model=model, boxes=read(folder, "boxes", box), shifts=(request["maxShift"],) * 3)
    state["quaternions"] = np.fromfile(f"{folder}/quaternions", np.float64).reshape(-1, 4)
    return {"setup": setup, "version": importlib.metadata.version("acryo")}


def align(count):
    model, boxes, quaternions = state["model"], state["boxes"], state["quaternions"]

    def one(i):
        return model.align(boxes[i], state["shifts"], quaternions[i], np.zeros(3, np.float32))

    start, cpu = time.perf_counter(), time.process_time()
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(one, range(count)))
    seconds, used = time.perf_counter() - start, time.process_time() - cpu
    return {"seconds": seconds, "cpu": used, "scores": [float(result.score) for result in results]}


for line in sys.stdin:
    request = json.loads(line)
    if "peak" in request:
        answer = {"bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}
    else:
        answer = make(request) if "folder" in request else align(request["count"])
    print(json.dumps(answer), flush=True)
