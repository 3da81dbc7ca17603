import type { Layer } from "@deck.gl/core";
import { BitmapLayer } from "@deck.gl/layers";
import { useEffect, useMemo, useRef, useState } from "react";
import type { View } from "../../core/stage.ts";
import type { DrawnObjects } from "../drawn.ts";
import { type ObjectLook, objectPaints } from "../look.ts";
import { Painter } from "./painter.ts";
import type { PaintedPicture, PictureWindow } from "./protocol.ts";

/** Time in which a view stands still before its objects are painted anew, ms: what moves is the last picture. */
const STILL_MS = 80;
/** Pixels of the picture for one of the page at most. */
const MOST_RATIO = 2;

interface PictureOf {
  /** Undefined: none is painted. */
  readonly drawn: DrawnObjects | undefined;
  readonly look: ObjectLook;
  readonly view: View;
  readonly size: { readonly width: number; readonly height: number };
  readonly onError: (message: string) => void;
}

/** Many objects as one picture in place of the map: moving it costs nothing, and once it stands still it is painted anew, beside the page's thread. */
export function usePicture({ drawn, look, view, size, onError }: PictureOf) {
  const painter = useRef<Painter>(undefined);
  const [picture, setPicture] = useState<PaintedPicture>();
  const [isPainting, setIsPainting] = useState(false);
  const last = useRef<{ drawn?: DrawnObjects; look?: ObjectLook; onError: typeof onError }>({ onError });
  last.current.onError = onError;
  const isOn = drawn !== undefined;
  useEffect(() => {
    if (!isOn) return;
    const show = (next: PaintedPicture, isLast: boolean) => {
      setPicture(next);
      if (isLast) setIsPainting(false);
    };
    painter.current = new Painter(show, (message) => last.current.onError(message));
    return () => {
      painter.current?.stop();
      last.current = { onError: last.current.onError };
      setPicture(undefined);
      setIsPainting(false);
    };
  }, [isOn]);

  const place = JSON.stringify([view, size]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the text holds the window
  useEffect(() => {
    if (drawn === undefined || size.width === 0) return;
    setIsPainting(true);
    const timer = setTimeout(
      () => {
        const before = last.current;
        painter.current?.paint({
          ...(before.drawn !== drawn && { objects: drawn }),
          ...((before.drawn !== drawn || before.look !== look) && { paints: objectPaints(drawn, look) }),
          window: windowOf(view, size),
        });
        last.current = { drawn, look, onError: before.onError };
      },
      // what changes at once is seen at once
      last.current.drawn === drawn && last.current.look === look ? STILL_MS : 0,
    );
    return () => clearTimeout(timer);
  }, [drawn, look, place]);

  const layers = useMemo(
    () => (picture === undefined || !isOn ? [] : [pictureLayer(picture)]),
    [picture, isOn],
  );
  return { layers, isPainting };
}

function windowOf(view: View, size: PictureOf["size"]): PictureWindow {
  const ratio = Math.min(MOST_RATIO, Math.max(1, devicePixelRatio));
  const pixel = 2 ** -view.zoom;
  return {
    left: view.x - (size.width / 2) * pixel,
    top: view.y - (size.height / 2) * pixel,
    scale: ratio / pixel,
    width: Math.round(size.width * ratio),
    height: Math.round(size.height * ratio),
    ratio,
  };
}

function pictureLayer({ window: { left, top, scale, width, height }, pixels }: PaintedPicture): Layer {
  return new BitmapLayer({
    id: "objects",
    image: new ImageData(pixels, width, height),
    bounds: [left, top + height / scale, left + width / scale, top],
    textureParameters: { minFilter: "linear", magFilter: "nearest" },
    pickable: false,
  });
}
