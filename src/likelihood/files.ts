/** Names of the files of a run, all relative to a folder, as CryoLike has them. */

const numbered = (stack: number) => `stack_${String(stack).padStart(6, "0")}`;

/** The list of template stacks in their folder: texts, as `numpy.save` writes them. */
export function templateListPath(folderTemplates: string): string {
  return `${folderTemplates}/template_file_list.npy`;
}

/** The templates of a structure in its folder. */
export function templatesPath(folderTemplates: string, name: string): string {
  return `${folderTemplates}/templates_fourier_${name}.pt`;
}

/** Files of a stack of particles. */
export interface ParticleStackPaths {
  /** Complex [images, shells, inplanes]. */
  readonly fourier: string;
  /** Descriptor and lens of every image. */
  readonly metadata: string;
  /** Real [images, x, y]. */
  readonly physical: string;
}

/** Where a stack of particles lies, counted from 0. */
export function particleStackPaths(folderParticles: string, stack: number): ParticleStackPaths {
  const fourier = `${folderParticles}/fft/particles_fourier_${numbered(stack)}`;
  const physical = `${folderParticles}/phys/particles_phys_${numbered(stack)}.pt`;
  return { fourier: `${fourier}.pt`, metadata: `${fourier}.npz`, physical };
}

/** The displacements that a run has tried: [2, displacements] in Å, x then y. */
export function displacementsPath(folderOutput: string): string {
  return `${folderOutput}/displacements_set.pt`;
}

/** Files of the results of a template stack against a stack of particles. */
export interface LikelihoodPaths {
  readonly crossCorrelation: string;
  readonly crossCorrelationFull: string;
  readonly optimalTemplate: string;
  readonly optimalDisplacementX: string;
  readonly optimalDisplacementY: string;
  readonly optimalInplaneRotation: string;
  readonly logLikelihoodIntegrated: string;
  readonly logLikelihoodOptimal: string;
  /** Not one of CryoLike's: posteriors over viewing directions, (images, templates). */
  readonly posePosterior: string;
  /** Over displacements, (images, displacements), and over in-plane rotations, (images, inplanes). */
  readonly posePosteriorDisplacement: string;
  readonly posePosteriorRotation: string;
  /** Tables and pictures of the likeliest views and poses, and of the noise that images are whitened with. */
  readonly posePosteriorTable: TablePaths;
  readonly posesTable: TablePaths;
  readonly noiseTable: TablePaths;
}

/** A table and its picture. */
export interface TablePaths {
  readonly csv: string;
  readonly png: string;
}

/** Where results lie; `stack` is counted from 0, the number of the template is not padded. */
export function likelihoodPaths(folderOutput: string, iTemplate: number, stack: number): LikelihoodPaths {
  const folder = `${folderOutput}/template${iTemplate}`;
  const pose = (what: string) => `${folder}/optimal_pose/optimal_${what}_${numbered(stack)}.pt`;
  const log = (what: string) =>
    `${folder}/log_likelihood/log_likelihood_${what}_fourier_${numbered(stack)}.pt`;
  const posterior = (what: string) => `${folder}/pose_posterior/pose_posterior_${what}${numbered(stack)}.pt`;
  const table = (where: string, what = where) => {
    const path = `${folder}/${where}/${what}_${numbered(stack)}`;
    return { csv: `${path}.csv`, png: `${path}.png` };
  };
  return {
    crossCorrelation: `${folder}/cross_correlation/cross_correlation_${numbered(stack)}.pt`,
    crossCorrelationFull: `${folder}/cross_correlation/cross_correlation_pose_msdw_${numbered(stack)}.pt`,
    optimalTemplate: pose("template"),
    optimalDisplacementX: pose("displacement_x"),
    optimalDisplacementY: pose("displacement_y"),
    optimalInplaneRotation: pose("inplane_rotation"),
    logLikelihoodIntegrated: log("integrated"),
    logLikelihoodOptimal: log("optimal"),
    posePosterior: posterior(""),
    posePosteriorDisplacement: posterior("displacement_"),
    posePosteriorRotation: posterior("inplane_rotation_"),
    posePosteriorTable: table("pose_posterior"),
    posesTable: table("pose_posterior", "poses"),
    noiseTable: table("noise_power"),
  };
}
