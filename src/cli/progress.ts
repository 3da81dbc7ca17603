import { Presets, SingleBar } from "cli-progress";
import type { SearchProgress } from "../match/index.ts";

/** Time between two lines where there is no terminal. */
const LINE_MS = 10_000;

/** Shows a search's progress on stderr: a bar on a terminal, a line now and then elsewhere. */
export interface ProgressDisplay {
  readonly show: (progress: SearchProgress) => void;
  end(): void;
}

/** `3 h 12 min`, `4 min 5 s`, `12 s`. */
export function durationText(seconds: number): string {
  if (!Number.isFinite(seconds)) return "?";
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${Math.floor(seconds % 60)} s` : `${Math.ceil(seconds)} s`;
}

function rateAndTime({ done, total, rate }: SearchProgress): { speed: string; left: string } {
  return { speed: rate.toFixed(rate < 100 ? 1 : 0), left: durationText((total - done) / rate) };
}

export function createProgress(stream: NodeJS.WriteStream = process.stderr): ProgressDisplay {
  return stream.isTTY ? createBar(stream) : createLines(stream);
}

function createBar(stream: NodeJS.WriteStream): ProgressDisplay {
  const format = "{bar} {percentage} % | {value} of {total} correlations | {speed}/s | {left} left";
  const bar = new SingleBar({ stream, format, hideCursor: true }, Presets.shades_classic);
  let started = false;
  return {
    show(progress) {
      const payload = rateAndTime(progress);
      if (!started) bar.start(progress.total, progress.done, payload);
      started = true;
      bar.setTotal(progress.total); // a coarse pass is followed by another count
      bar.update(progress.done, payload);
    },
    end() {
      if (started) bar.stop();
    },
  };
}

function createLines(stream: NodeJS.WriteStream): ProgressDisplay {
  let last = performance.now();
  return {
    show(progress) {
      const now = performance.now();
      if (now - last < LINE_MS) return;
      last = now;
      const { speed, left } = rateAndTime(progress);
      const percent = ((100 * progress.done) / progress.total).toFixed(1);
      stream.write(`vitrine: ${percent} %, ${speed} correlations/s, ${left} left\n`);
    },
    end() {},
  };
}
