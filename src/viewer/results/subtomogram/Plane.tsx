import { type MouseEvent, type ReactNode, useEffect, useMemo, useRef } from "react";
import { useAnswer } from "../useAnswer.ts";
import { askSlice, type VolumeFacts, type Zyx } from "./api.ts";
import { type PlaneFacts, placeOfAxis, type Window, withPart } from "./planes.ts";

interface PlaneProps {
  readonly plane: PlaneFacts;
  readonly volume: VolumeFacts;
  /** Voxel that all planes go through. */
  readonly at: Zyx;
  readonly window: Window;
  /** nm/voxel; undefined: nobody knows. */
  readonly scale: number | undefined;
  /** Values that are black and white; undefined until they are known. */
  readonly limits: readonly [number, number] | undefined;
  readonly onAt: (at: Zyx) => void;
  readonly onError: (message: string) => void;
  /** In voxels of the plane, over it. */
  readonly children?: ReactNode;
}

/** One plane with its crosshair; a click moves the other two. */
export function Plane(props: PlaneProps) {
  const { plane, volume, at, window, scale, limits, onAt, onError, children } = props;
  const { axis, down, right, isTurned } = plane;
  const canvas = useRef<HTMLCanvasElement>(null);
  const [rows, columns] = [window[placeOfAxis(down)], window[placeOfAxis(right)]];
  const index = at[placeOfAxis(axis)];
  const query = useMemo(() => {
    // the server's rows are the first of the other axes in the order z, y, x
    const [first, second] = isTurned ? [columns, rows] : [rows, columns];
    return { at: volume.at, axis, index, rows: first, columns: second };
  }, [volume.at, axis, index, isTurned, rows, columns]);
  const picture = useAnswer(JSON.stringify(query), (signal) => askSlice(query, signal), onError);
  useEffect(() => {
    if (picture === undefined || limits === undefined || canvas.current === null) return;
    drawGrey(canvas.current, picture, { limits, isTurned });
  }, [picture, limits, isTurned]);
  const move = (event: MouseEvent<SVGSVGElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    const place = (from: readonly [number, number], share: number) =>
      Math.min(from[1] - 1, Math.max(from[0], Math.floor(from[0] + share * (from[1] - from[0]))));
    const y = place(rows, (event.clientY - box.top) / box.height);
    const x = place(columns, (event.clientX - box.left) / box.width);
    onAt(withPart(withPart(at, down, y), right, x));
  };
  const [height, width] = [rows[1] - rows[0], columns[1] - columns[0]];
  const [y, x] = [at[placeOfAxis(down)] + 0.5, at[placeOfAxis(right)] + 0.5];
  return (
    <div className="plane">
      <canvas
        ref={canvas}
        className="plane-layer"
        role="img"
        aria-label={`${volume.name} across ${axis}, voxel ${index}`}
      />
      <svg
        className="plane-layer"
        viewBox={`${columns[0]} ${rows[0]} ${width} ${height}`}
        preserveAspectRatio="none"
        onClick={move}
        aria-hidden="true"
      >
        {children}
        <line className={`cross-${right}`} {...{ x1: x, x2: x, y1: rows[0], y2: rows[1] }} />
        <line className={`cross-${down}`} {...{ x1: columns[0], x2: columns[1], y1: y, y2: y }} />
      </svg>
      <span className="plane-title">
        {right} → · {down} ↓ · {axis} {index}
        {scale !== undefined && `, ${(index * scale).toFixed(1)} nm`}
      </span>
    </div>
  );
}

interface GreyPicture {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

function drawGrey(
  canvas: HTMLCanvasElement,
  { shape: [rows, columns], data }: GreyPicture,
  {
    limits: [low, high],
    isTurned,
  }: { readonly limits: readonly [number, number]; readonly isTurned: boolean },
): void {
  const [height, width] = isTurned ? [columns, rows] : [rows, columns];
  [canvas.height, canvas.width] = [height, width];
  const image = new ImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    const value = isTurned ? data[(i % width) * columns + Math.floor(i / width)] : data[i];
    const grey = (255 * (value - low)) / (high - low || 1);
    image.data.fill(grey, 4 * i, 4 * i + 3);
    image.data[4 * i + 3] = 255;
  }
  canvas.getContext("2d")!.putImageData(image, 0, 0);
}
