export { begin32, begin64, correlate32, correlate64, finish32, finish64, workBytes } from "./correlate";
export { addTurned32, forward32, forward64 } from "./lines";
export { pack32, pack64, project32, residual32 } from "./product";
export { orthogonalize } from "./orthogonal";
export { sliceRays } from "./slices";
