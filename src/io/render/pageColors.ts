import type { Rgb } from "./canvas.ts";

/** Colours that figures on white have in common. */
export const PAPER: Rgb = [255, 255, 255];
/** Text. */
export const INK: Rgb = [24, 26, 30];
/** Text that matters less. */
export const SOFT_INK: Rgb = [104, 110, 120];
/** Lines of a grid. */
export const RULE: Rgb = [206, 210, 216];
/** The first curve. */
export const CURVE: Rgb = [36, 104, 172];
