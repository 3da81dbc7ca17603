"""What the frames of a camera look like, and how they lie in a slot."""
import numpy as np

# MMCore's names of pixel types: type and values a pixel as they lie in a slot
KINDS = {
    "GRAY8": ("uint8", 1),
    "GRAY16": ("uint16", 1),
    "GRAY32": ("uint32", 1),
    "RGB32": ("uint8", 3),
    "RGB64": ("uint16", 3),
}


class Geometry:
    """The frames that the current camera gives as it is set now."""

    def __init__(self, core, label):
        self.label = label
        self.width, self.height = core.getImageWidth(), core.getImageHeight()
        self.raw_bytes = core.getImageBufferSize()
        self.bit_depth = core.getImageBitDepth()
        self.exposure_ms = core.getExposure()
        self.channels = core.getNumberOfCameraChannels()
        self.pixel_type = pixel_type_of(core.getBytesPerPixel(), core.getNumberOfComponents())
        dtype, values = KINDS[self.pixel_type]
        self.stored_bytes = self.width * self.height * values * np.dtype(dtype).itemsize

    @property
    def form(self):
        return self.width, self.height, self.pixel_type

    @property
    def described(self):
        return f"{self.width} x {self.height} {self.pixel_type}"

    def snap_tags(self, core, channel):
        x, y, _, _ = core.getROI()
        label = self.label
        tags = {
            "Camera": core.getCameraChannelName(channel) or label if self.channels > 1 else label,
            "Width": str(self.width),
            "Height": str(self.height),
            "PixelType": self.pixel_type,
            "ROI-X-start": str(x),
            "ROI-Y-start": str(y),
            "ImageNumber": "0",
            "Exposure": f"{self.exposure_ms:g}",
        }
        if core.hasProperty(label, "Binning"):
            tags["Binning"] = core.getProperty(label, "Binning")
        if self.channels > 1:
            tags["CameraChannelIndex"] = str(channel)
        return tags


def pixel_type_of(bytes_per_pixel, components):
    if components == 1 and bytes_per_pixel in (1, 2, 4):
        return f"GRAY{bytes_per_pixel * 8}"
    if components == 4 and bytes_per_pixel in (4, 8):
        return f"RGB{bytes_per_pixel * 8}"
    raise ValueError(f"frames of {components} components in {bytes_per_pixel} bytes a pixel have no pixel type here")


def store(ring, slot, image):
    """Copies a frame into a slot; what its own tags say of its size and type counts. Returns width, height, channels, type."""
    pixels, tags, geometry = image
    kind = tags.get("PixelType")
    dtype, values = KINDS[kind if kind in KINDS else geometry.pixel_type]
    width = int(tags.get("Width", pixels.shape[1]))
    height = int(tags.get("Height", pixels.shape[0]))
    pixel_bytes = (4 if values == 3 else 1) * np.dtype(dtype).itemsize
    raw = pixels.reshape(-1).view(np.uint8)
    if width * height * pixel_bytes > raw.size or width * height * values * np.dtype(dtype).itemsize > ring.slot_bytes:
        raise RuntimeError(f"A frame of {width} x {height} {kind} came where {geometry.described} was expected")
    raw = raw[: width * height * pixel_bytes].view(dtype)
    if values == 3:
        # MMCore's colours lie as blue, green, red and one that is not used
        target = ring.view(slot, dtype, (height, width, 3))
        np.copyto(target, raw.reshape(height, width, 4)[:, :, 2::-1])
    else:
        np.copyto(ring.view(slot, dtype, (height * width,)), raw)
    return width, height, values, dtype
