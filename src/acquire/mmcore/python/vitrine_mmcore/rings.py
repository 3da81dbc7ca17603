"""Rings: files that Node made, whose slots hold frames for Node and outputs of the image processor."""
import mmap
import os
import threading

import numpy as np


class Ring:
    def __init__(self, path, slots, outputs, slot_bytes):
        self.path = path
        self.slot_bytes = slot_bytes
        with open(path, "r+b") as file:
            self._map = mmap.mmap(file.fileno(), (slots + outputs) * slot_bytes)
        # last in, first out: a slot that was just read is still in the processor's cache
        self._free = {"camera": list(range(slots)), "output": list(range(slots, slots + outputs))}
        self._slots = slots
        self._changed = threading.Condition()

    def view(self, slot, dtype, shape):
        count = int(np.prod(shape))
        return np.frombuffer(self._map, dtype, count, slot * self.slot_bytes).reshape(shape)

    def take(self, kind, timeout):
        """A free slot, or None after `timeout` seconds or a call of `wake`."""
        with self._changed:
            if not self._free[kind]:
                self._changed.wait(timeout)
            return self._free[kind].pop() if self._free[kind] else None

    def release(self, slots):
        with self._changed:
            for slot in slots:
                self._free["camera" if slot < self._slots else "output"].append(slot)
            self._changed.notify_all()

    def wake(self):
        with self._changed:
            self._changed.notify_all()


class Rings:
    """The rings by their numbers; a new one replaces the last, which stays until Node has given back its frames."""

    def __init__(self):
        self._rings = {}
        self._spilled = 0
        self.current = None

    def open(self, number, **shape):
        self._rings[number] = self.current = Ring(**shape)
        self.number = number

    def drop(self, number):
        self._rings.pop(number, None)

    def get(self, number):
        return self._rings.get(number)

    def release(self, number, slots):
        ring = self._rings.get(number)
        if ring is not None:
            ring.release(slots)

    def wake(self):
        if self.current is not None:
            self.current.wake()

    def spill_path(self):
        """A file of its own for an image that is larger than a slot; Node removes it."""
        self._spilled += 1
        return f"{self.current.path}-{self._spilled}"

    def unlink(self):
        """Removes every file; for when Node is gone."""
        paths = [ring.path for ring in self._rings.values()]
        if self.current is not None:
            paths += [f"{self.current.path}-{i + 1}" for i in range(self._spilled)]
        for path in paths:
            try:
                os.unlink(path)
            except OSError:
                pass  # Node has removed it, or the system does not remove what is open
