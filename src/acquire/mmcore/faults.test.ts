import { spawn } from "node:child_process";
import { chmodSync, existsSync, readdirSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "vitest";
import { demoConfig, scratchFolder, writePython } from "../../../test/support/mmcore.ts";
import { python, requirement } from "../../../test/support/require.ts";
import type { Frame } from "../frames/frame.ts";
import { openMMCoreMicroscope } from "./mmcore.node.ts";
import type { MMCoreMicroscope, MMCoreOptions } from "./mmcore.ts";

const { available } = requirement("readers");
const folder = scratchFolder();
const opened: MMCoreMicroscope[] = [];
afterEach(async () => {
  for (const microscope of opened.splice(0)) await microscope.close();
});

async function openDemo(options: MMCoreOptions = {}): Promise<MMCoreMicroscope> {
  const microscope = await openMMCoreMicroscope({ config: demoConfig(), ringFolder: folder, ...options });
  opened.push(microscope);
  return microscope;
}

const ringFiles = () => readdirSync(folder).filter((name) => name.startsWith("vitrine-ring-"));
const isRunning = (pid: number) => existsSync(`/proc/${pid}`);

/** Waits for something that another process does. */
async function become(claim: () => boolean): Promise<void> {
  while (!claim()) await sleep(10);
}

/** A stand-in for Python. */
function program(name: string, script: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

describe.skipIf(!available)("a microscope that cannot be opened", () => {
  test.each([
    ["no Python", { python: "/no/such/python" }, "missing", /a Python that starts.*VITRINE_PYTHON/],
    ["no configuration file", { config: "/no/such.cfg" }, "missing", /a configuration file.*no such file/],
    ["no ring folder", { ringFolder: "/no/such/folder" }, undefined, /room for a ring/],
  ] as const)("%s", async (_, options, code, message) => {
    const opening = openDemo(options).then(async (microscope) => {
      await microscope.startExposure({ frames: 1 });
    });
    const error: unknown = await opening.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: code ?? "storage", message: expect.stringMatching(message) });
  });

  test("a Python without pymmcore says what to install", async () => {
    const bare = program("bare-python", `exec ${python} -S "$@"`);
    await expect(openDemo({ python: bare })).rejects.toMatchObject({
      code: "missing",
      message: expect.stringMatching(/a Python with (numpy|pymmcore).*pip install pymmcore numpy/),
    });
  });

  test("a program that is no Python is told by its last words", async () => {
    const other = program("other", "echo 'what is -B?' >&2; exit 7");
    await expect(openDemo({ python: other })).rejects.toMatchObject({
      code: "device",
      message: expect.stringMatching(/exit code 7; its last lines: what is -B\?/),
    });
    const babble = program("babble", "echo hello; cat");
    await expect(openDemo({ python: babble })).rejects.toMatchObject({ code: "worker" });
    const silent = program("silent", "cat");
    const waiting = openDemo({ python: silent, commandTimeoutMs: 5 });
    await expect(waiting).rejects.toMatchObject({ code: "timeout" });
  });

  test("a configuration that does not load names its line and adapter", async () => {
    const config = join(folder, "bad.cfg");
    writeFileSync(config, "Device,A,NoAdapter,B\n");
    await expect(openDemo({ config })).rejects.toMatchObject({
      code: "device",
      message: expect.stringMatching(/bad\.cfg: .*NoAdapter.*adapterPaths/s),
    });
  });

  test("an option that is not known, or out of range", async () => {
    const wrong: object = { pyhton: "python3" };
    await expect(openMMCoreMicroscope(wrong)).rejects.toThrow(/did you mean "python"/);
    await expect(openMMCoreMicroscope({ ringSlots: 0 })).rejects.toMatchObject({ code: "range" });
  });
});

describe.skipIf(!available)("a device that hangs", () => {
  test("ends in an error that says what was waited for, and so do those behind it; none is done later", async () => {
    const { core } = await openDemo({ commandTimeoutMs: 1_000 });
    const hanging = core.call("sleep", 4_000);
    const behind = core.setProperty("Camera", "Gain", 5);
    await expect(hanging).rejects.toMatchObject({
      code: "timeout",
      message: expect.stringMatching(/^sleep\(4000\): expected an answer within 1000 ms/),
    });
    await expect(behind).rejects.toThrow(/setProperty.*found sleep\(4000\), which has not ended/);
    await expect(core.getProperty("Camera", "Gain")).rejects.toMatchObject({ code: "timeout" });
    await expect.poll(() => core.getProperty("Camera", "Gain")).toBe("0");
  });

  test("an exposure that is longer than the limit is waited for", async () => {
    const microscope = await openDemo({ commandTimeoutMs: 2_000 });
    await microscope.core.setExposure(3_000);
    const start = performance.now();
    const exposure = await microscope.startExposure({ frames: 1 });
    const indices: number[] = [];
    for await (const frame of exposure.frames) {
      indices.push(frame.index);
      frame.release();
    }
    expect(indices).toEqual([0]);
    expect(performance.now() - start).toBeGreaterThan(2_000); // it was waited for, beyond the limit
  });

  test("a closed microscope refuses at once, also what is under way", async () => {
    const microscope = await openDemo();
    const hanging = microscope.core.call("sleep", 60_000);
    const refused = expect(hanging).rejects.toMatchObject({ code: "aborted" });
    await microscope.close();
    await refused;
    await expect(microscope.core.getExposure()).rejects.toMatchObject({ code: "aborted" });
    await expect(microscope.startExposure({ frames: 1 })).rejects.toMatchObject({ code: "aborted" });
    expect(isRunning(microscope.pid)).toBe(false);
  });
});

describe.skipIf(!available)("a Python that is killed", () => {
  const killed = { code: "device", message: expect.stringMatching(/its end with signal SIGKILL/) };
  const kill = ({ pid }: MMCoreMicroscope) => process.kill(pid, "SIGKILL");

  test("while nothing happens", async () => {
    const microscope = await openDemo();
    kill(microscope);
    await become(() => !isRunning(microscope.pid));
    await expect(microscope.core.getExposure()).rejects.toMatchObject(killed);
    await expect(microscope.startExposure({ frames: 1 })).rejects.toMatchObject(killed);
  });

  test("in a command and in a snap", async () => {
    const microscope = await openDemo();
    await microscope.core.setExposure(9000);
    const all = [
      microscope.core.call("sleep", 60_000),
      microscope.core.getExposure(),
      microscope.startExposure({ frames: 1 }),
      microscope.startExposure({ frames: 5 }),
    ];
    const refused = Promise.all(all.map((each) => expect(each).rejects.toMatchObject(killed)));
    await become(() => ringFiles().length > 0);
    kill(microscope);
    await refused;
    expect(ringFiles()).toEqual([]);
  });

  test("in a sequence: frames that came can be read, then the error comes", async () => {
    const microscope = await openDemo({ ringSlots: 6 });
    const exposure = await microscope.startExposure({ frames: 1_000_000 });
    const held: Frame[] = [];
    const taking = (async () => {
      for await (const frame of exposure.frames) {
        held.push(frame);
        if (held.length === 3) kill(microscope);
      }
    })();
    await expect(taking).rejects.toMatchObject(killed);
    await exposure.stop();
    expect(held.length).toBeGreaterThanOrEqual(3);
    for (const frame of held) expect(new Set(frame.copy()).size).toBeGreaterThan(10);
    expect(ringFiles()).toEqual([]);
    for (const frame of held) frame.release();
  });

  test("in the image processor, also by itself; its last lines are in the error", async () => {
    const source = `
import os, sys, time
def process(image, metadata):
    if metadata["how"] == "hang":
        time.sleep(60)
    print("about to crash", file=sys.stderr)
    os._exit(11)
`;
    for (const [how, expected] of [
      ["hang", killed],
      ["crash", { code: "device", message: expect.stringMatching(/exit code 11; .*about to crash/) }],
    ] as const) {
      const microscope = await openDemo({ processor: writePython(folder, "crash.py", source) });
      const exposure = await microscope.startExposure({ frames: 1 });
      const { value: frame } = await exposure.frames[Symbol.asyncIterator]().next();
      const call = microscope.processor!.process(frame, { how, Axes: {} }, { put: () => {} });
      if (how === "hang") kill(microscope);
      await expect(call).rejects.toMatchObject(expected);
      frame.release();
      await microscope.close();
    }
  });
});

describe.skipIf(!available)("nothing stays behind", () => {
  test("after a microscope was closed in the middle of a sequence", async () => {
    const microscope = await openDemo();
    const exposure = await microscope.startExposure({ frames: 1_000_000 });
    const [first] = [await exposure.frames[Symbol.asyncIterator]().next()];
    expect(ringFiles()).toHaveLength(1);
    await microscope.close();
    expect(ringFiles()).toEqual([]);
    expect(isRunning(microscope.pid)).toBe(false);
    expect(() => first.value.copy()).toThrow(/closed/);
    first.value.release();
  });

  test("rings of a process that is gone are removed, those of others stay", async () => {
    const host = hostname().replaceAll(/[^A-Za-z0-9]/g, "_");
    const stale = join(folder, `vitrine-ring-${host}-4194305-aa-1`); // above the largest process id of Linux
    const elsewhere = join(folder, "vitrine-ring-otherhost-4194305-aa-1");
    for (const path of [stale, elsewhere]) writeFileSync(path, "");
    await openDemo();
    expect([existsSync(stale), existsSync(elsewhere)]).toEqual([false, true]);
  });

  test("when Node is killed, Python ends by itself and takes the ring with it", async () => {
    const entry = fileURLToPath(new URL("../../../dist/acquire/index.js", import.meta.url));
    const script = join(folder, "killed.mjs");
    writeFileSync(
      script,
      `import { openMMCoreMicroscope } from ${JSON.stringify(entry)};
const microscope = await openMMCoreMicroscope(${JSON.stringify({ config: demoConfig(), ringFolder: folder })});
const exposure = await microscope.startExposure({ frames: 1_000_000 });
for await (const frame of exposure.frames) {
  if (frame.index === 3) console.log(microscope.pid, frame.slot.ring.path);
  frame.release();
}`,
    );
    const node = spawn(process.execPath, [script], { stdio: ["ignore", "pipe", "inherit"] });
    const [line] = await new Promise<string[]>((resolve) => {
      createInterface({ input: node.stdout }).on("line", (text) => resolve([text]));
    });
    const [pid, ring] = line.split(" ");
    expect(existsSync(ring)).toBe(true);
    node.kill("SIGKILL");
    await become(() => !isRunning(Number(pid)));
    expect(existsSync(ring)).toBe(false);
  });
});
