import { expect, test } from "vitest";
import { mersenneTwister } from "./mersenneTwister.ts";

test.each([
  // numpy 2.4.6: RandomState(seed).uniform(0, 1, 1000), of which 0, 1 and, past the first renewal, 700
  [0, [0.5488135039273248, 0.7151893663724195, 0.37321595574479416]],
  [20261, [0.25065671003177725, 0.5667004793476272, 0.39974605266951446]],
  [2 ** 32 - 1, [0.0976320289940138, 0.9123828453026218, 0.6863296221322835]],
])("seed %i gives numpy's numbers", (seed, expected) => {
  const uniform = mersenneTwister(seed);
  const drawn = Array.from({ length: 1000 }, uniform);
  expect([drawn[0], drawn[1], drawn[700]]).toEqual(expected);
});
