export type { Ctf, CtfGrid, EvenZernikes, OddZernikes, OpticsParameters } from "./ctf.ts";
export { computeCtf, electronWavelengthA } from "./ctf.ts";
export type { MagnificationMatrix } from "./magnification.ts";
