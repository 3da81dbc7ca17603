"""Times acryo, unmodified: one JSON request a line in, one JSON answer a line out.

{"folder", "box", "model", "rotations", "mask", "tilt", "maxShift", "cutoff"}   makes the model, answers {"setup": seconds, "version"}
{"tomogram", "shape", "order"}                                     opens a tomogram and its molecules, answers {"version"}
{"average": box}                                                   averages them, answers {"seconds", "cpu", "sum"}
{"count"}                                                          aligns so many boxes in two threads, answers {"seconds", "cpu", "scores"}
{"planted": folder, "shape", "box"}                                aligns planted molecules, 125 rotations, answers {"places", "quaternions"}
{"peak": true}                                                     answers {"bytes"}: the most memory that it held
"""

import importlib.metadata
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from acryo import Molecules, SubtomogramLoader, alignment
from acryo.pipe import soft_otsu
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


def open_tomogram(request):
    folder = request["tomogram"]
    image = np.fromfile(f"{folder}/tomogram", np.float32).reshape(request["shape"])
    places = np.fromfile(f"{folder}/places", np.float64).reshape(-1, 3)
    quaternions = np.fromfile(f"{folder}/quaternions", np.float64).reshape(-1, 4)
    state["loader"] = SubtomogramLoader(image, Molecules.from_quat(places, quaternions), order=request["order"], scale=1.0)
    return {"version": importlib.metadata.version("acryo")}


def planted(request):
    folder, box = request["planted"], request["box"]
    image = np.fromfile(f"{folder}/tomogram", np.float32).reshape(request["shape"])
    places = np.fromfile(f"{folder}/places", np.float64).reshape(-1, 3)
    quaternions = np.fromfile(f"{folder}/quaternions", np.float64).reshape(-1, 4)
    loader = SubtomogramLoader(image, Molecules.from_quat(places, quaternions), order=3, scale=0.5)
    template = read(folder, "template", box)[0]
    found = loader.align(template, mask=soft_otsu(1, 1), max_shifts=1.5, rotations=(10, 5), cutoff=0.3).molecules
    return {"places": found.pos.tolist(), "quaternions": found.rotator.as_quat().tolist()}


def average(box):
    start, cpu = time.perf_counter(), time.process_time()
    volume = state["loader"].average(output_shape=(box,) * 3)
    return {"seconds": time.perf_counter() - start, "cpu": time.process_time() - cpu, "sum": float(np.abs(volume).sum())}


def peak_bytes():
    # ru_maxrss has that of the process which started this one.
    with open("/proc/self/status") as status:
        return next(1024 * int(line.split()[1]) for line in status if line.startswith("VmHWM"))


def answer_to(request):
    if "peak" in request:
        return {"bytes": peak_bytes()}
    if "planted" in request:
        return planted(request)
    if "tomogram" in request:
        return open_tomogram(request)
    if "average" in request:
        return average(request["average"])
    return make(request) if "folder" in request else align(request["count"])


for line in sys.stdin:
    print(json.dumps(answer_to(json.loads(line))), flush=True)
