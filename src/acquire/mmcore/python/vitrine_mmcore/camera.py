"""Exposures: one thread that runs them one after another and moves their frames from MMCore into the ring."""
import datetime
import queue
import time

import pymmcore

from .frames import Geometry, store
from .wire import Refusal, describe

# announcements that wait for a frame that may follow at once, at most
BATCH = 16
SHORTEST_PAUSE_S = 0.0003
LONGEST_PAUSE_S = 0.005
RING_WAIT_S = 0.1


class Exposure:
    """One exposure, and what Node wants of it."""

    def __init__(self, message):
        self.request = message["id"]
        self.number = message["exposure"]
        self.frames = message["frames"]
        self.interval_ms = message["intervalMs"]
        self.labels = message["cameras"]
        self.timeout_s = message["timeoutMs"] / 1000
        self.stop = False  # the camera is to stop; its frames are wanted
        self.discard = False  # nobody wants its frames any more
        self.stopped = False
        self.sequence = False  # the camera runs by itself
        self.started = False  # Node was told so
        self.counts = {}
        self.announced = []
        self.before = ""  # the current camera before this exposure, and the one that it made current
        self.used = None


class Camera:
    def __init__(self, core, wire, rings):
        self.core = core
        self.wire = wire
        self.rings = rings
        self.messages = queue.Queue()
        self.current = None

    def run(self):
        for message in iter(self.messages.get, None):
            if message["kind"] == "ring":
                self.wire.answer(message["id"], lambda: self.rings.open(message["number"], **message["ring"]))
            else:
                self._expose(Exposure(message))

    def stop(self, number, discard):
        """From another thread: ends the running exposure early."""
        exposure = self.current
        if exposure is not None and exposure.number == number:
            exposure.stop = True
            exposure.discard = exposure.discard or discard
            self.rings.wake()

    def _expose(self, exposure):
        exposure.before = self.core.getCameraDevice()
        exposure.labels = exposure.labels or [exposure.before]
        self.current = exposure
        failure = {}
        try:
            try:
                self._run(exposure)
            finally:
                self._restore(exposure)
        except Exception as error:
            failure = {"error": describe(error)}
        self.current = None
        if exposure.started:
            self._announce(exposure)
            self.wire.send({"kind": "end", "exposure": exposure.number, **failure})
        elif failure:
            self.wire.send({"kind": "reply", "id": exposure.request, **failure})

    def _run(self, exposure):
        geometries = [self._geometry(exposure, label) for label in exposure.labels]
        needed = max(geometry.stored_bytes for geometry in geometries)
        if self.rings.current is None or needed > self.rings.current.slot_bytes:
            self._reply(exposure, {"needs": needed})
        elif exposure.frames == 1:
            images = self._snap(exposure, geometries)
            self._restore(exposure)
            exposure.started = True
            self._reply(exposure, {})
            self._place(exposure, images)
        else:
            self._start(exposure, geometries)
            exposure.started = True
            self._reply(exposure, {})
            self._pump(exposure, geometries)

    def _reply(self, exposure, result):
        self.wire.send({"kind": "reply", "id": exposure.request, "result": result})

    def _geometry(self, exposure, label):
        if label == "":
            raise Refusal("no camera is set", missing="camera", name="", known=self.core.getLoadedDevices())
        if label not in self.core.getLoadedDevices():
            raise Refusal(f"no camera {label}", missing="camera", name=label, known=self.core.getLoadedDevices())
        self._use(exposure, label)
        return Geometry(self.core, label)

    def _use(self, exposure, label):
        """Makes a camera the current one for this exposure."""
        if self.core.getCameraDevice() != label:
            self.core.setCameraDevice(label)
            exposure.used = label

    def _restore(self, exposure):
        """Whatever happened, the cameras stand still, and the current one is the one that was unless a command chose another."""
        self._stop(exposure)
        if exposure.used is not None and self.core.getCameraDevice() == exposure.used:
            self._use(exposure, exposure.before)
        exposure.used = None

    def _snap(self, exposure, geometries):
        """The images of one exposure of each camera, with the tags that MMCore gives to frames of sequences only."""
        images = []
        for geometry in geometries:
            self._use(exposure, geometry.label)
            self.wire.send({"kind": "slow", "id": exposure.request, "ms": geometry.exposure_ms})
            begin = time.monotonic()
            self.core.snapImage()
            for channel in range(geometry.channels):
                pixels = self.core.getImage(channel) if geometry.channels > 1 else self.core.getImage()
                tags = geometry.snap_tags(self.core, channel)
                tags["ElapsedTime-ms"] = f"{(time.monotonic() - begin) * 1000:.2f}"
                tags["TimeReceivedByCore"] = datetime.datetime.now().strftime("%Y-%m-%d %H:%M:%S.%f")
                images.append((pixels, tags, geometry))
        return images

    def _place(self, exposure, images):
        for pixels, tags, geometry in images:
            slot = self._take(exposure)
            if slot is None:
                return
            self._put(exposure, slot, (pixels, tags, geometry))

    def _start(self, exposure, geometries):
        first = geometries[0]
        for other in geometries[1:]:
            if other.form != first.form:
                # pymmcore reads every frame of MMCore's buffer with the size of the current camera
                raise Refusal(
                    f"{first.label} gives {first.described}, {other.label} gives {other.described}",
                    unsupported="cameras whose frames have one size and type, for a sequence of several",
                )
        self._use(exposure, first.label)
        exposure.sequence = True
        if len(geometries) == 1:
            self.core.startSequenceAcquisition(exposure.frames, exposure.interval_ms, True)
            return
        for label in exposure.labels:
            self.core.prepareSequenceAcquisition(label)
        self.core.initializeCircularBuffer()
        for label in exposure.labels:
            self.core.startSequenceAcquisition(label, exposure.frames, exposure.interval_ms, True)

    def _pump(self, exposure, geometries):
        core = self.core
        geometry = geometries[0]
        expected = exposure.frames * sum(each.channels for each in geometries)
        patience_s = exposure.timeout_s + (geometry.exposure_ms + exposure.interval_ms) / 1000
        pause_s = min(max(geometry.exposure_ms / 50_000, SHORTEST_PAUSE_S), LONGEST_PAUSE_S)
        metadata = pymmcore.Metadata()
        done, last = 0, time.monotonic()
        while done < expected and not exposure.discard:
            self._heed_stop(exposure)
            if core.getRemainingImageCount() == 0:
                self._announce(exposure)
                if not self._is_running(exposure) and core.getRemainingImageCount() == 0:
                    break
                if time.monotonic() - last > patience_s:
                    raise Refusal(f"{done} of {expected}", timeout="a frame", ms=round(patience_s * 1000))
                time.sleep(pause_s)
                continue
            slot = self._take(exposure)
            if slot is None:
                break
            self._put(exposure, slot, self._pop(geometry, metadata))
            done, last = done + 1, time.monotonic()
        self._heed_stop(exposure)
        if done < expected and not exposure.stop:
            raise Refusal(f"{done} of {expected}", overflow=core.isBufferOverflowed())

    def _pop(self, geometry, metadata):
        if self.core.getImageBufferSize() != geometry.raw_bytes:
            raise RuntimeError(
                "The size of the camera's images was changed while frames of a sequence waited in MMCore's buffer"
            )
        pixels = self.core.popNextImageMD(metadata)
        return pixels, {key: metadata.GetSingleTag(key).GetValue() for key in metadata.GetKeys()}, geometry

    def _is_running(self, exposure):
        return any(self.core.isSequenceRunning(label) for label in exposure.labels)

    def _stop(self, exposure):
        for label in exposure.labels if exposure.sequence else []:
            if self.core.isSequenceRunning(label):
                self.core.stopSequenceAcquisition(label)

    def _heed_stop(self, exposure):
        if exposure.stop and not exposure.stopped:
            self._stop(exposure)
            exposure.stopped = True
            self.wire.send({"kind": "stopped", "exposure": exposure.number})

    def _take(self, exposure):
        """A free slot, however long Node needs; None if it does not want the frames any more."""
        while not exposure.discard:
            slot = self.rings.current.take("camera", 0)
            if slot is not None:
                return slot
            self._announce(exposure)
            self._heed_stop(exposure)
            slot = self.rings.current.take("camera", RING_WAIT_S)
            if slot is not None:
                return slot
        return None

    def _put(self, exposure, slot, image):
        pixels, tags, geometry = image
        ring = self.rings.current
        try:
            form = store(ring, slot, image)
        except Exception:
            ring.release([slot])
            raise
        camera = tags.get("Camera", geometry.label)
        index = index_of(tags, exposure.counts.get(camera, 0))
        exposure.counts[camera] = index + 1
        exposure.announced.append([slot, camera, index, *form, geometry.bit_depth, tags])
        if len(exposure.announced) >= BATCH or self.core.getRemainingImageCount() == 0:
            self._announce(exposure)

    def _announce(self, exposure):
        if exposure.announced:
            frames, exposure.announced = exposure.announced, []
            self.wire.send(
                {"kind": "frames", "exposure": exposure.number, "ring": self.rings.number, "frames": frames}
            )


def index_of(tags, next_index):
    """The camera's own count, if it goes on from the last frame; a gap tells of frames that were lost."""
    try:
        return max(int(tags["ImageNumber"]), next_index)
    except (KeyError, ValueError):
        return next_index
