import { compareParticleTables, runMatch, runSimulateMicrograph } from "../../match/index.ts";
import { SYMMETRY } from "./cage.ts";
import { median, openDesk, quoted, type TourResult, type TourTools } from "./step.ts";

const PARTICLES = 12;
const SIDE = 512;
/** z-score that a perfect filter would give; views 5° apart of a cage leave 9 to 12. */
const SIGNAL = 30;
const DEFOCUS_A = 12_000;
const STEP_DEG = 5;
const SEED = 1;
/** Expected false particles. */
const FALSE_POSITIVES = 0.01;

/** Simulates a micrograph of the closed cage, and searches it. */
export async function searchStep(tools: TourTools): Promise<TourResult> {
  const { path, tell, commands, program } = await openDesk(tools, "search");
  const map = path("closed.mrc");
  const names = ["micrograph.mrc", "truth.csv", "match.yaml", "particles.csv", "particles.png"];
  const [micrograph, truth, config, particles, picture] = names.map((name) => path(`search/${name}`));
  const shown = [map, micrograph, truth, config, particles, picture].map(quoted);
  tell(
    `simulate-micrograph ${shown[0]} --out ${shown[1]} --truth ${shown[2]} --config ${shown[3]} --size ${SIDE}x${SIDE} --particles ${PARTICLES} --z-score ${SIGNAL} --defocus ${DEFOCUS_A} --symmetry ${SYMMETRY} --psi-step ${STEP_DEG} --theta-step ${STEP_DEG} --seed ${SEED}`,
  );
  const { onProgress: _, ...simulation } = program;
  await runSimulateMicrograph(map, {
    ...simulation,
    ...{ micrographPath: micrograph, truthPath: truth, configPath: config },
    ...{ shape: [SIDE, SIDE], count: PARTICLES, noise: { kind: "white", zScore: SIGNAL }, seed: SEED },
    ...{ defocusUA: DEFOCUS_A, defocusVA: DEFOCUS_A, astigmatismAngleDeg: 0 },
    ...{ voltageKv: 300, sphericalAberrationMm: 2.7, amplitudeContrast: 0.07 },
    ...{ symmetry: SYMMETRY, psiStepDeg: STEP_DEG, thetaStepDeg: STEP_DEG },
  });
  tell(
    `match ${shown[3]} --false-positives ${FALSE_POSITIVES} --particles ${shown[4]} --picture ${shown[5]}`,
  );
  const search = await runMatch(config, {
    ...program,
    ...{ particlesPath: particles, picturePath: picture, falsePositives: FALSE_POSITIVES },
  });
  tell(`compare-particles ${shown[4]} ${shown[2]} --symmetry ${SYMMETRY}`);
  const { matches, missed, extra } = await compareParticleTables(particles, truth, { symmetry: SYMMETRY });
  const off = `${median(matches.map(({ distancePx }) => distancePx)).toFixed(1)} px and ${median(matches.map(({ angleDeg }) => angleDeg)).toFixed(1)}°`;
  return {
    name: "search",
    title: "Find molecules",
    text: `${search.correlations} views of a cage of 24 subunits were compared with every place of a micrograph: ${matches.length} of ${PARTICLES} were found and ${extra.length} that are none, half of them off by at most ${off}.`,
    commands,
    at: "search",
    ...{ planted: PARTICLES, found: matches.length, others: extra.length },
    isRight: missed.length === 0 && extra.length === 0,
  };
}
