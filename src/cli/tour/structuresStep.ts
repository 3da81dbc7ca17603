import {
  configureDisplacement,
  configureLikelihoodFiles,
  convertParticleStacksFromIndexedStarFile,
  fromIndividualValues,
  makeTemplatesFromInputs,
  runEnsemble,
  runLikelihoodOptimalPose,
  stitchLogLikelihoodMatrices,
  writeImageDescriptor,
} from "../../likelihood/index.ts";
import { extractParticles } from "../../match/index.ts";
import { BOX, PIXEL_SIZE_A } from "./cage.ts";
import { openDesk, quoted, type TourDesk, type TourResult, type TourTools } from "./step.ts";

const STRUCTURES = ["closed", "open"] as const;
/** Which one the particles are of. */
const [TRUE_STRUCTURE] = STRUCTURES;
/** Of the Nyquist frequency: to 13 Å. */
const RESOLUTION = 0.3;
const INPLANES = 96;
const VIEWING_DISTANCE = 0.15;
const DISPLACEMENT = { maxDisplacementPixels: 2, nDisplacementsX: 5, nDisplacementsY: 5 };
/** The posterior of the right structure. */
const SURE = 0.99;

/** Cuts the found particles out and asks which of two structures they are. */
export async function structuresStep(tools: TourTools): Promise<TourResult> {
  const desk = await openDesk(tools, "structures");
  const images = await makeInputs(desk);
  await compare(desk);
  const { path, tell, commands, program } = desk;
  const [results, matrix, out] = ["likelihood", "likelihood_matrix", "ensemble"].map((name) =>
    path(`structures/${name}`),
  );
  tell(`stitch ${quoted(results)}`);
  await stitchLogLikelihoodMatrices({ folderOutput: results, crossCorrelation: true });
  tell(`ensemble ${quoted(matrix)} --out ${quoted(out)} --names ${STRUCTURES.join(",")}`);
  const { onLog } = program;
  const { ranking } = await runEnsemble(matrix, { folderOutput: out, names: STRUCTURES, onLog });
  const [best, second] = [...ranking].sort((a, b) => b.posterior - a.posterior);
  const isRight = best.name === TRUE_STRUCTURE && best.posterior >= SURE;
  return {
    name: "structures",
    title: "Rank two structures",
    text: `The ${images} particles were cut out and compared with two structures, closed and open, in all poses: they are of the ${best.name} one, by a ln Bayes factor of ${Math.round(second.logBayesFactor)}.`,
    commands,
    at: "structures/likelihood",
    ...{ planted: 1, found: isRight ? 1 : 0, others: 0, isRight },
  };
}

/** Particles and templates on one polar grid. */
async function makeInputs({ path, tell, program }: TourDesk): Promise<number> {
  const particles = path("search/particles.csv");
  const names = ["particles.mrcs", "particles.star", "parameters.npz", "templates", "stacks"];
  const [mrcs, star, params, templates, stacks] = names.map((name) => path(`structures/${name}`));
  const maps = STRUCTURES.map((name) => path(`${name}.mrc`));
  const { signal, onProgress, onLog } = program;
  tell(`extract ${quoted(particles)} --box ${BOX} --out ${quoted(mrcs)} --normalize --invert --full`);
  const extracted = await extractParticles([particles], {
    ...{ boxSize: BOX, stackPath: mrcs, normalize: {}, invert: true, full: true },
    ...{ signal, onProgress, onLog },
  });
  tell(
    `parameters ${quoted(params)} --pixels ${BOX} --pixel-size ${PIXEL_SIZE_A} --resolution-factor ${RESOLUTION} --inplanes ${INPLANES} --viewing-distance ${VIEWING_DISTANCE}`,
  );
  const values = {
    resolutionFactor: RESOLUTION,
    nInplanes: INPLANES,
    viewingDistance: VIEWING_DISTANCE,
  };
  await writeImageDescriptor(params, fromIndividualValues(BOX, PIXEL_SIZE_A, values));
  tell(`templates --params ${quoted(params)} --map ${maps.map(quoted).join(" ")} --out ${quoted(templates)}`);
  const made = { signal, onProgress, onLog };
  await makeTemplatesFromInputs(maps, params, { folderOutput: templates, ...made });
  tell(`particles --params ${quoted(params)} --star ${quoted(star)} --out ${quoted(stacks)}`);
  await convertParticleStacksFromIndexedStarFile(params, star, { folderOutput: stacks, ...made });
  return extracted.particles;
}

async function compare({ path, tell, program }: TourDesk): Promise<void> {
  const names = ["parameters.npz", "templates", "stacks", "likelihood"];
  const [params, templates, stacks, out] = names.map((name) => path(`structures/${name}`));
  const { maxDisplacementPixels: most, nDisplacementsX: x, nDisplacementsY: y } = DISPLACEMENT;
  tell(
    `likelihood --params ${quoted(params)} --templates ${quoted(templates)} --particles ${quoted(stacks)} --out ${quoted(out)} --i-template all --max-displacement-pixels ${most} --n-displacements ${x},${y} --integrated --picture`,
  );
  for (const iTemplate of STRUCTURES.keys()) {
    const folders = { folderTemplates: templates, folderParticles: stacks, folderOutput: out };
    const files = await configureLikelihoodFiles({ ...folders, nStacks: 1, iTemplate });
    const options = { ...program, integrated: true, picture: true };
    await runLikelihoodOptimalPose(files, params, configureDisplacement(DISPLACEMENT), options);
  }
}
