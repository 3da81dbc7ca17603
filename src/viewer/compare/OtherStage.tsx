import { type KeyboardEvent, type PointerEvent, useEffect, useRef, useState } from "react";
import { StageView } from "../core/StageView.tsx";
import type { View } from "../core/stage.ts";
import { useSize } from "../core/useSize.ts";
import type { Compared } from "./useCompared.ts";

interface OtherProps {
  readonly compared: Compared;
  readonly onError: (message: string) => void;
}

interface SideProps extends OtherProps {
  readonly onView: (view: View) => void;
}

/** The other image beside the first one; it is moved and zoomed as that. */
export function SideStage({ compared: { scene, state, scale }, onView, onError }: SideProps) {
  const cell = useRef<HTMLDivElement>(null);
  const size = useSize(cell);
  const back = ({ x, y, zoom }: View) =>
    onView({ x: x / scale, y: y / scale, zoom: zoom + Math.log2(scale) });
  return (
    <div className="stage-cell other" ref={cell}>
      {size.width > 0 && (
        <StageView
          {...{ scene, state, size, onError }}
          label={`Compared with ${scene.title}`}
          layers={[]}
          onView={back}
          onPlace={() => {}}
        />
      )}
    </div>
  );
}

interface OverProps extends OtherProps {
  readonly size: { readonly width: number; readonly height: number };
  readonly onPart: (part: number) => void;
}

/** The other image over the first one: right of a line that is moved, or within a lens at the pointer. */
export function OverStage({ compared, size, onPart, onError }: OverProps) {
  const { compare, scene, state } = compared;
  const cover = useRef<HTMLDivElement>(null);
  const pointer = usePointer(cover, size);
  const radius = lensRadius(compare.part);
  const clip =
    compare.mode === "split"
      ? `inset(0 0 0 ${100 * compare.part}%)`
      : `circle(${radius}px at ${pointer[0]}px ${pointer[1]}px)`;
  return (
    <>
      <div className="cover" ref={cover} style={{ clipPath: clip }}>
        <StageView
          {...{ scene, state, size, onError }}
          layers={[]}
          onView={() => {}}
          onPlace={() => {}}
          label={`Compared with ${scene.title}`}
          isBare
        />
      </div>
      {compare.mode === "split" ? (
        <SplitLine part={compare.part} width={size.width} onPart={onPart} />
      ) : (
        <i
          className="lens"
          aria-hidden="true"
          style={{ left: pointer[0], top: pointer[1], width: 2 * radius, height: 2 * radius }}
        />
      )}
    </>
  );
}

/** Screen pixels of a lens. */
function lensRadius(part: number): number {
  return 30 + 240 * part;
}

/** Where the pointer was last; the middle before it came. */
function usePointer(cover: { readonly current: HTMLElement | null }, size: OverProps["size"]) {
  const [place, setPlace] = useState<readonly [number, number]>();
  useEffect(() => {
    const cell = cover.current!.parentElement!;
    const onMove = ({ clientX, clientY }: globalThis.PointerEvent) => {
      const { left, top } = cell.getBoundingClientRect();
      setPlace([clientX - left, clientY - top]);
    };
    cell.addEventListener("pointermove", onMove);
    return () => cell.removeEventListener("pointermove", onMove);
  }, [cover]);
  return place ?? ([size.width / 2, size.height / 2] as const);
}

interface LineProps {
  readonly part: number;
  readonly width: number;
  readonly onPart: (part: number) => void;
}

function SplitLine({ part, width, onPart }: LineProps) {
  const onMove = (event: PointerEvent<HTMLElement>) => {
    if (event.buttons !== 1) return;
    const { left } = event.currentTarget.parentElement!.getBoundingClientRect();
    onPart(Math.min(1, Math.max(0, (event.clientX - left) / width)));
  };
  const onKey = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -0.01, ArrowRight: 0.01 }[event.key];
    if (step === undefined) return;
    onPart(Math.min(1, Math.max(0, part + step * (event.shiftKey ? 10 : 1))));
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div
      role="slider"
      tabIndex={0}
      className="split-line"
      aria-label="Line between the images"
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(100 * part)}
      style={{ left: `${100 * part}%` }}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={onMove}
      onKeyDown={onKey}
    />
  );
}
