import { startBandThread, usefulThreads } from "#band-threads";
import { unpackError, VitrineError } from "../../../core/index.ts";
import type { BandJob } from "./band.ts";
import { type ChannelStatistics, runBandJob } from "./bandJob.ts";
import { type BandThread, storeChunk } from "./worker.ts";

interface Waiting {
  readonly resolve: (found: ChannelStatistics) => void;
  readonly reject: (error: unknown) => void;
}

interface Member {
  readonly thread: BandThread;
  readonly waiting: Map<number, Waiting>;
}

/** Does jobs in threads, which start with the first job; with none of them, here. Whoever made it closes it. */
export class BandPool {
  /** Threads that jobs are divided among; at least 1. */
  readonly parts: number;
  readonly #threads: number;
  readonly #members: Member[] = [];
  #next = 0;

  /** @param threads  0: all work is done here; default: as many as are useful */
  constructor(threads: number = usefulThreads()) {
    this.#threads = threads;
    this.parts = Math.max(1, threads);
  }

  /** @throws {VitrineError} storage: the disk refused; worker: a thread ended */
  async run(job: BandJob): Promise<ChannelStatistics> {
    if (this.#threads === 0) return runBandJob(job, storeChunk);
    const { thread, waiting } = this.#leastBusy();
    const id = this.#next++;
    thread.hold(true);
    try {
      return await new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        thread.post({ id, job });
      });
    } finally {
      waiting.delete(id);
      if (waiting.size === 0) thread.hold(false);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#members.splice(0).map(({ thread }) => thread.terminate()));
  }

  #leastBusy(): Member {
    const idle = this.#members.find(({ waiting }) => waiting.size === 0);
    if (idle !== undefined) return idle;
    if (this.#members.length < this.#threads) return this.#start();
    return this.#members.reduce((least, member) =>
      member.waiting.size < least.waiting.size ? member : least,
    );
  }

  #start(): Member {
    const waiting = new Map<number, Waiting>();
    const thread = startBandThread({
      onMessage: (answer) => {
        const asked = waiting.get(answer.id);
        if ("error" in answer) asked?.reject(unpackError(answer.error));
        else asked?.resolve(answer.found);
      },
      onFailure: (found, cause) => {
        const index = this.#members.findIndex((member) => member.waiting === waiting);
        if (index >= 0) this.#members.splice(index, 1);
        for (const { reject } of waiting.values()) reject(threadEnded(found, cause));
      },
    });
    const member = { thread, waiting };
    this.#members.push(member);
    return member;
  }
}

let common: BandPool | undefined;

/** One pool for all images that are not told a number of threads, since starting them costs more than packing a small image. Nobody closes it. */
export function commonPool(): BandPool {
  // threads without work do not keep the process alive
  common ??= new BandPool();
  return common;
}

function threadEnded(found: string, cause: unknown): VitrineError {
  const fault = { code: "worker", at: "a thread of the writer", expected: "packed chunks", found } as const;
  return new VitrineError(fault, { cause });
}
