// Prints the closing line of .ci/run: what vitest counted, and each further step as one.
// node .ci/summary.mjs VITEST.json STEPS_PASSED STEPS_FAILED VITEST_EXIT_CODE
import { existsSync, readFileSync } from "node:fs";

const [path, stepsPassed, stepsFailed, exitCode] = process.argv.slice(2);
const report = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : { testResults: [] };
const { numPassedTests = 0, numFailedTests = 0, numPendingTests = 0, testResults } = report;
// A file that fails before its tests are known has no failed test, and must count all the same.
const failedFiles = testResults.filter(
  (file) => file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed"),
);
const passed = numPassedTests + Number(stepsPassed);
const failedTests = numFailedTests + failedFiles.length;
// An error outside of all tests shows in the exit code alone.
const unseen = failedTests === 0 && Number(exitCode) !== 0 ? 1 : 0;
const failed = failedTests + unseen + Number(stepsFailed);
process.stdout.write(`${passed} passed, ${failed} failed, ${numPendingTests} skipped\n`);
