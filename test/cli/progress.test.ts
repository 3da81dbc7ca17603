import { Writable } from "node:stream";
import { expect, onTestFinished, test, vi } from "vitest";
import { createProgress, progressText } from "../../src/cli/progress.ts";

test("progress is told in its unit, with or without a known end", () => {
  const progress = { done: 42, total: 100, unit: "particles", rate: 2.5 };
  expect(progressText(progress)).toBe("42.0 %, 2.5 particles/s, 24 s left");
  const images = { done: 7, total: Number.POSITIVE_INFINITY, unit: "images", rate: 310.4 };
  expect(progressText(images)).toBe("7 images, 310 images/s");
});

/** A stream that keeps what is written. */
function stream(isTTY: boolean) {
  const chunks: string[] = [];
  const writable = new Writable({
    write(chunk, _, done) {
      chunks.push(String(chunk));
      done();
    },
  });
  return {
    chunks,
    stream: Object.assign(writable, { isTTY, columns: 200 }),
  };
}

test("without a terminal there is a line every ten seconds", () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const { chunks, stream: lines } = stream(false);
  const display = createProgress(lines);
  for (let done = 1; done <= 25; done++) {
    vi.advanceTimersByTime(1000);
    display.show({ done, total: 100, unit: "images", rate: 1 });
  }
  display.end();
  expect(chunks).toEqual([
    "vitrine: 10.0 %, 1.0 images/s, 1 min 30 s left\n",
    "vitrine: 20.0 %, 1.0 images/s, 1 min 20 s left\n",
  ]);
});

test("on a terminal the bar names its unit, which may change", () => {
  const { chunks, stream: terminal } = stream(true);
  const display = createProgress(terminal);
  display.show({ done: 3, total: 9, unit: "correlations", rate: 1 });
  display.end();
  const next = createProgress(terminal);
  next.show({ done: 1, total: 2, unit: "particles", rate: 1 });
  next.end();
  const text = chunks.join("");
  expect(text).toContain("3 of 9 correlations | 1.0/s | 6 s left");
  expect(text).toContain("1 of 2 particles | 1.0/s | 1 s left");
});
