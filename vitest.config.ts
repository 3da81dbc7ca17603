import { configDefaults, defineConfig } from "vitest/config";

/** They replace modules for all that is loaded after them, send signals to their own process, or hold that it says one line and no more. */
const ALONE = [
  "src/acquire/demo/exposures.test.ts",
  "src/cli/interrupt.test.ts",
  "src/io/ndtiff/address.test.ts",
  "test/cli/inputs.test.ts",
];

export default defineConfig({
  resolve: { conditions: ["source"] },
  ssr: { resolve: { conditions: ["source"] } },
  test: {
    globalSetup: ["test/support/runFolder.ts"],
    setupFiles: ["test/support/seed.ts"],
    // none of these times measures anything: they end what hangs, on a machine that does much else besides
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 30_000 } },
    maxWorkers: 2,
    projects: [
      {
        // files of one worker share its modules: loading them for each file took a fifth of the time of all tests
        extends: true,
        test: {
          name: "tests",
          include: ["src/**/*.test.ts", "test/**/*.test.ts"],
          exclude: [...configDefaults.exclude, ...ALONE],
          isolate: false,
        },
      },
      { extends: true, test: { name: "alone", include: ALONE } },
    ],
  },
});
