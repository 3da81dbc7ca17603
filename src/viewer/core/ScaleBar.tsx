import type { Scene } from "../scene/scene.ts";

/** Longest bar in screen pixels. */
const LONGEST = 140;

/** A length in round figures beside its bar; pixels where the file gives no size of theirs. */
export function ScaleBar({ scene, zoom }: { readonly scene: Scene; readonly zoom: number }) {
  const { size, unit } = scene.pixel ?? { size: 1, unit: "px" };
  const length = roundLength((size * LONGEST) / 2 ** zoom);
  const pixels = (length / size) * 2 ** zoom;
  const text = lengthText(length, unit);
  return (
    <div className="scale-bar" role="img" aria-label={`Scale bar: ${text}`}>
      <span>{text}</span>
      <i style={{ width: pixels }} />
    </div>
  );
}

/** 1, 2 or 5 times a power of ten, at most the given length. */
export function roundLength(longest: number): number {
  const power = 10 ** Math.floor(Math.log10(longest));
  return [5, 2, 1].find((step) => step * power <= longest * 1.0001)! * power;
}

/** A length with the unit that suits it. */
export function lengthText(length: number, unit: string): string {
  if (unit === "µm" && length >= 1000) return `${length / 1000} mm`;
  if (unit === "µm" && length < 1) return `${Number((length * 1000).toPrecision(3))} nm`;
  if (unit === "Å" && length >= 10_000) return `${length / 10_000} µm`;
  if (unit === "Å" && length >= 100) return `${length / 10} nm`;
  return `${Number(length.toPrecision(3))} ${unit}`;
}
