/** What tags, descriptions and cells of files of other programs say, and is left out or guessed. */
import { type MadeTag, makeTiff, textTag } from "./tiff.ts";
import { convert, tiff } from "./warningFiles.ts";
import { ATOM, pdb, type WarningRow, written } from "./warningRow.ts";

export const FILE_ROWS: readonly WarningRow[] = [
  {
    name: "a predictor without compression",
    call: (f) => ["info", tiff(f, [[317, 2]])],
    says: /a\.tif: Predictor 2 is left out: values without compression are as they are/,
  },
  {
    name: "colours that are no grey",
    call: (f) => ["info", tiff(f, [[262, 8]])],
    says: /a\.tif: PhotometricInterpretation 8 \(CIE L\*a\*b\*\) is left out/,
  },
  {
    name: "ImageJ's calibration of values",
    call: (f) => convert(said(f, "ImageJ=1.53t\ncf=0\nc0=-32768\nc1=1\n"), f, "b.npy"),
    says: /a\.tif: ImageJ's calibration of values \(cf=0, c0=-32768, c1=1\) is left out/,
  },
  {
    name: "ImageJ's unit that nobody knows",
    call: (f) => convert(said(f, "ImageJ=1.53t\nunit=furlong\n"), f, "b.npy"),
    says: /a\.tif: its unit "furlong" is no unit of length that is known/,
  },
  {
    name: "OME-XML that is cut short",
    call: (f) => ["info", said(f, '<OME xmlns="x"><Image ID="Image:0"><Pixels')],
    says: /a\.tif: its OME-XML is cut short and left out/,
  },
  {
    name: "a particle without a place",
    call: (f) => convert(written(f, "p.csv", "pos_x_img,pos_y_img\n1,2\n3,\n"), f, "b.star"),
    says: /p\.csv row 2 pos_y_img: "" is no number: this particle is left out/,
  },
  {
    name: "confidences in place of B-factors",
    call: (f) => ["info", pdb(f, ["TITLE     ALPHAFOLD MONOMER V2.0 PREDICTION", ATOM(1)])],
    says: /a\.pdb: a predicted model, whose B-factors are a confidence \(pLDDT\).*--b-factor-scaling 0/,
  },
  {
    name: "copies of a PDB file that are not made",
    call: (f) => ["info", pdb(f, ["MTRIX1   2 -1.000000  0.000000  0.000000        0.00000", ATOM(1)])],
    says: /a\.pdb: 1 further copy by non-crystallographic symmetry/,
  },
];

/** A TIFF of two bytes of grey with a description. */
function said(folder: string, description: string): string {
  const tags = (at: number): MadeTag[] => [
    [256, 3, [2]],
    [257, 3, [1]],
    [258, 3, [8]],
    [262, 3, [1]],
    textTag(270, description),
    [273, 4, [at]],
    [278, 3, [1]],
    [279, 4, [2]],
  ];
  return written(folder, "a.tif", makeTiff([{ pixels: Uint8Array.of(3, 200), tags }]));
}
