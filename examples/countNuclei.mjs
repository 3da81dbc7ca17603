/** An image processor: finds the nuclei of each DAPI image while it is acquired, and keeps their number and places in its metadata. */

// nothing is kept from image to image: any number of threads may share the work
export const stateless = true;

/** Nuclei are some 10 µm wide: 16 pixels of 0.65 µm. */
const SMOOTH_PX = 3;
const APART_PX = 9;

export default (image, metadata) => {
  if (metadata.Channel !== "DAPI") return [image, metadata];
  const nuclei = peaksOf(image);
  return [image, { ...metadata, NucleiCount: nuclei.length, Nuclei: nuclei }];
};

/** Places that are brighter than all around: `[x, y, brightness]`, brightness counted above the background. */
function peaksOf({ data, width, height }) {
  const smooth = [1, 2, 3].reduce((values) => smoothed(values, width, height), Float32Array.from(data));
  const sorted = Float32Array.from(smooth).sort();
  const background = sorted[Math.floor(sorted.length / 2)];
  const threshold = background + 0.15 * (sorted[Math.floor(sorted.length * 0.995)] - background);
  const candidates = [];
  for (let i = 0; i < smooth.length; i++) {
    const [x, y] = [i % width, Math.floor(i / width)];
    if (smooth[i] > threshold && isPeak(smooth, { x, y, width, height }))
      candidates.push([x, y, smooth[i] - background]);
  }
  const peaks = [];
  for (const candidate of candidates.sort((a, b) => b[2] - a[2]))
    if (peaks.every(([x, y]) => Math.hypot(x - candidate[0], y - candidate[1]) >= APART_PX))
      peaks.push(candidate);
  return peaks.map(([x, y, brightness]) => [x, y, Math.round(brightness)]);
}

/** What is brightest at the very edge has its middle beyond it. */
function isPeak(values, { x, y, width, height }) {
  if (x === 0 || y === 0 || x === width - 1 || y === height - 1) return false;
  const value = values[y * width + x];
  for (let dy = -1; dy <= 1; dy++)
    for (let dx = -1; dx <= 1; dx++) if (values[(y + dy) * width + x + dx] > value) return false;
  return true;
}

/** Means along rows, then along columns. */
function smoothed(values, width, height) {
  const rows = means(values, { lines: height, step: width, length: width, next: 1 });
  return means(rows, { lines: width, step: 1, length: height, next: width });
}

function means(values, { lines, step, length, next }) {
  const out = new Float32Array(values.length);
  for (let line = 0; line < lines; line++) {
    const at = (i) => values[line * step + Math.min(length - 1, Math.max(0, i)) * next];
    let sum = 0;
    for (let i = -SMOOTH_PX; i <= SMOOTH_PX; i++) sum += at(i);
    for (let i = 0; i < length; i++) {
      out[line * step + i * next] = sum / (2 * SMOOTH_PX + 1);
      sum += at(i + SMOOTH_PX + 1) - at(i - SMOOTH_PX);
    }
  }
  return out;
}
