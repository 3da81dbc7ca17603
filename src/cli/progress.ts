import { Presets, SingleBar } from "cli-progress";
import type { Progress } from "../core/index.ts";

/** Time between two lines where there is no terminal. */
const LINE_MS = 10_000;

/** Shows on stderr how far something is: a bar on a terminal, a line now and then elsewhere. */
export interface ProgressDisplay {
  readonly show: (progress: Progress) => void;
  end(): void;
}

/** `5.2 days` above two of them, `3 h 12 min`, `4 min 5 s`, `12 s`. */
export function durationText(seconds: number): string {
  if (!Number.isFinite(seconds)) return "?";
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  if (hours >= 48) return `${(hours / 24).toFixed(1)} days`;
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${Math.floor(seconds % 60)} s` : `${Math.ceil(seconds)} s`;
}

/** `42.0 %, 310 correlations/s, 12 s left`; without a known total `12 images, 3.1 images/s`. */
export function progressText(progress: Progress): string {
  const { done, total, unit } = progress;
  const { speed, left } = rateAndTime(progress);
  if (!Number.isFinite(total)) return `${done} ${unit}, ${speed} ${unit}/s`;
  return `${((100 * done) / total).toFixed(1)} %, ${speed} ${unit}/s, ${left} left`;
}

function rateAndTime({ done, total, rate }: Progress): { speed: string; left: string } {
  return { speed: rate.toFixed(rate < 100 ? 1 : 0), left: durationText((total - done) / rate) };
}

/** Where progress is shown: a terminal or not. */
type Stream = NodeJS.WritableStream & { readonly isTTY?: boolean };

/** Makes the display that fits a stream. */
export function createProgress(stream: Stream = process.stderr): ProgressDisplay {
  return stream.isTTY ? createBar(stream) : createLines(stream);
}

function createBar(stream: Stream): ProgressDisplay {
  const format = "{bar} {percentage} % | {value} of {total} {unit} | {speed}/s | {left} left";
  const bar = new SingleBar({ stream, format, hideCursor: true }, Presets.shades_classic);
  let started = false;
  return {
    show(progress) {
      if (!Number.isFinite(progress.total)) return; // a bar of no length
      const payload = { ...rateAndTime(progress), unit: progress.unit };
      if (!started) bar.start(progress.total, progress.done, payload);
      started = true;
      bar.setTotal(progress.total); // one kind of work is followed by another
      bar.update(progress.done, payload);
    },
    end() {
      if (started) bar.stop();
    },
  };
}

function createLines(stream: Stream): ProgressDisplay {
  let last = performance.now();
  return {
    show(progress) {
      const now = performance.now();
      if (now - last < LINE_MS) return;
      last = now;
      stream.write(`vitrine: ${progressText(progress)}\n`);
    },
    end() {},
  };
}
