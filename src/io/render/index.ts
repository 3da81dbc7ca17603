/** What pictures are drawn with, for domains that draw their own. */
export type { Box, Canvas, Pen, Rgb, TextStyle } from "./canvas.ts";
export { createCanvas, drawText, paint, strokeCircle, strokeLines } from "./canvas.ts";
export { textStrokes, textWidth } from "./font.ts";
export { CURVE, INK, PAPER, RULE, SOFT_INK } from "./pageColors.ts";
export { drawScaleBar, roundStep } from "./scaleBar.ts";
