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
    viewer: ["core", "io", "compute", "optics", "match", "acquire"],
    worker: ["compute"],
    cli: "all",
  },
  opens: [
    // The tour takes the processor that it shows from the examples, which are in the package.
    { from: /^src\/cli\/tour\/acquireStep\.ts$/, to: /^examples\/countNuclei\.mjs$/ },
    { from: /./, to: /^package\.json$/ },
    // The page decodes the bytes of map objects.
    { from: /^src\/viewer\//, to: /^src\/experiment\/objects\/block\.ts$/ },
    // The page asks for the files of an export by the names that the server gave them.
    { from: /^src\/viewer\/scene\/exported\.ts$/, to: /^src\/server\/export\/names\.ts$/ },
    // It names the objects of an image as the server reads their names.
    { from: /^src\/viewer\/objects\/names\.ts$/, to: /^src\/server\/objects\/names\.ts$/ },
    // It asks for results as an export keeps them.
    { from: /^src\/viewer\/results\//, to: /^src\/server\/export\/shown\.ts$/ },
    // The page on an acquisition is served by a process of its own, which the twin starts.
    { from: /^src\/acquire\/view\/view\.node\.ts$/, to: /^src\/server\/live\/process\.ts$/ },
    // A step that is started in the page runs as the command line runs it.
    { from: /^src\/server\/jobs\/start\.ts$/, to: /^bin\/vitrine\.js$/ },
    // The package's own first page.
    { from: /^src\/index\.ts$/, to: /^src\/core\/index\.ts$/ },
    // A worker loads the kernels of every domain; compute's twins start its built entries, and nobody else does.
    { from: /^src\/worker\//, to: /^src\/\w+\/kernels\// },
    {
      from: /^src\/compute\/threads\.(node|browser)\.ts$/,
      to: /^src\/worker\/(worker|caller)\.(node|browser)\.ts$/,
    },
  ],
  // They load the module that their caller names; the last resolves "#…" names, which the check sees by themselves.
  computed: [
    "src/jobs/process.ts",
    "src/jobs/task.ts",
    "src/jobs/runStep.ts",
    "src/acquire/processors/worker.node.ts",
    "src/acquire/processors/worker.browser.ts",
    "src/core/threads/workerThread.node.ts",
    "src/compute/threads.browser.ts",
    "src/compute/threads.node.ts",
  ],
};

/** Ways into a folder besides its `index.ts`. */
export const DOORS: readonly Door[] = [
  // What kernels stand on: jobs, memory, addresses.
  { from: /^src\/\w+\/kernels\//, to: /^src\/compute\/kernels\/index\.ts$/ },
  { from: /^src\/\w+\/kernels\/assembly\//, to: /^src\/compute\/assembly\/\w+\.ts$/ },
  // Threads, the same in Node and in a page, are started by the twins of each; processes by those who run nowhere else. What a
  // request may open is said by the server and kept by those who open files.
  {
    from: /^src\/(.*\.(node|browser)|jobs\/\w+|server\/.*|experiment\/database\/\w+)\.ts$/,
    to: /^src\/core\/index\.(node|browser)\.ts$/,
  },
  // What the processes of jobs load, and what they stand on: a start of all of io takes longer than many a job.
  { from: /^src\/(program\/program|pyramid\/.*)\.ts$/, to: /^src\/io\/essentials\.ts$/ },
  // What a worker thread loads: how jobs are served, and the tables of the domains' jobs.
  { from: /^src\/worker\//, to: /^src\/compute\/(kernels\/index|serve\.(node|browser)|domain)\.ts$/ },
  { from: /^src\/worker\//, to: /^src\/\w+\/kernels\/(index|domain)\.ts$/ },
  // The page decodes the bytes of map objects, and has what an export keeps.
  { from: /^src\/viewer\/scene\/exported\.ts$/, to: /^src\/server\/export\/names\.ts$/ },
  { from: /^src\/viewer\/results\//, to: /^src\/server\/export\/shown\.ts$/ },
  { from: /^src\/viewer\/objects\/names\.ts$/, to: /^src\/server\/objects\/names\.ts$/ },
  { from: /^src\/viewer\//, to: /^src\/experiment\/objects\/block\.ts$/ },
  // Letters and lines of pictures.
  {
    from: /^src\/((match|pyramid|likelihood)\/picture|subtomogram\/pictures)\//,
    to: /^src\/io\/render\/index\.ts$/,
  },
  // The one file that starts the built entries of workers, in each twin.
  {
    from: /^src\/compute\/threads\.(node|browser)\.ts$/,
    to: /^src\/worker\/(worker|caller)\.(node|browser)\.ts$/,
  },
  { from: /^src\/acquire\/view\/view\.node\.ts$/, to: /^src\/server\/live\/process\.ts$/ },
  // The commands that hand a step to an engine name the built module of its batches.
  {
    from: /^src\/cli\/(match|refine|extract|subtomogram\/align|tour\/subtomogramsStep)\.ts$/,
    to: /^src\/(core\/index\.node|match\/many\/(match|refine|extract)Batch|subtomogram\/align\/alignBatch)\.ts$/,
  },
  {
    from: /^src\/cli\/likelihood\/likelihood\.ts$/,
    to: /^src\/(core\/index\.node|likelihood\/runs\/likelihoodBatch)\.ts$/,
  },
];

/** Tests' ways into folders of src; helpers by their names. */
export const TEST_DOORS: readonly Door[] = [
  // The fuzzer damages what inner parsers read.
  { from: /^test\/fuzz\/(parsers|configs|images)\.ts$/, to: /^src\/(io|match)\// },
  // Pools with their memory, and on threads of a test's own.
  { from: /^test\/support\/pool\.ts$/, to: /^src\/compute\/(pool|threads|threads\.(node|browser))\.ts$/ },
  // Takes the place of the file.
  { from: /^test\/support\/slowFiles\.ts$/, to: /^src\/io\/files(\.node)?\.ts$/ },
  // A backend of its own makes every kind of plan, and is tried on what stands on plans.
  { from: /^test\/(support\/referenceBackend\/\w+|backend\w*\.test)\.ts$/, to: /^src\/(compute|match)\// },
  // The command line in this process, and its bar.
  { from: /^test\/support\/command\.ts$/, to: /^src\/cli\/main\.ts$/ },
  { from: /^test\/cli\/progress\.test\.ts$/, to: /^src\/cli\/progress\.ts$/ },
  // Colours that the page gives to labels.
  { from: /^test\/viewerLabels\.test\.ts$/, to: /^src\/viewer\/labels\/colors\.ts$/ },
  // The map that all jobs of a plate make, put together without files.
  { from: /^test\/support\/composedMap\.ts$/, to: /^src\/pyramid\/(step|tiles)\// },
  // Tasks of a search, by the built module of its batches.
  { from: /^test\/support\/taskRun\.ts$/, to: /^src\/core\/index\.node\.ts$/ },
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
