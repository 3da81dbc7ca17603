/** The specimen of adaptiveMatching.ts: a molecule, its projection on a stage, and how to search for it. */
import type { DemoMicroscopeOptions, PlantedImage } from "vitrine/acquire";
import {
  parseMatchSettings,
  searchSpace,
  simulateMicrograph,
  simulateMolecule,
  volumeFromMolecule,
} from "vitrine/match";

/** Side of an image, and of the template. */
export const FIELD_PX = 256;
export const TEMPLATE_PX = 48;

export const PIXEL_SIZE_A = 2;
export const PIXEL_SIZE_UM = PIXEL_SIZE_A * 1e-4;

/** Leopard-EM's own configuration; a search for a real molecule would take steps of a few degrees. */
export const settings = parseMatchSettings(
  `
micrograph_path: image
template_volume_path: template
optics_group: { label: demo, pixel_size: ${PIXEL_SIZE_A}, voltage: 300, defocus_u: 5000, defocus_v: 5000, astigmatism_angle: 0 }
defocus_search_config: { enabled: false }
orientation_search_config: { psi_step: 30, theta_step: 30 }
preprocessing_filters: {}
match_template_result: # no files are written here, but the configuration has their names
  mip_path: mip
  scaled_mip_path: scaled_mip
  correlation_average_path: average
  correlation_variance_path: variance
  orientation_psi_path: psi
  orientation_theta_path: theta
  orientation_phi_path: phi
  relative_defocus_path: defocus
`,
  "settings",
);

const molecule = simulateMolecule({ seed: 4, atomCount: 250, radiusA: 40, sigmaA: 2.2 });

/** (48, 48, 48) */
export const template = volumeFromMolecule(molecule, { boxSize: TEMPLATE_PX, voxelSizeA: PIXEL_SIZE_A });

/** Photoelectrons per ms in a pixel of the background. */
const BACKGROUND = 40;

/** z-score that a perfect filter would give after 1 ms. */
const SIGNAL = 9;

/** The rotation in which the molecule lies, among those that the search tries. */
const ROTATION = 137;

/** A microscope whose specimen is a molecule in ice, its centre at a place on the stage; without a place, ice. */
export function microscopeOptions(planted?: {
  readonly xUm: number;
  readonly yUm: number;
}): DemoMicroscopeOptions {
  const images = planted === undefined ? [] : [{ ...projection(), ...planted }];
  return {
    specimen: { kind: "planted", background: BACKGROUND, images },
    focus: { tiltUmPerMm: [0, 0], waveUm: 0 },
    pixelSizeUm: PIXEL_SIZE_UM,
    properties: { Camera: { OnCameraCCDXSize: FIELD_PX, OnCameraCCDYSize: FIELD_PX } },
  };
}

/** What the molecule adds to the background, as the microscope's optics show it. */
function projection(): Omit<PlantedImage, "xUm" | "yUm"> {
  const side = 2 * TEMPLATE_PX + 1; // odd, so that the molecule's centre is the middle
  const signal = 1e6; // noise is the camera's matter: here there is to be none beside the molecule
  const { eulerAnglesDeg } = searchSpace(settings);
  const [phiDeg, thetaDeg, psiDeg] = eulerAnglesDeg.subarray(3 * ROTATION, 3 * ROTATION + 3);
  const corner = { posX: TEMPLATE_PX / 2, posY: TEMPLATE_PX / 2, relativeDefocusA: 0 };
  const { data } = simulateMicrograph(molecule, [{ ...corner, phiDeg, thetaDeg, psiDeg }], {
    shape: [side, side],
    pixelSizeA: PIXEL_SIZE_A,
    boxSize: TEMPLATE_PX,
    optics: settings.optics,
    signal,
    seed: 1,
  });
  const scale = (SIGNAL * Math.sqrt(BACKGROUND)) / signal;
  return {
    pixelSizeUm: PIXEL_SIZE_UM,
    widthPx: side,
    heightPx: side,
    data: data.map((value) => scale * value),
  };
}
