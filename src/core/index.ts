/// <reference lib="esnext.disposable" preserve="true" />
export { abortError, raceAbort, requireNotAborted } from "./abort.ts";
export type { Axes } from "./axes.ts";
export { axesKey, checkAxes, describeAxes } from "./axes.ts";
export { counted } from "./counted.ts";
export type { ErrorCode, Fault } from "./error.ts";
export { toFault, VitrineError } from "./error.ts";
export { createYield, yieldToEventLoop } from "./eventLoop.ts";
export { firstNotFinite } from "./finite.ts";
export type { Image, Shape2, Shape3, Volume } from "./image.ts";
export { elementCount } from "./image.ts";
export type { KMeans, KMeansOptions, SquaredDistance } from "./kMeans.ts";
export { kMeans, squaredDistances } from "./kMeans.ts";
export type { KnownKeys, OptionKeys } from "./knownKeys.ts";
export {
  keyPlace,
  listedNames,
  pickOptions,
  refuseUnknownKeys,
  requireKnownOptions,
  shortenedName,
} from "./knownKeys.ts";
export { mersenneTwister, mersenneWords } from "./mersenneTwister.ts";
export { didYouMean, nearestName } from "./nearestName.ts";
export type { PackedError } from "./packedError.ts";
export { packError, unpackError } from "./packedError.ts";
export type { ImageLayout, PixelArray, PixelImage, PixelType } from "./pixels.ts";
export { bytesPerValue, imageBytes, layoutOf, pixelBytes, pixelTypeOf, pixelView } from "./pixels.ts";
export { formatJson, parseJson, plainJson } from "./plainJson.ts";
export type { Progress } from "./progress.ts";
export { progressTeller } from "./progress.ts";
export type { Random } from "./random.ts";
export { seededRandom } from "./random.ts";
export type { EulerZyz, Matrix3 } from "./rotation.ts";
export { matrixFromZyz, multiplyMatrices, transposeMatrix, zyzFromMatrix } from "./rotation.ts";
export { Semaphore } from "./semaphore.ts";
export type { WorkerThread, WorkerThreadEvents } from "./threads/workerThread.ts";
