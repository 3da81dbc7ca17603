import { VitrineError } from "../core/index.ts";

/** What functions of the library call their arguments, and the options that give them in the command line. */
const OPTIONS: Readonly<Record<string, string>> = {
  "B-factors": "--min, --max and --step",
  "batch size": "--compat-batch",
  "box size": "--box",
  "coarse factor": "--coarse",
  "coarse samples": "--coarse-samples",
  "clusterMapobjects clusters": "--clusters",
  clusters: "--clusters",
  components: "--components",
  "correlation table": "--correlation-table",
  "createPool workers": "--workers",
  "configureLikelihoodFiles iTemplate": "--i-template",
  "configureLikelihoodFiles nStacks": "--n-stacks",
  cutoff: "--cutoff",
  "downsample factor": "--downsample",
  "ensembleWeights bootstrap": "--bootstrap",
  "ensembleWeights dirichlet": "--dirichlet",
  "image descriptor nInplanes": "--inplanes",
  "imageProcessor.workers": "--workers",
  "nextDatasetFolder name": "--name",
  openMMCoreMicroscope: "--microscope mmcore",
  "peaks.rate": "--fdr",
  "largest shift along x": "--max-shift",
  "largest shift along y": "--max-shift",
  "largest shift along z": "--max-shift",
  maxShifts: "--max-shift",
  "pixel size search patience": "--patience",
  planted: "--planted",
  pickDoG: "--sigma",
  "pickDoG sigma": "--sigma",
  "pickLoG sigma": "--sigma",
  "pickTemplate minDistance": "--min-distance",
  "simulate outputShape": "--shape",
  "SubtomogramLoader outputShape": "--size",
  "fsc dfreq": "--dfreq",
  "template padding": "--template-padding",
  "tiling.overlapPx": "--tile-overlap",
  "fsc randomizeFrom": "--randomize-from",
  limit: "--limit",
  maskRadiusPx: "--mask-radius",
  particles: "--particles",
  planImport: "--pattern and --table",
  rivalDeg: "--rival",
  rotations: "--rotations",
  "rotations x": "--rotations",
  "rotations y": "--rotations",
  "rotations z": "--rotations",
  "runEnsemble names": "--names",
  "runEnsemble prior": "--prior",
  symmetry: "--symmetry",
  "tilt range": "--tilt",
  "symmetryRotations(symmetry)": "--symmetry",
  workers: "--workers",
  zCutoff: "--z-cutoff",
};

/** Functions whose arguments have names of their own: `placeParticles().shape`. */
const CALL = /^(?:simulateMap|placeParticles|simulateMicrographOfMap|inspectPeaks)\(\)\.([\w.]+)$/;

/** A field of the configuration that simulate-micrograph makes of its options. */
const SIMULATED = /^simulateMicrograph \w+\.(\w+)$/;

const ARGUMENTS: Readonly<Record<string, string>> = {
  additionalBFactorA2: "--additional-b-factor",
  amplitude_contrast_ratio: "--amplitude-contrast",
  atoms: "the atoms",
  bFactorScaling: "--b-factor-scaling",
  boxSize: "--box",
  count: "--particles",
  ctf_B_factor: "--b-factor",
  defocusSpreadA: "--defocus-spread",
  defocus_u: "--defocus",
  defocus_v: "--defocus-v",
  distancePx: "--distance",
  "exposure.critExposureBFactor": "--crit-exposure-bfactor",
  "exposure.endPerA2": "--dose-end",
  "exposure.startPerA2": "--dose-start",
  "exposure.voltageKv": "--voltage",
  phase_shift: "--phase-shift",
  pixelSizeA: "--pixel-size",
  pixel_size: "--pixel-size",
  psi_step: "--psi-step",
  seed: "--seed",
  shape: "--size",
  spherical_aberration: "--cs",
  symmetry: "--symmetry",
  theta_step: "--theta-step",
  upsampling: "--upsampling",
  voltage: "--voltage",
};

/** The error in the words of the command line: where it names an argument of a function, the option instead. */
export function inCommandWords(error: VitrineError): VitrineError {
  const { at } = error.fault;
  const argument = CALL.exec(at)?.[1] ?? SIMULATED.exec(at)?.[1];
  const option = argument === undefined ? entryOf(OPTIONS, at) : entryOf(ARGUMENTS, argument);
  return option === undefined
    ? error
    : new VitrineError({ ...error.fault, at: option }, { cause: error.cause });
}

function entryOf(table: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}
