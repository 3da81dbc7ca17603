"""Writes stacks of MetaMorph by hand, and what tifffile says of them: python3 makeStacks.py (tifffile 2026.3.3)."""
import struct
from pathlib import Path

import tifffile

HERE = Path(__file__).parent


def rational(value):
    return struct.pack("<ii", round(value * 1000), 1000)


def text(value):
    return struct.pack("<I", len(value) + 1) + value.encode() + b"\0"


def stack(planes, stage, labels=()):
    """2 x 3 pixels of 16 bits a plane: value i is i. Stage positions (x, y) in µm."""
    width, height = 3, 2
    pixels = struct.pack(f"<{planes * width * height}H", *range(planes * width * height))
    data, places = bytearray(), {}
    first = 8 + len(pixels)

    def put(name, value):
        places[name] = first + len(data)
        data.extend(value)

    put("xCalibration", rational(0.325))
    put("yCalibration", rational(0.325))
    put("units", text("um"))
    put("stage", b"".join(rational(x) + rational(y) for x, y in stage))
    pairs = [(4, "xCalibration"), (5, "yCalibration"), (6, "units")] + ([(28, "stage")] if planes == 1 else [])
    put("uic1", b"".join(struct.pack("<II", number, places[name]) for number, name in pairs))
    put("uic2", b"".join(struct.pack("<II4I", z, 1, 2460000, 0, 2460000, 0) for z in range(planes)))
    chips = struct.pack("<H", 29) + b"".join(rational(0) * 2 for _ in stage)
    names = struct.pack("<H", 37) + b"".join(map(text, labels)) if labels else b""
    places_of = struct.pack("<H", 28) + b"".join(rational(x) + rational(y) for x, y in stage)
    # in any order: what stands before the positions has to be passed over
    put("uic4", chips + names + places_of + struct.pack("<H", 0))
    tags = [
        (256, 3, 1, width), (257, 3, 1, height), (258, 3, 1, 16), (259, 3, 1, 1), (262, 3, 1, 1),
        (273, 4, 1, 8), (277, 3, 1, 1), (278, 3, 1, height), (279, 4, 1, width * height * 2),
        (33628, 4, len(pairs), places["uic1"]), (33629, 5, planes, places["uic2"]),
        (33631, 4, planes, places["uic4"]),
    ]
    directory = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *tag) for tag in tags) + bytes(4)
    return struct.pack("<2sHI", b"II", 42, first + len(data)) + pixels + bytes(data) + directory


CASES = {
    "stack.stk": stack(2, [(-120.5, 45.25), (-120.5, 45.25)], ["A1", "A1 again"]),
    "moved.stk": stack(2, [(-118.55, 45.25), (-118.55, 45.25)]),
    "single.stk": stack(1, [(1500, -2.5)]),
}
for name, content in CASES.items():
    (HERE / name).write_bytes(content)
    with tifffile.TiffFile(HERE / name) as file:
        told = file.stk_metadata
        print(
            name, told["XCalibration"], told["CalibrationUnits"], told["NumberPlanes"], told["StagePosition"].tolist(), told.get("StageLabel")
        )
        print(file.asarray().ravel().tolist())
