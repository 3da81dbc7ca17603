import { expect, test, vi } from "vitest";
import { deviceError, processorError } from "./faults.ts";
import { numericTags } from "./mmcoreFrame.ts";
import { type Request, RequestQueue } from "./requestQueue.ts";

const request = (at: string, limitMs?: number): Request => ({
  message: { kind: "command", method: at, args: [] },
  at,
  ...(limitMs !== undefined && { limitMs }),
  failure: deviceError,
});

function openQueue(depth: number) {
  const sent: number[] = [];
  return { queue: new RequestQueue((id) => sent.push(id), depth), sent };
}

test("a queue sends as many requests as its depth, in order, and answers each with its own result", async () => {
  const { queue, sent } = openQueue(2);
  const answers = [1, 2, 3].map((id) => queue.ask(id, request(`r${id}`)));
  expect(sent).toEqual([1, 2]);
  expect(queue.answer(9, { result: 0 })).toBe(false);
  expect(queue.answer(2, { result: "two" })).toBe(true);
  expect(sent).toEqual([1, 2, 3]);
  queue.answer(1, { error: { type: "RuntimeError", message: "no" } });
  queue.answer(3, {});
  const settled = await Promise.allSettled(answers);
  expect(settled.map(({ status }) => status)).toEqual(["rejected", "fulfilled", "fulfilled"]);
  expect(settled[1]).toMatchObject({ value: "two" });
  expect(settled[2]).toMatchObject({ value: null });
});

test("a request has its time from when it is sent; more where it asks for it; late answers set the queue free", async () => {
  vi.useFakeTimers();
  try {
    const { queue, sent } = openQueue(1);
    const [first, second, third] = [1, 2, 3].map((id) => queue.ask(id, request(`r${id}`, 100)));
    vi.advanceTimersByTime(90);
    queue.answer(1, { result: 1 });
    expect(await first).toBe(1);
    vi.advanceTimersByTime(90);
    queue.extend(2, 1000);
    vi.advanceTimersByTime(1099);
    const hung = expect(second).rejects.toMatchObject({ code: "timeout", fault: { at: "r2" } });
    const behind = expect(third).rejects.toMatchObject({ code: "timeout", fault: { at: "r3" } });
    vi.advanceTimersByTime(1);
    await Promise.all([hung, behind]);
    expect(sent).toEqual([1, 2]);
    await expect(queue.ask(4, request("r4"))).rejects.toThrow(/found r2, which has not ended/);
    expect(queue.answer(2, { result: "late" })).toBe(true);
    void queue.ask(5, request("r5"));
    expect(sent).toEqual([1, 2, 5]);
  } finally {
    vi.useRealTimers();
  }
});

test("the end refuses what was sent and what waits", async () => {
  const { queue } = openQueue(1);
  const all = [queue.ask(1, request("a")), queue.ask(2, request("b"))];
  queue.end(deviceError({ type: "X", message: "gone" }, "child"));
  for (const { status } of await Promise.allSettled(all)) expect(status).toBe("rejected");
});

test("tags that are numbers become numbers; names that look alike stay", () => {
  const tags = { Binning: "2", "ElapsedTime-ms": "10.50", Offset: "-3", Small: "1e-7" };
  const names = {
    Serial: "007",
    Long: "12345678901234567890",
    Camera: "Cam1",
    Empty: "",
    Hex: "0x10",
    Not: "nan",
  };
  expect(numericTags({ ...tags, ...names })).toEqual({
    ...{ Binning: 2, "ElapsedTime-ms": 10.5, Offset: -3, Small: 1e-7 },
    ...names,
  });
});

test("errors say where, what was expected and found, and what to do", () => {
  const texts = [
    deviceError(
      { type: "Refusal", message: "", missing: "device", name: "Zz", known: ["Z", "XY"] },
      "getPosition",
    ),
    deviceError({ type: "RuntimeError", message: "Error in device Z: out of range (103)" }, "setPosition"),
    deviceError({ type: "TypeError", message: "Wrong number of arguments" }, "setPosition"),
    deviceError(
      {
        type: "Refusal",
        message: "Line 1\nrequires 75; device adapter has 71: Incompatible",
        config: "a.cfg",
      },
      "",
    ),
    deviceError({ type: "Refusal", message: "3 of 9", overflow: true }, "sequence"),
    deviceError({ type: "Refusal", message: "3 of 9", overflow: false }, "sequence"),
    deviceError({ type: "Refusal", message: "3 of 9", timeout: "a frame", ms: 500 }, "sequence"),
    processorError({ type: "ValueError", message: "boom", traceback: "Traceback: here" }, "mine.py:process"),
  ].map(({ code, message }) => `${code} | ${message}`);
  expect(texts).toMatchInlineSnapshot(`
    [
      "missing | getPosition: expected a device that is there, found "Zz". There is Z, XY.",
      "device | setPosition: expected the device to obey, found Error in device Z: out of range (103).",
      "type | setPosition: expected arguments that MMCore takes, found Wrong number of arguments.",
      "device | a.cfg: expected a configuration that loads, found Line 1; requires 75; device adapter has 71: Incompatible. Install the pymmcore whose device interface is that of the adapters: it is the fourth number of its version.",
      "device | sequence: expected frames to be taken as fast as the camera makes them, found Sequence buffer overflow after 3 of 9 frames. Raise bufferMb or ringSlots, expose longer, or process faster.",
      "device | sequence: expected all frames of the sequence, found 3 of 9, then the camera stopped.",
      "timeout | sequence: expected a frame within 500 ms, found none; 3 of 9 frames had come. Check the camera's trigger, or raise commandTimeoutMs.",
      "worker | mine.py:process: expected an image processor that runs, found ValueError: boom.",
    ]
  `);
});
