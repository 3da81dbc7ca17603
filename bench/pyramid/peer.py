"""libvips' dzsave and libjpeg-turbo on the same pixels. Arguments: file of uint16 pixels, side, quality, folder; with a larger side and a folder of
sites, dzsave of an image of that side, which is made of the first one, from memory and from the sites' files. Prints a JSON line."""
import io
import json
import os
import sys
import time

os.environ["VIPS_CONCURRENCY"] = "2"
import numpy as np
import pyvips
from PIL import Image

source, side, quality, folder = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
pixels = np.fromfile(source, np.uint16).reshape(side, side)
lower, upper = 100, 4000


def ready():
    rows, columns = pixels.shape
    return pyvips.Image.new_from_memory(pixels.data, columns, rows, 1, "ushort")


def files():
    across = pixels.shape[0] // 2048
    paths = [os.path.join(sys.argv[6], f"{i}.tif") for i in range(across * across)]
    return pyvips.Image.arrayjoin([pyvips.Image.new_from_file(path) for path in paths], across=across)


def dzsave(source=ready):
    target = os.path.join(folder, "peer.zip")
    if os.path.exists(target):
        os.remove(target)
    start, cpu = time.perf_counter(), time.process_time()
    image = source()
    scale = 255 / (upper - lower - 1)
    image = image.linear(scale, -lower * scale, uchar=True)
    image.dzsave(target[:-4], container="zip", tile_size=256, overlap=0, depth="onetile", suffix=f".jpg[Q={quality}]", compression=0)
    return {"seconds": time.perf_counter() - start, "cpu": time.process_time() - cpu}


def turbo():
    """One thread, 256 x 256 tiles of level 0 alone, 8 bits."""
    small = (np.clip(pixels[:2048, :2048].astype(np.float32) - lower, 0, upper) * (255 / (upper - lower))).clip(0, 255).astype(np.uint8)
    tiles = [Image.fromarray(small[y : y + 256, x : x + 256].copy()) for y in range(0, 2048, 256) for x in range(0, 2048, 256)] * 4
    start, cpu = time.perf_counter(), time.process_time()
    size = 0
    for tile in tiles:
        file = io.BytesIO()
        tile.save(file, "JPEG", quality=quality)
        size += file.tell()
    return {"seconds": time.perf_counter() - start, "cpu": time.process_time() - cpu, "bytes": size / len(tiles)}


# Both are warm when they are measured.
dzsave()
if len(sys.argv) > 5:
    times = int(sys.argv[5]) // side
    pixels = np.tile(pixels, (times, times))
    print(json.dumps({"ready": dzsave(), "files": dzsave(files)}))
else:
    print(json.dumps({"tiles": turbo(), "pyramid": dzsave()}))
