export { fillMargin, sampleRows, splineAlongZ, splineInPlanes } from "./spline";
