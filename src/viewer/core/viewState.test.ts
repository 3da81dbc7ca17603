import { expect, test } from "vitest";
import { startOf } from "../scene/scene.ts";
import { formatState, openedState, parseState, START } from "./viewState.ts";

const channel = { name: "intensity", color: "FFFFFF" };
const volume = { channels: [channel], start: { z: 20 } };

test("a volume begins in its middle; stacks of images, time series and channels with z planes at their first", () => {
  expect(startOf([{ axis: "z", length: 40 }], 1)).toEqual({ z: 20 });
  expect(startOf([{ axis: "z", length: 3 }], 1)).toEqual({ z: 1 });
  expect(startOf([{ axis: "time", length: 40 }], 1)).toEqual({});
  const both = ["time", "z"].map((axis) => ({ axis, length: 4 }));
  expect(startOf(both, 1)).toEqual({});
  expect(startOf([{ axis: "z", length: 40 }], 3)).toEqual({});
  expect(startOf([], 1)).toEqual({});
});

test("planes that somebody chose stay when the scene opens, and the address has them", () => {
  const opened = openedState({ ...START, at: "a.mrc" }, volume);
  expect(opened.places).toEqual({ z: 20 });
  expect(openedState(opened, volume)).toBe(opened);
  const chosen = parseState("at=a.mrc&places=z:0");
  expect(openedState(chosen, volume).places).toEqual({ z: 0 });
  expect(parseState(formatState(opened))).toEqual(opened);
});
