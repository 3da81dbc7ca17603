// `npm run bench -- match peaks`: the time to find peaks in a map where every pixel is a candidate.
import { seededRandom } from "../../dist/core/index.js";
import { findPeaks } from "../../dist/match/index.js";
import { digits, median, verdict } from "../figures.js";

const ROUNDS = 5;
/** Nanoseconds a candidate: a comparison function would take 20 times as long, a loop over all pairs hours. */
const BAR_NS = 1000;

/** Medians at 1024² and 4096²; a candidate should take about as long in both. */
export async function run() {
  return [1024, 4096].map((side) => {
    const random = seededRandom(1);
    const map = {
      data: Float32Array.from({ length: side * side }, () => random.normal()),
      shape: [side, side],
    };
    const times = Array.from({ length: ROUNDS + 1 }, () => {
      const began = performance.now();
      findPeaks(map, { cutoff: Number.NEGATIVE_INFINITY, maskRadiusPx: 5 });
      return performance.now() - began;
    });
    const perCandidate = (median(times.slice(1)) * 1e6) / side ** 2;
    return {
      what: `peaks, all pixels of ${side}² candidates`,
      figure: `${digits(perCandidate)} ns a candidate`,
      bar: `at most ${BAR_NS}`,
      verdict: verdict(perCandidate, BAR_NS, { atMost: true }),
    };
  });
}
