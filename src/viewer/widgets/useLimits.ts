import { type KeyboardEvent, type PointerEvent, type RefObject, useRef } from "react";

/** Values from which on, or between which, something counts. */
export type Limits = readonly [number] | readonly [low: number, high: number];

interface LimitsOptions {
  readonly box: RefObject<HTMLElement | null>;
  /** Ends of the axis. */
  readonly from: number;
  readonly to: number;
  readonly limits?: Limits;
  /** One of a cutoff, two of a brush. */
  readonly limitTitles: readonly string[];
  readonly onLimits?: (limits: Limits | undefined) => void;
}

/** Parts of the range that an arrow key moves a limit by. */
const STEPS = 200;
/** Screen pixels beside a limit that still mean it. */
const NEAR = 8;

/** How pointer and keys move limits along an axis. */
export function useLimits({ box, from, to, limits, limitTitles, onLimits }: LimitsOptions) {
  const grip = useRef<Grip>(undefined);
  const isBrush = limitTitles.length === 2;
  const valueAt = ({ clientX }: PointerEvent) => {
    const { left, width } = box.current!.getBoundingClientRect();
    return from + Math.min(1, Math.max(0, (clientX - left) / width)) * (to - from);
  };
  const move = (end: number, value: number) => {
    const [low, high] = limits ?? [value];
    const held = Math.min(to, Math.max(from, value));
    if (high === undefined) return onLimits?.([held]);
    onLimits?.(end === 0 ? [Math.min(held, high), high] : [low, Math.max(held, low)]);
  };
  const onPointerDown = (event: PointerEvent<HTMLElement>) => {
    if (onLimits === undefined || event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    const value = valueAt(event);
    const near = nearestLimit(limits, value, ((to - from) * NEAR) / box.current!.clientWidth);
    grip.current =
      near === undefined && isBrush ? { kind: "brush", from: value } : { kind: "limit", end: near ?? 0 };
    if (near === undefined && !isBrush) onLimits([value]);
  };
  const onPointerMove = (event: PointerEvent) => {
    const held = grip.current;
    if (held === undefined || event.buttons === 0) return;
    const value = valueAt(event);
    if (held.kind === "limit") move(held.end, value);
    else onLimits?.([Math.min(held.from, value), Math.max(held.from, value)]);
  };
  const onPointerUp = () => {
    grip.current = undefined;
  };
  const onDoubleClick = () => isBrush && onLimits?.(undefined);
  const onKey = (event: KeyboardEvent, end: number) => {
    const next = limits && pressed(event, limits[end]!, { from, to });
    if (event.key === "Escape" && isBrush) onLimits?.(undefined);
    else if (next === undefined) return;
    else move(end, next);
    event.preventDefault();
    event.stopPropagation();
  };
  return { onPointerDown, onPointerMove, onPointerUp, onDoubleClick, onKey };
}

/** What a pointer holds. */
type Grip =
  | { readonly kind: "limit"; readonly end: number }
  | { readonly kind: "brush"; readonly from: number };

function nearestLimit(limits: Limits | undefined, value: number, reach: number): number | undefined {
  const gaps = (limits ?? []).map((limit) => Math.abs(limit - value));
  const least = Math.min(...gaps, Number.POSITIVE_INFINITY);
  return least <= reach ? gaps.lastIndexOf(least) : undefined;
}

/** Where a key takes a limit. */
function pressed(
  { key, shiftKey }: KeyboardEvent,
  value: number,
  { from, to }: { readonly from: number; readonly to: number },
): number | undefined {
  const step = ((to - from) / STEPS) * (shiftKey ? 10 : 1);
  switch (key) {
    case "ArrowLeft":
    case "ArrowDown":
      return value - step;
    case "ArrowRight":
    case "ArrowUp":
      return value + step;
    case "Home":
      return from;
    case "End":
      return to;
    default:
      return undefined;
  }
}
