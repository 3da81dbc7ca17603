/** Opacity of labels over an image at first. */
export const LABEL_OPACITY = 0.5;
