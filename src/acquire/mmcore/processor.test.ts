import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { demoConfig, scratchFolder, writePython } from "../../../test/support/mmcore.ts";
import { requirement } from "../../../test/support/require.ts";
import { VitrineError } from "../../core/index.ts";
import type { JsonObject } from "../../io/index.ts";
import type { Frame } from "../frames/frame.ts";
import { openMMCoreMicroscope } from "./mmcore.node.ts";
import type { MMCoreMicroscope } from "./mmcore.ts";
import type { PythonEventQueue, PythonImage } from "./pythonProcessor.ts";

const { available } = requirement("readers");
const folder = scratchFolder();
const scratch = scratchFolder();
const WIDTH = 48;
const HEIGHT = 32;

/** One function that does what `metadata["do"]` says. */
const PROCESSOR = `
import sys, threading, time
import numpy as np
import beside

seen = []

def process(image, metadata, event_queue):
    do = metadata.get("do", "identity")
    seen.append(metadata["Axes"]["time"])
    process.calls = getattr(process, "calls", 0) + 1
    if do == "identity":
        return image, metadata
    if do == "in place":
        image += 1
        metadata["changed"] = True
        return image, metadata
    if do == "none":
        return None
    if do == "many":
        return [(np.full((4 + i, 3), i, np.float32), {"Axes": {"time": i}}) for i in range(metadata["count"])]
    if do == "list of one":
        return [(image, metadata)]
    if do == "types":
        return [(np.zeros((2, 5), dtype), {"dtype": dtype}) for dtype in metadata["dtypes"]]
    if do == "colours":
        return np.dstack([image.astype(np.uint8)] * 3), {"shape": image.shape}
    if do == "larger":
        return np.tile(image.astype(np.float64), (3, 3)), metadata
    if do == "view":
        return image[::2, ::-1], metadata
    if do == "raise":
        raise ValueError("boom")
    if do == "exit":
        sys.exit(3)
    if do == "wrong":
        return {"wrong": lambda: image, "tuple": lambda: (image,), "shape": lambda: (image[0], metadata),
                "type": lambda: (image * 1j, metadata), "wide": lambda: (np.array([[2**40]]), metadata),
                "huge": lambda: (image, {"value": 2**60}), "object": lambda: (image, {"value": object()}),
                }[metadata["how"]]()
    if do == "print":
        print("from print", metadata["Axes"])
        sys.stdout.write('{"kind":"end","exposure":1}\\n')
        import os
        os.write(1, b'{"kind":"hello"}\\n')
        os.system("echo from a program")
        assert sys.stdin.read() == ""
        return image, {"calls": process.calls}
    if do == "numpy metadata":
        return image, {"mean": image.mean(), "n": np.int64(7), "flag": np.bool_(True), "list": np.arange(3), "tuple": (1, 2)}
    if do == "state":
        return image, {"seen": list(seen), "calls": process.calls, "beside": beside.VALUE}
    if do == "events":
        event_queue.put({"axes": {"time": np.int32(1)}, "z": 2.5})
        event_queue.put([{"axes": {"time": 2}}, {"axes": {"time": 3}}])
        event_queue.put(None)
        return image, metadata
    if do == "generator":
        event_queue.put({"axes": {"time": i}} for i in range(metadata["count"]))
        return None
    if do == "failing generator":
        def failing():
            yield {"axes": {"time": 0}}
            raise KeyError("later")
        event_queue.put(failing())
        return None
    if do == "endless":
        def endless():
            i = 0
            while True:
                yield {"axes": {"time": i}}
                i += 1
        event_queue.put(endless())
        return None
    if do == "late":
        threading.Timer(0.05, lambda: event_queue.put(None)).start()
        return None
    if do == "no event":
        event_queue.put("stop")
    if do == "slow":
        time.sleep(0.02)
        return image, metadata

def two(image, metadata):
    return image, {"two": True}

class Scaler:
    def __init__(self):
        self.n = 0
    def __call__(self, image, metadata):
        self.n += 1
        return image, {"n": self.n}

scaler = Scaler()
`;

/** What a queue got, in order. */
function recordingQueue(): PythonEventQueue & {
  readonly put: (events: unknown) => void;
  readonly got: unknown[];
} {
  const got: unknown[] = [];
  return { got, put: (events: unknown) => void got.push(events) };
}

function isIterable(value: unknown): value is AsyncGenerator<JsonObject, void> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}

async function prepare(microscope: MMCoreMicroscope): Promise<void> {
  for (const [axis, size] of [
    ["X", WIDTH],
    ["Y", HEIGHT],
  ] as const)
    await microscope.core.setProperty("Camera", `OnCameraCCD${axis}Size`, size);
  await microscope.core.setProperty("Camera", "PixelType", "16bit");
  await microscope.core.setExposure(1);
}

describe.skipIf(!available)("image processors in Python", () => {
  let microscope: MMCoreMicroscope;
  const printed: string[] = [];
  let time = 0;

  beforeAll(async () => {
    writePython(folder, "beside.py", "VALUE = 42\n");
    microscope = await openMMCoreMicroscope({
      config: demoConfig(),
      ringFolder: folder,
      ringSlots: 3,
      processor: writePython(folder, "mine.py", PROCESSOR),
      onOutput: (line) => printed.push(line),
    });
    await prepare(microscope);
  });
  afterAll(() => microscope.close());

  /** Takes one frame and processes it with this metadata. */
  async function run(
    metadata: JsonObject,
    queue: PythonEventQueue = recordingQueue(),
  ): Promise<{ input: ReturnType<Frame["copy"]>; images: readonly PythonImage[] }> {
    const exposure = await microscope.startExposure({ frames: 1 });
    for await (const frame of exposure.frames) {
      try {
        const input = frame.copy();
        const full = { ...frame.metadata, Axes: { time: time++ }, ...metadata };
        return { input, images: await microscope.processor!.process(frame, full, queue) };
      } finally {
        frame.release();
      }
    }
    throw new Error("no frame came");
  }

  const failure = async (metadata: JsonObject) => {
    const error: unknown = await run(metadata).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(VitrineError);
    return error instanceof VitrineError
      ? error
      : new VitrineError({ code: "type", at: "", expected: "", found: "" });
  };

  test("the identity gives the frame's pixels and metadata", async () => {
    const { input, images } = await run({ do: "identity", word: "µm – 細胞" });
    expect(images).toHaveLength(1);
    expect(images[0].image).toEqual({ data: input, width: WIDTH, height: HEIGHT, channels: 1 });
    expect(images[0].metadata).toMatchObject({ word: "µm – 細胞", Width: WIDTH, Axes: { time: time - 1 } });
  });

  test("an image that was changed in place comes back changed, the frame stays", async () => {
    const exposure = await microscope.startExposure({ frames: 1 });
    const { value: frame } = await exposure.frames[Symbol.asyncIterator]().next();
    const before: Uint16Array = frame.copy();
    const metadata = { Axes: { time: 0 }, do: "in place" };
    const [{ image, metadata: after }] = await microscope.processor!.process(
      frame,
      metadata,
      recordingQueue(),
    );
    expect(image.data).toEqual(before.map((value) => value + 1));
    expect(after.changed).toBe(true);
    expect(frame.copy()).toEqual(before);
    frame.release();
  });

  test("nothing, a list of one, and more images than the ring has slots", async () => {
    expect((await run({ do: "none" })).images).toEqual([]);
    expect((await run({ do: "list of one" })).images).toHaveLength(1);
    const { images } = await run({ do: "many", count: 25 });
    expect(images.map(({ image }) => [image.height, image.data[0]])).toEqual(
      Array.from({ length: 25 }, (_, i) => [4 + i, i]),
    );
    expect(images.map(({ metadata }) => metadata.Axes)).toEqual(
      Array.from({ length: 25 }, (_, i) => ({ time: i })),
    );
  });

  test("every numeric type comes back, those that Node lacks as one that holds their values", async () => {
    const own = ["uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64"];
    const others = ["bool", "float16", "int64", "uint64", ">u2", ">f4"];
    const { images } = await run({ do: "types", dtypes: [...own, ...others] });
    const names = images.map(({ image }) => image.data.constructor.name.replace("Array", "").toLowerCase());
    const replaced = ["uint8", "float32", "int32", "uint32", "uint16", "float32"];
    expect(names).toEqual([...own, ...replaced]);
    expect(images.every(({ image }) => image.width === 5 && image.height === 2)).toBe(true);
  });

  test("other shapes: colours, a view, and larger than a slot", async () => {
    const colours = await run({ do: "colours" });
    expect(colours.images[0].image).toMatchObject({ width: WIDTH, height: HEIGHT, channels: 3 });
    expect(colours.images[0].metadata.shape).toEqual([HEIGHT, WIDTH]);
    const view = (await run({ do: "view" })).images[0].image;
    expect([view.height, view.width, view.data.length]).toEqual([HEIGHT / 2, WIDTH, (HEIGHT / 2) * WIDTH]);
    const { input, images } = await run({ do: "larger" });
    const { image } = images[0];
    expect([image.height, image.width, image.data.constructor.name]).toEqual([
      3 * HEIGHT,
      3 * WIDTH,
      "Float64Array",
    ]);
    expect(Array.from(image.data.slice(0, WIDTH))).toEqual(Array.from(input.slice(0, WIDTH)));
    expect(image.data.at(-1)).toBe(input.at(-1));
  });

  test("numpy's values in metadata become numbers and lists", async () => {
    const { input, images } = await run({ do: "numpy metadata" });
    const mean = Array.from(input).reduce((sum, value) => sum + value, 0) / input.length;
    expect(images[0].metadata).toEqual({
      mean: expect.closeTo(mean, 6),
      n: 7,
      flag: true,
      list: [0, 1, 2],
      tuple: [1, 2],
    });
  });

  test("an exception keeps its type, text and traceback, and the next frame is processed", async () => {
    const error = await failure({ do: "raise" });
    expect(error.code).toBe("worker");
    expect(error.message).toMatch(/^mine\.py:process: .*ValueError: boom/);
    expect(error.cause).toMatchObject({ name: "ValueError", message: "boom" });
    const { stack } = error.cause instanceof Error ? error.cause : new Error();
    expect(stack).toMatch(/^Traceback[\s\S]*mine\.py", line \d+, in process\n.*raise ValueError\("boom"\)/);
    expect((await run({ do: "identity" })).images).toHaveLength(1);
    expect((await failure({ do: "exit" })).message).toMatch(/SystemExit/);
  });

  test.each([
    ["wrong", /returned a ndarray; expected/],
    ["tuple", /returned a tuple of \(ndarray\); expected \(image, metadata\), a list of those, or None/],
    ["shape", /shape \(48,\); expected \(height, width\)/],
    ["type", /type complex128; expected one of uint8/],
    ["wide", /type int64 and values from 1099511627776/],
    ["huge", /metadata\['value'\] is 1152921504606846976, more than a number of JavaScript holds exactly/],
    ["object", /metadata\['value'\] is a object, which JSON cannot hold/],
  ])("what cannot be an image is an error: %s", async (how, message) => {
    expect((await failure({ do: "wrong", how })).message).toMatch(message);
  });

  test("what it prints, and what its programs print, is no message", async () => {
    const { images } = await run({ do: "print" });
    expect(images).toHaveLength(1);
    await vi.waitFor(() => {
      expect(printed).toEqual(
        expect.arrayContaining([expect.stringMatching(/^from print/), "from a program"]),
      );
    });
    expect((await run({ do: "identity" })).images).toHaveLength(1);
  });

  test("calls keep their order, and what the module keeps lives on", async () => {
    const exposure = await microscope.startExposure({ frames: 9 });
    const calls: Promise<readonly PythonImage[]>[] = [];
    const first = time;
    for await (const frame of exposure.frames) {
      const metadata = { Axes: { time: time++ }, do: calls.length % 2 === 0 ? "slow" : "state" };
      const call = microscope.processor!.process(frame, metadata, recordingQueue());
      calls.push(call.finally(() => frame.release()));
    }
    const results = await Promise.all(calls);
    const { seen, beside } = results[7][0].metadata;
    expect(beside).toBe(42);
    expect(Array.isArray(seen) && seen.slice(-8)).toEqual([0, 1, 2, 3, 4, 5, 6, 7].map((i) => first + i));
  });

  test("events arrive before the call ends: one, several, and the end", async () => {
    const queue = recordingQueue();
    await run({ do: "events" }, queue);
    expect(queue.got).toEqual([
      { axes: { time: 1 }, z: 2.5 },
      [{ axes: { time: 2 } }, { axes: { time: 3 } }],
      null,
    ]);
    expect((await failure({ do: "no event" })).message).toMatch(/TypeError: expected an event \(a dict\)/);
  });

  test("a generator of events is run as far as it is asked for", async () => {
    const queue = recordingQueue();
    await run({ do: "generator", count: 5 }, queue);
    await run({ do: "endless" }, queue);
    await run({ do: "failing generator" }, queue);
    const [five, endless, failing] = queue.got.filter(isIterable);
    const events: JsonObject[] = [];
    for await (const event of five) events.push(event);
    expect(events).toEqual([0, 1, 2, 3, 4].map((i) => ({ axes: { time: i } })));
    for await (const event of endless) if (JSON.stringify(event).includes("100")) break;
    expect(await failing.next()).toMatchObject({ value: { axes: { time: 0 } } });
    await expect(failing.next()).rejects.toMatchObject({ code: "worker", cause: { name: "KeyError" } });
  });

  test("an event that is put after the call has ended arrives too", async () => {
    let arrived: (events: unknown) => void = () => {};
    const late = new Promise((resolve) => {
      arrived = resolve;
    });
    await run({ do: "late" }, { put: arrived });
    expect(await late).toBeNull();
  });

  test("a frame that was released is refused", async () => {
    const exposure = await microscope.startExposure({ frames: 1 });
    const { value: frame } = await exposure.frames[Symbol.asyncIterator]().next();
    frame.release();
    const call = microscope.processor!.process(frame, { Axes: {} }, recordingQueue());
    await expect(call).rejects.toMatchObject({ code: "unsupported" });
  });

  test("a function of another name, of two parameters, or an object that can be called", async () => {
    for (const [name, metadata] of [
      ["two", { two: true }],
      ["scaler", { n: 1 }],
    ] as const) {
      const processor = `${writePython(folder, "mine.py", PROCESSOR)}:${name}`;
      await using other = await openMMCoreMicroscope({ config: demoConfig(), ringFolder: folder, processor });
      await prepare(other);
      expect(other.processor?.name).toBe(`mine.py:${name}`);
      const exposure = await other.startExposure({ frames: 1 });
      for await (const frame of exposure.frames) {
        const [image] = await other.processor!.process(frame, { Axes: {} }, recordingQueue());
        expect(image.metadata).toEqual(metadata);
        frame.release();
      }
    }
  });

  test("a file with the name of a module of Python's own hides nothing", async () => {
    const processor = writePython(
      scratch,
      "queue.py",
      "import json, queue\ndef process(i, m): return i, {'q': hasattr(queue, 'Queue')}\n",
    );
    await using other = await openMMCoreMicroscope({ config: demoConfig(), ringFolder: folder, processor });
    await prepare(other);
    const exposure = await other.startExposure({ frames: 1 });
    const { value: frame } = await exposure.frames[Symbol.asyncIterator]().next();
    const [{ metadata }] = await other.processor!.process(frame, { Axes: {} }, recordingQueue());
    expect(metadata).toEqual({ q: true });
    frame.release();
  });

  test("a file that does not load or lacks the function says so", async () => {
    const open = (processor: string) => openMMCoreMicroscope({ ringFolder: folder, processor });
    await expect(open(`${folder}/absent.py`)).rejects.toMatchObject({ code: "missing" });
    const syntax = open(writePython(folder, "syntax.py", "def process(image metadata): pass\n"));
    await expect(syntax).rejects.toMatchObject({ code: "worker", cause: { name: "SyntaxError" } });
    const lacking = open(`${writePython(folder, "lacking.py", "def other(a, b): pass\n")}`);
    await expect(lacking).rejects.toThrow(/process or image_process_fn or img_process_fn.*There is other/);
    const named = open(`${folder}/lacking.py:proces`);
    await expect(named).rejects.toMatchObject({ code: "missing" });
  });
});
