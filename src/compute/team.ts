import { claim, isAborted, type TeamWords, teamWords } from "./control.ts";
import type { Member } from "./protocol.ts";

/** Looks at the barrier before a member sleeps: some 20 µs, a little less than a sleep and a call cost. */
const SPINS = 4096;

/** Thrown through a job when the abort flag is up; the worker's loop catches it. Never leaves the worker. */
export class JobStopped extends Error {
  override readonly name = "JobStopped";
}

/**
 * The workers that share one piece of work, seen by one of them. All members call `parallel`, `barrier` and
 * `claim` in the same order. Each throws {@link JobStopped} once the work is aborted; jobs let it pass.
 */
export class Team {
  /** This member's place, from 0. */
  readonly rank: number;
  /** Number of members. */
  readonly size: number;
  /** This team's number, from 0. */
  readonly index: number;
  readonly #control: Int32Array;
  readonly #words: TeamWords;
  #claims = 0;

  constructor(control: Int32Array, member: Member) {
    this.rank = member.rank;
    this.size = member.size;
    this.index = member.team;
    this.#control = control;
    this.#words = teamWords(member.team);
  }

  /** Whether the work is aborted. */
  get stopped(): boolean {
    return isAborted(this.#control);
  }

  /** Throws if the work is aborted. `parallel` does so before every range; a job with longer bodies calls it between kernels. */
  check(): void {
    if (isAborted(this.#control)) throw new JobStopped();
  }

  /** Calls `body(begin, end)` on ranges of at most `step` that cover 0..count once over all members; then a barrier. */
  parallel(count: number, step: number, body: (begin: number, end: number) => void): void {
    if (this.size === 1) this.#alone(count, step, body);
    else this.#claimed(count, step, body);
    this.barrier();
  }

  #alone(count: number, step: number, body: (begin: number, end: number) => void): void {
    for (let begin = 0; begin < count; begin += step) {
      this.check();
      body(begin, Math.min(count, begin + step));
    }
  }

  #claimed(count: number, step: number, body: (begin: number, end: number) => void): void {
    for (;;) {
      this.check();
      const begin = Atomics.add(this.#control, this.#words.counter, 1) * step;
      if (begin >= count) return;
      body(begin, Math.min(count, begin + step));
    }
  }

  /** Waits until every member is here; what they wrote before is then visible to all. */
  barrier(): void {
    if (this.size > 1) this.#meet();
    this.check();
  }

  #meet(): void {
    const { arrived, counter, generation } = this.#words;
    const seen = Atomics.load(this.#control, generation);
    if (Atomics.add(this.#control, arrived, 1) < this.size - 1) {
      this.#awaitChange(generation, seen);
      return;
    }
    // All others wait, so nobody claims: the one counter serves every phase.
    Atomics.store(this.#control, counter, 0);
    Atomics.store(this.#control, arrived, 0);
    Atomics.add(this.#control, generation, 1);
    Atomics.notify(this.#control, generation);
  }

  /** `raiseAbort` changes the generation after the flag, so the flag is looked at after `seen` and before sleeping. */
  #awaitChange(word: number, seen: number): void {
    const control = this.#control;
    for (let spin = 0; spin < SPINS; spin++) {
      if (Atomics.load(control, word) !== seen) return;
    }
    this.check();
    while (Atomics.load(control, word) === seen) Atomics.wait(control, word, seen);
  }

  /**
   * Takes the next number of pool-wide counter `slot` for the whole team: every member gets the same one.
   * This is how teams share out units of work.
   */
  claim(slot: number): number {
    if (this.size === 1) {
      this.check();
      return claim(this.#control, slot);
    }
    // Two words in turn: a member may still read this one while the first already writes the next.
    const word = this.#words.shared[this.#claims++ % 2];
    if (this.rank === 0) Atomics.store(this.#control, word, claim(this.#control, slot));
    this.barrier();
    return Atomics.load(this.#control, word);
  }
}
