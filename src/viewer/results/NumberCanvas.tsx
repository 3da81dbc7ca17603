import { useEffect, useRef } from "react";

interface NumberCanvasProps {
  /** What is shown, for those who do not see it. */
  readonly label: string;
  readonly data: ArrayLike<number>;
  readonly width: number;
  readonly height: number;
  /** Values that are black and white; default those that leave out a hundredth at either end. */
  readonly limits?: readonly [number, number];
  /** Standard deviation of a Gaussian that smoothes what is shown, pixels; default 0. */
  readonly smoothPx?: number;
  readonly caption?: string;
}

/** Numbers as a grey picture. */
export function NumberCanvas({
  label,
  data,
  width,
  height,
  limits,
  smoothPx = 0,
  caption,
}: NumberCanvasProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const values = smoothPx > 0 ? smoothed({ data, width, height }, smoothPx) : data;
    const [low, high] = limits ?? innerEnds(values);
    const image = new ImageData(width, height);
    for (let i = 0; i < width * height; i++) {
      const grey = (255 * (values[i] - low)) / (high - low || 1);
      image.data.fill(Number.isNaN(grey) ? 0 : grey, 4 * i, 4 * i + 3);
      image.data[4 * i + 3] = 255;
    }
    canvas.current!.getContext("2d")!.putImageData(image, 0, 0);
  }, [data, width, height, limits, smoothPx]);
  const drawn = <canvas ref={canvas} width={width} height={height} role="img" aria-label={label} />;
  // a button may hold no figure
  if (caption === undefined) return <span className="number-picture">{drawn}</span>;
  return (
    <figure className="number-picture">
      {drawn}
      <figcaption>{caption}</figcaption>
    </figure>
  );
}

/** Ends that leave out a hundredth of the values at either side. */
export function innerEnds(values: ArrayLike<number>): readonly [number, number] {
  const sorted = Float64Array.from(values).sort();
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))] ?? 0;
  return [at(0.01), at(0.99)];
}

interface Grey {
  readonly data: ArrayLike<number>;
  readonly width: number;
  readonly height: number;
}

/** A Gaussian along both axes; at the border what there is counts. */
export function smoothed({ data, width, height }: Grey, sigmaPx: number): Float64Array {
  const reach = Math.ceil(3 * sigmaPx);
  const weights = Array.from({ length: 2 * reach + 1 }, (_, i) =>
    Math.exp(-0.5 * ((i - reach) / sigmaPx) ** 2),
  );
  const along = (values: ArrayLike<number>, length: number, placeOf: (i: number, k: number) => number) =>
    Float64Array.from({ length: width * height }, (_, i) => {
      let [sum, total] = [0, 0];
      const at = placeOf(i, 0);
      for (let k = -reach; k <= reach; k++) {
        if (at + k < 0 || at + k >= length) continue;
        sum += weights[k + reach] * values[placeOf(i, 1) + k * placeOf(i, 2)];
        total += weights[k + reach];
      }
      return sum / total;
    });
  // where a pixel stands along the axis, its index, and the step to the next
  const rows = along(data, width, (i, k) => [i % width, i, 1][k]);
  return along(rows, height, (i, k) => [Math.floor(i / width), i, width][k]);
}
