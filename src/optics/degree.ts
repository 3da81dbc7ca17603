/** Radians of a degree. */
export const DEGREE = Math.PI / 180;

/** Degrees of a radian. */
export const PER_DEGREE = 180 / Math.PI;
