"""Times Pycro-Manager's Python backend: one JSON request a line in, one JSON answer a line out.

{"side": 2048}                                                     once: starts MMCore, answers {"ready": version}
{"mode": "drop" | "sum" | "ndtiff" | "readback", "seconds": 10, "directory": for what is saved}    answers {"bytes", "seconds"}
Acquisitions of 200 frames are repeated until the time has passed; removing their files is not counted.
"""

import importlib.metadata
import json
import os
import shutil
import sys
import tempfile
import time
import warnings

warnings.filterwarnings("ignore")
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
setup = json.loads(sys.stdin.readline())

import mm_test_adapters
from pycromanager import Acquisition, Core, multi_d_acquisition_events, start_headless

FRAMES = 200
libs = os.path.join(os.path.dirname(mm_test_adapters.__file__), "libs")
start_headless(libs, os.path.join(libs, "MMConfig_demo.cfg"), python_backend=True, buffer_size_mb=2000)
core = Core()
for name, value in [
    ("OnCameraCCDXSize", setup["side"]),
    ("OnCameraCCDYSize", setup["side"]),
    ("PixelType", "16bit"),
    ("FastImage", "1"),
]:
    core.set_property("Camera", name, value)
core.set_exposure(0)
core.set_auto_shutter(False)
core.snap_image()
frame_bytes = core.get_image().nbytes


def answer(value):
    print(json.dumps(value), file=answers, flush=True)


def acquire(mode, folder):
    """One acquisition; returns its seconds."""
    seen = [0]

    def drop(image, metadata):
        seen[0] += 1

    def add(image, metadata):
        seen[0] += 1
        image.sum()

    def identity(image, metadata):
        seen[0] += 1
        return image, metadata

    def read_back(axes, dataset):
        dataset.read_image(**axes).sum()

    saves = mode in ("ndtiff", "readback")
    directory = tempfile.mkdtemp(dir=folder) if saves else None
    process = {"drop": drop, "sum": add, "ndtiff": identity, "readback": None}[mode]
    callback = read_back if mode == "readback" else None
    events = multi_d_acquisition_events(num_time_points=FRAMES)
    start = time.perf_counter()
    with Acquisition(directory=directory, name="run", image_process_fn=process, image_saved_fn=callback) as acquisition:
        acquisition.acquire(events)
    spent = time.perf_counter() - start
    if saves:
        acquisition.get_dataset().close()
        shutil.rmtree(directory)
    return spent


answer({"ready": f"Pycro-Manager {importlib.metadata.version('pycromanager')}, Python backend"})
for line in sys.stdin:
    request = json.loads(line)
    frames, spent = 0, 0.0
    while spent < request["seconds"]:
        spent += acquire(request["mode"], request.get("directory"))
        frames += FRAMES
    answer({"bytes": frames * frame_bytes, "seconds": spent})
os._exit(0)
