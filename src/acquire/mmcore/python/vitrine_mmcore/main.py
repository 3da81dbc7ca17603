"""Threads of the child: this one reads what Node says; others run commands, exposures and the image processor."""
import os
import queue
import signal
import sys
import threading

from .wire import Refusal, Wire

# devices that do not let go after this time are left to the system
FAREWELL_S = 3.0


def main(holds):
    """`holds`: "mmcore", or "processor" for an image processor alone, which needs no pymmcore."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole terminal; Node decides what it means
    wire = Wire()
    try:
        import numpy

        versions = {"python": sys.version.split()[0], "numpy": numpy.__version__}
        if holds == "mmcore":
            import pymmcore

            versions["pymmcore"] = pymmcore.__version__
    except ImportError as error:
        wire.send({"kind": "failed", "module": error.name or "pymmcore", "message": str(error)})
        return
    wire.send({"kind": "hello", "versions": versions})
    child = MMCoreChild(wire, pymmcore.CMMCore()) if holds == "mmcore" else ProcessorChild(wire)
    child.serve()


class ProcessorChild:
    """Holds an image processor, for frames that Node puts into the ring."""

    def __init__(self, wire):
        from .events import Events
        from .processor import Processor
        from .rings import Rings

        self.wire = wire
        self.rings = Rings()
        self.events = Events(wire)
        self.processor = Processor(wire, self.rings, self.events)
        self.commands = queue.Queue()

    def serve(self):
        """Until Node closes the line or is gone."""
        # not subclasses of Thread, whose own private names differ by Python's version
        for run in self.threads():
            threading.Thread(target=run, daemon=True).start()
        for message in self.wire.messages():
            self.route(message)
        self._end()

    def threads(self):
        return self.processor.run, self.events.run, self._obey

    def route(self, message):
        kind = message["kind"]
        if kind == "free":
            self.rings.release(message["ring"], message["slots"])
        elif kind == "drop":
            self.rings.drop(message["ring"])
        elif kind in ("load", "process"):
            self.processor.messages.put(message)
        elif kind in ("pull", "forget"):
            self.events.messages.put(message)
        else:
            self.commands.put(message)

    def command(self, message):
        return self.rings.open(message["number"], **message["ring"])

    def let_go(self):
        """Of what outlives the process otherwise."""

    def _obey(self):
        for message in iter(self.commands.get, None):
            self.wire.answer(message["id"], lambda: self.command(message))

    def _end(self):
        """Lets go, for a while; then the files and the process are gone in any case."""
        farewell = threading.Timer(FAREWELL_S, os._exit, [0])
        farewell.daemon = True
        farewell.start()
        self.rings.unlink()
        try:
            self.let_go()
        finally:
            os._exit(0)


class MMCoreChild(ProcessorChild):
    """Holds MMCore, whose frames come into the ring here."""

    def __init__(self, wire, core):
        from .camera import Camera
        from .devices import Devices

        super().__init__(wire)
        self.core = core
        self.devices = Devices(core)
        self.camera = Camera(core, wire, self.rings)

    def threads(self):
        return self.camera.run, *super().threads()

    def route(self, message):
        kind = message["kind"]
        if kind == "stop":
            self.camera.stop(message["exposure"], message["discard"])
        elif kind in ("expose", "ring"):
            self.camera.messages.put(message)
        else:
            super().route(message)

    def command(self, message):
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

    def let_go(self):
        """Stops the camera and lets go of the devices."""
        exposure = self.camera.current
        if exposure is not None:
            self.camera.stop(exposure.number, True)
        self.core.reset()
