"""The user's image processor: one thread loads it and calls it, strictly in the order of the frames."""
import importlib.util
import inspect
import os
import queue
import sys

import numpy as np

from .events import EventQueue
from .plain import plain
from .wire import Refusal

NAMES = ("process", "image_process_fn", "img_process_fn")
SLOT_WAIT_S = 0.1

# types that Node has no array for, and what holds all their values
WIDER = {"bool": "uint8", "float16": "float32", "longdouble": "float64", "float128": "float64"}
# more in the last axis than any camera's colours
MOST_CHANNELS = 4
KNOWN = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64")


class Processor:
    def __init__(self, wire, rings, events):
        self.wire = wire
        self.rings = rings
        self.messages = queue.Queue()
        self.function = None
        self.wants_queue = False
        self.queue = EventQueue(events)

    def run(self):
        for message in iter(self.messages.get, None):
            work = getattr(self, message["kind"])
            self.wire.answer(message["id"], lambda: work(message))

    def load(self, message):
        path, name = message["path"], message["function"]
        sys.path.insert(0, os.path.dirname(path))
        module_name = os.path.splitext(os.path.basename(path))[0]
        if module_name in sys.modules:
            module_name = f"image_processor_{module_name}"  # a user's json.py is not to replace Python's
        spec = importlib.util.spec_from_file_location(module_name, path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[module_name] = module
        spec.loader.exec_module(module)
        names = NAMES if name is None else (name,)
        found = next((each for each in names if callable(getattr(module, each, None))), None)
        if found is None:
            functions = [key for key, value in vars(module).items() if inspect.isfunction(value)]
            raise Refusal("no such function", missing="function", name=" or ".join(names), known=functions)
        self.function = getattr(module, found)
        self.wants_queue = parameter_count(self.function) >= 3
        return {"function": found, "takes_queue": self.wants_queue}

    def process(self, message):
        """Calls the function with an image of its own; each image that it returns goes out before the reply."""
        ring = self.rings.get(message["ring"])
        if ring is None:
            raise RuntimeError("the frame's ring is gone: it was released before it was processed")
        shape = message["shape"]
        image = ring.view(message["slot"], message["dtype"], shape[:2] if shape[2] == 1 else shape).copy()
        arguments = (image, message["metadata"], self.queue)[: 3 if self.wants_queue else 2]
        for returned, metadata in pairs_of(self.function(*arguments)):
            self._send_image(message["job"], image_of(returned), plain(metadata, "metadata"))

    def _send_image(self, job, image, metadata):
        shape = image.shape if image.ndim == 3 else (*image.shape, 1)
        output = {"kind": "output", "job": job, "shape": shape, "dtype": image.dtype.name, "metadata": metadata}
        ring = self.rings.current
        if image.nbytes > ring.slot_bytes:
            output["file"] = self.rings.spill_path()
            image.tofile(output["file"])
        else:
            slot = None
            while slot is None:
                slot = ring.take("output", SLOT_WAIT_S)
            np.copyto(ring.view(slot, image.dtype, image.shape), image)
            output.update(slot=slot, ring=self.rings.number)
        self.wire.send(output)


def parameter_count(function):
    try:
        parameters = inspect.signature(function).parameters.values()
    except ValueError:
        return 2  # a built-in one without signature
    if any(each.kind is each.VAR_POSITIONAL for each in parameters):
        return 3
    return sum(each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD) for each in parameters)


def pairs_of(returned):
    """What a processor may return: (image, metadata), a list of those, or None."""
    if returned is None:
        return []
    pairs = returned if isinstance(returned, list) else [returned]
    for pair in pairs:
        if not isinstance(pair, (tuple, list)) or len(pair) != 2 or not isinstance(pair[1], dict):
            raise TypeError(
                f"the image processor returned {kind_of(returned)}; expected (image, metadata), a list of those, or None"
            )
    return pairs


def kind_of(value):
    if isinstance(value, (tuple, list)):
        return f"a {type(value).__name__} of ({', '.join(type(each).__name__ for each in value)})"
    return f"a {type(value).__name__}"


def image_of(returned):
    """An array of a type that Node has, (height, width) or (height, width, channels)."""
    if isinstance(returned, np.ma.MaskedArray) and np.ma.is_masked(returned):
        raise TypeError("the image is a masked array, whose mask would be lost; return image.filled(0)")
    image = np.asarray(returned)
    if image.ndim not in (2, 3) or image.size == 0:
        raise ValueError(f"the image has the shape {image.shape}; expected (height, width) or (height, width, channels)")
    check_layout(image.shape)
    if image.dtype.name in WIDER:
        return image.astype(WIDER[image.dtype.name])
    if image.dtype.name in ("int64", "uint64"):
        return narrowed(image)
    if image.dtype.name not in KNOWN:
        raise TypeError(f"the image has the type {image.dtype}; expected one of {', '.join(KNOWN)}")
    return image.astype(image.dtype.newbyteorder("="), copy=False)


def check_layout(shape):
    """The last axis is that of colours: a stack, or colours that come first, would be taken for an image of hundreds of colours."""
    if len(shape) == 2 or shape[2] <= MOST_CHANNELS:
        return
    if shape[0] <= MOST_CHANNELS:
        hint = "for channels first, return np.moveaxis(image, 0, -1)"
    else:
        hint = "return the planes of a stack as a list of (image, metadata) with different Axes"
    raise ValueError(f"the image has the shape {shape}; expected (height, width) or (height, width, channels): {hint}")


def narrowed(image):
    """64-bit integers as 32-bit ones, if all values fit."""
    low, high = int(image.min()), int(image.max())
    for dtype in ("uint32", "int32") if image.dtype.name == "uint64" else ("int32", "uint32"):
        limits = np.iinfo(dtype)
        if limits.min <= low and high <= limits.max:
            return image.astype(dtype)
    raise TypeError(f"the image has the type {image.dtype} and values from {low} to {high}; cast it to float64 first")
