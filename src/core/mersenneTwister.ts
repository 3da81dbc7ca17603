const SIZE = 624;
const SHIFT = 397;

/**
 * Words of 32 bits, which numpy's `RandomState` and torch's generator of the CPU make their numbers of.
 *
 * @param seed  a whole number, of which the lowest 32 bits count
 * Source: Matsumoto & Nishimura 1998, ACM TOMACS 8:3 (MT19937, seeded by Knuth's recurrence).
 */
export function mersenneWords(seed: number): () => number {
  const state = new Uint32Array(SIZE);
  state[0] = seed;
  for (let i = 1; i < SIZE; i++) {
    const last = state[i - 1] ^ (state[i - 1] >>> 30);
    state[i] = Math.imul(1812433253, last) + i;
  }
  let next = SIZE;
  return () => {
    if (next === SIZE) {
      twist(state);
      next = 0;
    }
    return temper(state[next++]);
  };
}

/** Uniform numbers in [0, 1) of 53 bits: those of numpy's `RandomState(seed).uniform`. @param seed  0 to 2^32 - 1 */
export function mersenneTwister(seed: number): () => number {
  const word = mersenneWords(seed);
  return () => {
    const high = word() >>> 5;
    const low = word() >>> 6;
    return (high * 67108864 + low) / 9007199254740992;
  };
}

function twist(state: Uint32Array): void {
  for (let i = 0; i < SIZE; i++) {
    const joined = (state[i] & 0x80000000) | (state[(i + 1) % SIZE] & 0x7fffffff);
    state[i] = state[(i + SHIFT) % SIZE] ^ (joined >>> 1) ^ (joined & 1 ? 0x9908b0df : 0);
  }
}

function temper(word: number): number {
  let y = word;
  y ^= y >>> 11;
  y ^= (y << 7) & 0x9d2c5680;
  y ^= (y << 15) & 0xefc60000;
  return (y ^ (y >>> 18)) >>> 0;
}
