"""Threads of the child: this one reads what Node says; others run commands, exposures and the image processor."""
import os
import queue
import signal
import sys
import threading

from .wire import Refusal, Wire

# devices that do not let go after this time are left to the system
FAREWELL_S = 3.0


def main():
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole terminal; Node decides what it means
    wire = Wire()
    try:
        import numpy
        import pymmcore
    except ImportError as error:
        wire.send({"kind": "failed", "module": error.name or "pymmcore", "message": str(error)})
        return
    versions = {"python": sys.version.split()[0], "numpy": numpy.__version__, "pymmcore": pymmcore.__version__}
    wire.send({"kind": "hello", "versions": versions})
    Child(wire, pymmcore.CMMCore()).serve()


class Child:
    def __init__(self, wire, core):
        from .camera import Camera
        from .devices import Devices
        from .events import Events
        from .processor import Processor
        from .rings import Rings

        self.wire = wire
        self.core = core
        self.rings = Rings()
        self.devices = Devices(core)
        self.camera = Camera(core, wire, self.rings)
        self.events = Events(wire)
        self.processor = Processor(wire, self.rings, self.events)
        self.commands = queue.Queue()

    def serve(self):
        """Until Node closes the line or is gone."""
        # not subclasses of Thread, whose own private names differ by Python's version
        for run in (self.camera.run, self.processor.run, self.events.run, self._obey):
            threading.Thread(target=run, daemon=True).start()
        for message in self.wire.messages():
            self._route(message)
        self._end()

    def _route(self, message):
        kind = message["kind"]
        if kind == "free":
            self.rings.release(message["ring"], message["slots"])
        elif kind == "stop":
            self.camera.stop(message["exposure"], message["discard"])
        elif kind == "drop":
            self.rings.drop(message["ring"])
        elif kind in ("expose", "ring"):
            self.camera.messages.put(message)
        elif kind in ("load", "process"):
            self.processor.messages.put(message)
        elif kind in ("pull", "forget"):
            self.events.messages.put(message)
        else:
            self.commands.put(message)

    def _obey(self):
        for message in iter(self.commands.get, None):
            self.wire.answer(message["id"], lambda: self._command(message))

    def _command(self, message):
        if message["kind"] == "open":
            return self._open(message)
        if message["kind"] == "call":
            return self.devices.call(message["method"], message["args"])
        return self.devices.command(message["method"], message["args"])

    def _open(self, message):
        paths = message["adapterPaths"]
        self.core.setDeviceAdapterSearchPaths(paths)
        for path in paths:
            if hasattr(os, "add_dll_directory") and os.path.isdir(path):
                os.add_dll_directory(path)
        if message["bufferMb"] is not None:
            self.core.setCircularBufferMemoryFootprint(message["bufferMb"])
        if message["config"] is not None:
            try:
                self.core.loadSystemConfiguration(message["config"])
            except Exception as error:
                raise Refusal(str(error).strip(), config=message["config"]) from None

    def _end(self):
        """Stops the camera and lets go of the devices, for a while; then the files and the process are gone in any case."""
        farewell = threading.Timer(FAREWELL_S, os._exit, [0])
        farewell.daemon = True
        farewell.start()
        self.rings.unlink()
        exposure = self.camera.current
        if exposure is not None:
            self.camera.stop(exposure.number, True)
        try:
            self.core.reset()
        finally:
            os._exit(0)
