import fc from "fast-check";
import { expect, test } from "vitest";
import { changesBetween, isOfSameParts, joinedChanges, withChanges } from "./stateChanges.ts";
import { START, type ViewState } from "./viewState.ts";

const channel = { isVisible: true, color: "FFFFFF", opacity: 1 };
const state: ViewState = { ...START, at: "a", places: { time: 0, z: 3 }, channels: [channel, channel] };
const withOpacity = (opacity: number): ViewState => ({
  ...state,
  channels: [{ ...channel, opacity }, channel],
});

test("a part is taken back and what came since stays: limits that were read late, another name of a type", () => {
  const changes = changesBetween(state, withOpacity(0.5));
  expect(changes).toEqual([{ path: ["channels", "0", "opacity"], before: 1, after: 0.5 }]);
  const later: ViewState = {
    ...withOpacity(0.5),
    objects: "Nuclei",
    channels: [
      { ...channel, opacity: 0.5, limits: [2, 9] },
      { ...channel, color: "FF0000" },
    ],
  };
  const back = withChanges(later, changes, "before");
  expect(back).toEqual({ ...later, channels: [{ ...channel, limits: [2, 9] }, later.channels[1]] });
  expect(withChanges(back, changes, "after")).toEqual(later);
});

test("what was not there before goes away again; what is there no more stays away", () => {
  const view = { x: 1, y: 2, zoom: 3 };
  const changes = changesBetween(state, { ...state, view, brush: { area: [1, 2] } });
  expect(changes.map(({ path }) => path)).toEqual([["view"], ["brush"]]);
  expect(withChanges({ ...state, view, brush: { area: [1, 2] } }, changes, "before")).toEqual(state);
  const second = changesBetween(state, { ...state, channels: [channel, { ...channel, opacity: 0 }] });
  const fewer = { ...state, channels: [channel] };
  expect(withChanges(fewer, second, "before")).toEqual(fewer);
});

test("a view is one part; a slider that is moved on is one change; what comes back to where it was is none", () => {
  const at = (x: number): ViewState => ({ ...state, view: { x, y: 0, zoom: 0 } });
  expect(changesBetween(at(1), at(2))).toEqual([{ path: ["view"], before: at(1).view, after: at(2).view }]);
  const [first, second] = [
    changesBetween(state, withOpacity(0.5)),
    changesBetween(withOpacity(0.5), withOpacity(0.2)),
  ];
  expect(isOfSameParts(first, second)).toBe(true);
  expect(joinedChanges(first, second)).toEqual(changesBetween(state, withOpacity(0.2)));
  expect(joinedChanges(first, changesBetween(withOpacity(0.5), state))).toEqual([]);
  expect(isOfSameParts(first, changesBetween(at(1), at(2)))).toBe(false);
});

test("any change leads there and back", () => {
  const states = fc.record(
    {
      at: fc.constant("a"),
      places: fc.dictionary(fc.constantFrom("time", "z"), fc.nat(3)),
      channels: fc.array(
        fc.record(
          {
            isVisible: fc.boolean(),
            color: fc.constantFrom("FF0000", "00FF00"),
            opacity: fc.constantFrom(0, 1),
            limits: fc.tuple(fc.nat(3), fc.nat(3)),
          },
          { requiredKeys: ["isVisible", "color", "opacity"] },
        ),
        { maxLength: 3 },
      ),
      view: fc.record({ x: fc.nat(3), y: fc.nat(3), zoom: fc.nat(3) }),
      brush: fc.dictionary(fc.constantFrom("area", "mean"), fc.tuple(fc.nat(3), fc.nat(3))),
      plot: fc.uniqueArray(fc.constantFrom("area", "mean"), { maxLength: 2 }),
      choices: fc.dictionary(fc.constantFrom("cutoff", "map"), fc.constantFrom("1", "2")),
      objects: fc.constantFrom("Cells", "Nuclei"),
    },
    { requiredKeys: ["at", "places", "channels", "choices"] },
  ) as fc.Arbitrary<ViewState>;
  fc.assert(
    fc.property(states, states, states, (a, b, c) => {
      const changes = changesBetween(a, b);
      expect(withChanges(a, changes, "after")).toEqual(b);
      expect(withChanges(b, changes, "before")).toEqual(a);
      expect(changesBetween(b, structuredClone(b))).toEqual([]);
      if (isOfSameParts(changes, changesBetween(b, c)))
        expect(withChanges(c, joinedChanges(changes, changesBetween(b, c)), "before")).toEqual(a);
    }),
  );
});
