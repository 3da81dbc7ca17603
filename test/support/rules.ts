import type { Door, Rules } from "./layers.ts";

/** The diagram of the design: what each folder of src may import besides itself. */
export const RULES: Rules = {
  mayImport: {
    core: [],
    io: ["core"],
    compute: ["core"],
    jobs: ["core"],
    program: ["core", "io", "compute"],
    experiment: ["core", "io"],
    optics: ["core", "compute"],
    pipe: ["core", "io", "compute"],
    acquire: ["core", "io", "compute"],
    pyramid: ["core", "io", "compute", "jobs", "experiment", "program"],
    match: ["core", "io", "compute", "optics", "jobs", "program"],
    likelihood: ["core", "io", "compute", "optics", "jobs", "program"],
    subtomogram: ["core", "io", "compute", "optics", "pipe", "jobs", "program"],
    server: "all",
    viewer: ["core", "io", "compute", "optics", "match"],
    worker: ["compute"],
    cli: "all",
  },
  opens: [
    { from: /./, to: /^package\.json$/ },
    // A worker loads the kernels of every domain; compute's twins start its built entry, and nobody else does.
    { from: /^src\/worker\//, to: /^src\/\w+\/kernels\// },
    { from: /^src\/compute\/threads\.(node|browser)\.ts$/, to: /^src\/worker\/worker\.(node|browser)\.ts$/ },
  ],
  // They load the module that their caller names; the last resolves "#…" names, which the check sees by themselves.
  computed: [
    "src/jobs/process.ts",
    "src/acquire/processors/worker.node.ts",
    "src/acquire/processors/worker.browser.ts",
    "src/compute/workerThread.node.ts",
  ],
};

/** Ways into a folder besides its `index.ts`. */
export const DOORS: readonly Door[] = [
  // What kernels stand on: jobs, memory, addresses.
  { from: /^src\/\w+\/kernels\//, to: /^src\/compute\/kernels\/index\.ts$/ },
  { from: /^src\/\w+\/kernels\/assembly\//, to: /^src\/compute\/assembly\/\w+\.ts$/ },
  // What a worker thread loads: how jobs are served, and the tables of the domains' jobs.
  { from: /^src\/worker\//, to: /^src\/compute\/(kernels\/index|serve\.(node|browser)|domain)\.ts$/ },
  { from: /^src\/worker\//, to: /^src\/\w+\/kernels\/(index|domain)\.ts$/ },
  // The one file that starts the built entry of workers, in each twin.
  { from: /^src\/compute\/threads\.(node|browser)\.ts$/, to: /^src\/worker\/worker\.(node|browser)\.ts$/ },
];

/** Tests' ways into folders of src; helpers by their names. */
export const TEST_DOORS: readonly Door[] = [
  // The fuzzer damages what inner parsers read.
  { from: /^test\/fuzz\/(parsers|configs)\.ts$/, to: /^src\/(io|match)\// },
  // Pools with their memory, and on threads of a test's own.
  { from: /^test\/support\/pool\.ts$/, to: /^src\/compute\/(pool|threads)\.ts$/ },
  // Takes the place of the file.
  { from: /^test\/support\/slowFiles\.ts$/, to: /^src\/io\/files(\.node)?\.ts$/ },
  // A backend of its own makes every kind of plan, and is tried on what stands on plans.
  { from: /^test\/(support\/referenceBackend\/\w+|backend\w*\.test)\.ts$/, to: /^src\/(compute|match)\// },
  // The command line in this process, and its bar.
  { from: /^test\/support\/command\.ts$/, to: /^src\/cli\/main\.ts$/ },
  { from: /^test\/cli\/progress\.test\.ts$/, to: /^src\/cli\/progress\.ts$/ },
  // A domain of a lab's own.
  { from: /^test\/toyDomain\.test\.ts$/, to: /^src\/compute\/kernels\/index\.ts$/ },
];

/** Words of domains, which what all of them stand on does not know; singular. */
export const DOMAIN_WORDS = [
  ..."micrograph template particle orientation pose euler psi mip".split(" "),
  ..."ctf defocus defoci astigmatism whitening mtf dose movie".split(" "),
  ..."molecule molecular protein atom tomogram subtomogram likelihood".split(" "),
  ..."camera microscope microscopy acquisition plate wells pyramid".split(" "),
];

/** What the checks find today and should not: emptied as it is mended, and a mended line must go from here too. */
export const KNOWN = {
  deepImports: [
    "src/acquire/demo/scene.ts -> src/io/dataset/pixels.ts",
    "src/acquire/demo/threads.browser.ts -> src/compute/workerThread.browser.ts",
    "src/acquire/demo/threads.node.ts -> src/compute/workerThread.node.ts",
    "src/acquire/demo/threads.ts -> src/compute/workerThread.ts",
    "src/acquire/frames/fileRing.node.ts -> src/io/dataset/pixels.ts",
    "src/acquire/frames/imagePool.ts -> src/io/dataset/pixels.ts",
    "src/acquire/frames/ring.ts -> src/io/dataset/pixels.ts",
    "src/acquire/processors/ownImages.ts -> src/io/dataset/pixels.ts",
    "src/acquire/processors/results.ts -> src/io/dataset/axes.ts",
    "src/acquire/processors/results.ts -> src/io/dataset/pixels.ts",
    "src/acquire/processors/threads.browser.ts -> src/compute/workerThread.browser.ts",
    "src/acquire/processors/threads.node.ts -> src/compute/workerThread.node.ts",
    "src/acquire/processors/threads.ts -> src/compute/workerThread.ts",
    "src/acquire/processors/worker.ts -> src/io/dataset/pixels.ts",
    "src/match/config/mtfFile.ts -> src/optics/mtf.ts",
    "src/match/config/opticsEffects.ts -> src/optics/mtf.ts",
    "src/match/config/optimizeTemplateConfig.ts -> src/optics/frequencies.ts",
    "src/match/search/abort.test.ts -> src/compute/threads.browser.ts",
    "src/match/search/abort.test.ts -> src/compute/threads.node.ts",
    "src/match/search/search.ts -> src/optics/ctf.ts",
    "src/match/simulate/simulateMap.test.ts -> src/io/atoms/read.ts",
    "src/match/simulate/simulateMap.ts -> src/optics/mtf.ts",
  ],
  circles: [
    "src/acquire/engine/executor.ts -> src/acquire/engine/frameCollector.ts -> src/acquire/engine/executor.ts",
    "src/acquire/events/useq/grid.ts -> src/acquire/events/useq/polygonGrid.ts -> src/acquire/events/useq/grid.ts",
    "src/acquire/events/useq/sequence.ts -> src/acquire/events/useq/wellPlate.ts -> src/acquire/events/useq/sequence.ts",
    "src/io/dataset/dataset.ts -> src/io/dataset/datasetArray.ts -> src/io/dataset/dataset.ts",
    "src/match/config/configPrograms.ts -> src/match/config/configSchema.ts -> src/match/config/writeConfig.ts -> src/match/config/configPrograms.ts",
    "src/match/refine/boxStack.ts -> src/match/refine/refine.ts -> src/match/refine/boxStack.ts",
    "src/match/search/search.ts -> src/match/search/searchInputs.ts -> src/match/search/search.ts",
  ],
  domainWords: [],
} as const;
