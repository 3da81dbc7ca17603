import { electronWavelengthA } from "./electrons.ts";
import { requireNumber } from "./frequencies.ts";

/** A layer of ice, or of a cell, that scatters alike at every height. */
export interface Slab {
  readonly voltageKv: number;
  /** Along the beam, Å. */
  readonly thicknessA: number;
}

/**
 * Mean of the CTF over the heights of a slab, as a factor on the CTF of its middle: sin(x) / x with x = π λ k² t / 2. Negative between its
 * odd and even zeros.
 *
 * It is what matter spread over the whole slab shows, not a molecule in it: a molecule has the CTF of its own height.
 *
 * @param frequencyPerA k, 1/Å
 * @throws {VitrineError} range: a voltage not above 0, a thickness below 0
 * Source: Tichelaar et al. 2020, Ultramicroscopy 216:113023.
 */
export function thicknessEnvelope(frequencyPerA: number, slab: Slab): number {
  return sinc(halfPhase(frequencyPerA, slab));
}

/**
 * Power that a slab shows in a power spectrum (Thon rings): the mean of CTF² over its heights, ½ (1 - sin(2x) / 2x (1 - 2 CTF²)), x as in
 * {@link thicknessEnvelope}.
 *
 * @param ctf           at the slab's middle, without envelope: -1 to 1
 * @param frequencyPerA k, 1/Å
 * @throws {VitrineError} as {@link thicknessEnvelope}
 * Source: McMullan et al. 2015, Ultramicroscopy 158:26; Elferich et al. 2024, eLife 13:RP97227 (CTFFIND5).
 */
export function slabPower(ctf: number, frequencyPerA: number, slab: Slab): number {
  return 0.5 * (1 - sinc(2 * halfPhase(frequencyPerA, slab)) * (1 - 2 * ctf * ctf));
}

/**
 * Frequency of the n-th node of a slab's Thon rings, where they vanish: √(n / λ t), 1/Å.
 *
 * @throws {VitrineError} range: a voltage or thickness not above 0, a node that is not a whole number from 1
 */
export function thicknessNodePerA({ voltageKv, thicknessA }: Slab, node = 1): number {
  requireSlab({ voltageKv, thicknessA });
  requireNumber(thicknessA, thicknessA > 0, { at: "slab thicknessA", expected: "Å above 0" });
  const expected = "a whole number from 1";
  requireNumber(node, Number.isInteger(node) && node >= 1, { at: "thicknessNodePerA node", expected });
  return Math.sqrt(node / (electronWavelengthA(voltageKv) * thicknessA));
}

function halfPhase(frequencyPerA: number, slab: Slab): number {
  requireSlab(slab);
  return (Math.PI / 2) * electronWavelengthA(slab.voltageKv) * frequencyPerA ** 2 * slab.thicknessA;
}

function requireSlab({ voltageKv, thicknessA }: Slab): void {
  requireNumber(voltageKv, voltageKv > 0, { at: "slab voltageKv", expected: "kV above 0" });
  requireNumber(thicknessA, thicknessA >= 0, { at: "slab thicknessA", expected: "0 Å or more" });
}

/** sin(x) / x. */
function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(x) / x;
}
