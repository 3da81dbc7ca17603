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
    "index.ts": ["core"], // the package's first entry, which lies in no folder
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
  { from: /^test\/support\/pool\.ts$/, to: /^src\/compute\/(pool|threads(\.node|\.browser)?)\.ts$/ },
  // Takes the place of the file.
  { from: /^test\/support\/slowFiles\.ts$/, to: /^src\/io\/files(\.node)?\.ts$/ },
  // A backend of the tests' own makes the plans that the kernels make.
  { from: /^test\/support\/referenceBackend\/\w+\.ts$/, to: /^src\/(compute|match\/kernels)\/\w+\.ts$/ },
  // The command line has no index.ts, since nothing imports it.
  { from: /^test\/(cli\/\w+\.test|support\/command)\.ts$/, to: /^src\/cli\/\w+\.ts$/ },
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
  ],
  circles: [
    "src/acquire/engine/executor.ts -> src/acquire/engine/frameCollector.ts -> src/acquire/engine/executor.ts",
    "src/io/dataset/dataset.ts -> src/io/dataset/datasetArray.ts -> src/io/dataset/dataset.ts",
  ],
} as const;
