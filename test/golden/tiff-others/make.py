"""Writes an ImageJ hyperstack with tables of colours, and a stack as Micro-Manager 2.0 lays it out: python3 make.py (tifffile 2026.3.3)."""

import json
import struct

import numpy as np
import tifffile

SHAPE = (2, 3, 2, 8, 10)  # t, z, c, y, x


def values():
    return np.arange(np.prod(SHAPE), dtype=np.uint16).reshape(SHAPE)


def imagej():
    def lut(red, green, blue):
        ramp = np.arange(256)
        return np.stack([ramp * red, ramp * green, ramp * blue]).astype(np.uint8)

    metadata = {
        "axes": "TZCYX", "spacing": 0.25, "finterval": 2.5, "unit": "um", "mode": "composite",
        "LUTs": [lut(0, 1, 0), lut(1, 0, 1)], "Ranges": (10.0, 200.0, 100.0, 900.0),
        "Labels": ["GFP", "RFP"] * 6,
    }
    tifffile.imwrite("luts.imagej.tif", values(), imagej=True, resolution=(1 / 0.13, 1 / 0.13), metadata=metadata)


def ome_xml(name, uuid):
    t, z, c, y, x = SHAPE
    data, planes = "", ""
    ifd = 0
    for time in range(t):
        for slice_ in range(z):
            for channel in range(c):
                data += (f'<TiffData FirstC="{channel}" FirstT="{time}" FirstZ="{slice_}" IFD="{ifd}" PlaneCount="1">'
                         f'<UUID FileName="{name}">urn:uuid:{uuid}</UUID></TiffData>')
                planes += (f'<Plane DeltaT="{100 * time + ifd}.0" DeltaTUnit="ms" ExposureTime="10.0" ExposureTimeUnit="ms" '
                           f'PositionX="-1250.5" PositionXUnit="µm" PositionY="800.25" PositionYUnit="µm" '
                           f'PositionZ="{50 + 0.5 * slice_}" PositionZUnit="µm" TheC="{channel}" TheT="{time}" TheZ="{slice_}"/>')
                ifd += 1
    channels = "".join(
        f'<Channel Color="{color}" ID="Channel:0:{i}" Name="{label}" SamplesPerPixel="1"/>'
        for i, (label, color) in enumerate([("Cy5", -16776961), ("DAPI", 65535)]))
    return ('<?xml version="1.0" encoding="UTF-8" standalone="no"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" '
            f'UUID="urn:uuid:{uuid}"><Image ID="Image:0" Name="cells_1_MMStack_Pos0"><AcquisitionDate>2026-01-05T10:00:00</AcquisitionDate>'
            '<StageLabel Name="Pos0" X="-1250.5" XUnit="µm" Y="800.25" YUnit="µm"/>'
            f'<Pixels BigEndian="false" DimensionOrder="XYCZT" ID="Pixels:0" PhysicalSizeX="0.65" PhysicalSizeXUnit="µm" '
            f'PhysicalSizeY="0.65" PhysicalSizeYUnit="µm" PhysicalSizeZ="0.5" PhysicalSizeZUnit="µm" SignificantBits="12" '
            f'SizeC="{c}" SizeT="{t}" SizeX="{x}" SizeY="{y}" SizeZ="{z}" TimeIncrement="100.0" TimeIncrementUnit="ms" Type="uint16">'
            f"{channels}{data}{planes}</Pixels></Image></OME>")


def micro_manager(name, xml):
    """As MultipageTiffWriter of Micro-Manager 2.0: an index, display settings and comments behind, a summary before the pages."""
    t, z, c, y, x = SHAPE
    images = values()
    summary = json.dumps({
        "Prefix": "cells_1", "MicroManagerVersion": "2.0.3", "MetadataVersion": "2.0.0", "Frames": t, "Slices": z, "Channels": c,
        "Positions": 1, "ChNames": ["Cy5", "DAPI"], "ChColors": [-65536, -16776961], "PixelSize_um": 0.65, "z-step_um": 0.5,
        "Interval_ms": 100.0, "Width": x, "Height": y, "BitDepth": 12, "PixelType": "GRAY16", "SlicesFirst": False,
        "TimeFirst": False, "AxisOrder": ["position", "time", "z", "channel"]}).encode()
    out = bytearray(struct.pack("<2sHI", b"II", 42, 0))
    out += struct.pack("<6I", 54773648, 0, 483765892, 0, 99384722, 0)
    out += struct.pack("<2I", 2355492, len(summary)) + summary
    out += b"\0" * (len(out) % 2)
    index, patches = [], []
    ij = f"ImageJ=1.52\nimages={t * z * c}\nchannels={c}\nslices={z}\nframes={t}\nhyperstack=true\nmode=composite\nunit=um\nspacing=0.5\n"
    link = 4
    for time in range(t):
        for slice_ in range(z):
            for channel in range(c):
                first = not index
                meta = json.dumps({"FrameIndex": time, "SliceIndex": slice_, "ChannelIndex": channel, "PositionIndex": 0,
                                   "Exposure-ms": 10.0, "PixelSizeUm": 0.65}).encode() + b"\0"
                pixels = images[time, slice_, channel].tobytes()
                at = len(out)
                struct.pack_into("<I", out, link, at)
                index.append((channel, slice_, time, 0, at))
                tags = [(256, 4, 1, x), (257, 4, 1, y), (258, 3, 1, 16), (259, 3, 1, 1), (262, 3, 1, 1), (273, 4, 1, None), (277, 3, 1, 1),
                        (278, 3, 1, y), (279, 4, 1, len(pixels)), (282, 5, 1, None), (283, 5, 1, None), (296, 3, 1, 3), (51123, 2, len(meta), None)]
                if first:
                    tags += [(270, 2, len(xml.encode()) + 1, "xml"), (270, 2, len(ij) + 1, "ij")]
                    tags.sort(key=lambda tag: tag[0])
                body = at + 2 + 12 * len(tags) + 4
                out += struct.pack("<H", len(tags))
                places = {"273": body, "282": body + len(pixels), "283": body + len(pixels) + 8, "51123": body + len(pixels) + 16}
                for tag, kind, count, value in tags:
                    if value == "xml" or value == "ij":
                        patches.append((len(out) + 8, value))
                        value = 0
                    out += struct.pack("<HHII", tag, kind, count, places[str(tag)] if value is None else value)
                link = len(out)
                out += struct.pack("<I", 0) + pixels + struct.pack("<4I", 15385, 1, 15385, 1) + meta
                out += b"\0" * (len(out) % 2)
    for place, kind in patches:
        struct.pack_into("<I", out, place, len(out))
        out += (xml.encode() if kind == "xml" else ij.encode()) + b"\0"
        out += b"\0" * (len(out) % 2)
    struct.pack_into("<I", out, 12, len(out))
    out += struct.pack("<2I", 3453623, len(index)) + b"".join(struct.pack("<5I", *entry) for entry in index)
    open(name, "wb").write(out)


imagej()
micro_manager("cells_1_MMStack_Pos0.ome.tif", ome_xml("cells_1_MMStack_Pos0.ome.tif", "6f0e6d3c-0000-4000-8000-000000000001"))
