/// <reference lib="esnext.disposable" preserve="true" />
export type { ErrorCode, Fault } from "./error.ts";
export { toFault, VitrineError } from "./error.ts";
export type { Image, Shape2, Shape3, Volume } from "./image.ts";
export { elementCount } from "./image.ts";
export type { Progress } from "./progress.ts";
export { progressTeller } from "./progress.ts";
export type { Random } from "./random.ts";
export { seededRandom } from "./random.ts";
export type { EulerZyz, Matrix3 } from "./rotation.ts";
export { matrixFromZyz, multiplyMatrices, transposeMatrix, zyzFromMatrix } from "./rotation.ts";
