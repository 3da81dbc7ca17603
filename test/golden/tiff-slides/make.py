"""Writes slides as their scanners lay them out, and what tifffile says of them: python3 make.py (tifffile 2026.3.3, pyvips 3.2.0)."""

import json
import sys

import numpy as np
import pyvips
import tifffile

GRID = np.meshgrid(np.arange(96), np.arange(64))
RGB = np.stack([*GRID, np.full((64, 96), 7)], -1).astype(np.uint8)
TILE = {"tile": (16, 16), "compression": "zlib", "metadata": None}
STRIP = {"rowsperstrip": 8, "metadata": None}
APERIO = "Aperio Image Library v11.2.1\r\n"


def write(name, pages, **options):
    with tifffile.TiffWriter(name, **options) as tif:
        for data, more in pages:
            photometric = "rgb" if data.ndim == 3 else "minisblack"
            tif.write(data, photometric=photometric, **more)


def padded(data, tile=16):
    height, width = (-(-side // tile) * tile for side in data.shape[:2])
    full = np.full((height, width, *data.shape[2:]), 255, data.dtype)
    full[: data.shape[0], : data.shape[1]] = data
    return full


def aperio():
    facts = "|AppMag = 20|StripeWidth = 2040|MPP = 0.4990|Left = 25.691574"
    write("aperio.svs", [
        (RGB, {**TILE, "description": f"{APERIO}100x70 [0,0 96x64] (16x16) JPEG/RGB Q=30{facts}"}),
        (RGB[::3, ::3], {**STRIP, "description": f"{APERIO}100x70 -> 32x22 - {facts}"}),
        (RGB[::4, ::4], {**TILE, "description": f"{APERIO}100x70 [0,0 96x64] (16x16) -> 24x16 JPEG/RGB Q=30"}),
        (RGB[::9, ::9], {**TILE, "description": f"{APERIO}100x70 [0,0 96x64] (16x16) -> 11x8 JPEG/RGB Q=30"}),
        (RGB[:20, :20], {**STRIP, "subfiletype": 1, "description": f"{APERIO}label 20x20"}),
        (RGB[:16, :40], {**STRIP, "subfiletype": 9, "description": f"{APERIO}macro 40x16"}),
    ])


def philips():
    spacing = "".join(
        '<DataObject ObjectType="PixelDataRepresentation"><Attribute Name="DICOM_PIXEL_SPACING" Group="0x0028" '
        f'Element="0x0030" PMSVR="IDoubleArray">&quot;{0.00025 * 2**i}&quot; &quot;{0.00025 * 2**i}&quot;</Attribute></DataObject>'
        for i in range(3))
    xml = ('<?xml version="1.0" encoding="UTF-8" ?><DataObject ObjectType="DPUfsImport"><Attribute Name="PIM_DP_SCANNED_IMAGES" '
           'Group="0x301D" Element="0x1003" PMSVR="IDataObjectArray"><Array><DataObject ObjectType="DPScannedImage"><Attribute '
           f'Name="PIIM_PIXEL_DATA_REPRESENTATION_SEQUENCE"><Array>{spacing}</Array></Attribute></DataObject></Array></Attribute></DataObject>')
    soft = {"software": "Philips DP v1.0"}
    write("philips.tiff", [
        (RGB, {**TILE, **soft, "description": xml}),
        (padded(RGB[::2, ::2]), {**TILE, **soft, "description": "level=1 mag=20"}),
        (padded(RGB[::4, ::4]), {**TILE, **soft, "description": "level=2 mag=10"}),
        (RGB[:16, :40], {**STRIP, **soft, "description": "Macro"}),
        (RGB[:20, :20], {**STRIP, **soft, "description": "Label"}),
    ], bigtiff=True)


def ventana():
    xmp = b'<?xml version="1.0"?><Metadata><iScan Magnification="20" ScanRes="0.465000" UnitNumber="1"></iScan></Metadata>'
    pages = [(RGB[:20, :20], {**STRIP, "description": "Label Image", "extratags": [(700, 1, len(xmp), xmp, True)]})]
    for i, step in enumerate([1, 2, 4]):
        pages.append((RGB[::step, ::step], {**TILE, "description": f"level={i} mag={20 / step:g} quality=95"}))
    write("ventana.bif", pages, bigtiff=True)


def perkinelmer():
    def text(kind, name=None):
        channel = f"<Name>{name}</Name><Color>{'0,0,255' if name == 'DAPI' else '0,255,0'}</Color>" if name else ""
        return ('<?xml version="1.0" encoding="utf-8"?><PerkinElmer-QPI-ImageDescription>'
                f"<ImageType>{kind}</ImageType>{channel}</PerkinElmer-QPI-ImageDescription>")

    size = {"resolution": (20000, 20000), "resolutionunit": "CENTIMETER"}
    channels = [("DAPI", RGB[..., 0]), ("FITC", RGB[..., 1])]
    pages = [(data, {**TILE, **size, "description": text("FullResolution", name)}) for name, data in channels]
    pages.append((RGB[::6, ::6], {**STRIP, "description": text("Thumbnail")}))
    for step in [2, 4]:
        pages += [(data[::step, ::step], {**TILE, "subfiletype": 1, "description": text("ReducedResolution", name)}) for name, data in channels]
    pages.append((RGB[:16, :40], {**STRIP, "description": text("Overview")}))
    pages.append((RGB[:20, :20], {**STRIP, "description": text("Label")}))
    write("perkinelmer.qptiff", pages)


def generic():
    gray = (np.arange(64 * 96, dtype=np.uint16) * 3).reshape(64, 96)
    write("tiles.tif", [(gray[::step, ::step], TILE) for step in [1, 2, 4]])
    write("strips.tif", [(gray[::step, ::step], STRIP) for step in [1, 2, 4]])
    write("apart.tif", [(gray, STRIP), (gray[:32, :48], STRIP), (gray[:10, :50], {**STRIP, "subfiletype": 1})])
    image = pyvips.Image.new_from_array(RGB)
    image.tiffsave("vips.tif", tile=True, pyramid=True, compression="deflate", tile_width=16, tile_height=16, depth="onetile",
                   resunit="cm", xres=2000, yres=2000)


def facts(name):
    with tifffile.TiffFile(name) as tif:
        return [{"name": series.name, "axes": series.axes, "levels": [list(level.shape) for level in series.levels],
                 "sums": [int(level.asarray().astype(np.int64).sum()) for level in series.levels]} for series in tif.series]


aperio(), philips(), ventana(), perkinelmer(), generic()
FILES = ["aperio.svs", "philips.tiff", "ventana.bif", "perkinelmer.qptiff", "tiles.tif", "strips.tif", "vips.tif"]
json.dump({name: facts(name) for name in FILES}, open("series.json", "w"), indent=1)
sys.stdout.write(f"{len(FILES)} files\n")
