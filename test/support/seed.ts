/** Before each file of tests: properties draw the same in every run. What fails prints its seed; VITRINE_SEED tries another one. */
import fc from "fast-check";

const { VITRINE_SEED = "2026" } = process.env;
const seed = Number(VITRINE_SEED);
if (!Number.isInteger(seed)) throw new Error(`VITRINE_SEED: expected a whole number, found ${VITRINE_SEED}`);

fc.configureGlobal({ ...fc.readConfigureGlobal(), seed });
