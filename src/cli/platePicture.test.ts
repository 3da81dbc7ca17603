import { expect, test } from "vitest";
import { picturePaths } from "./platePicture.ts";

test("each plate has a file of its own, whatever its name", () => {
  expect(picturePaths("out/p.png", ["P"])).toEqual(["out/p.png"]);
  const paths = picturePaths("out/p.PNG", ["Plate één", "Plate èèn", "a b", "a/b", "A_B", "板 1"]);
  expect(paths).toEqual([
    "out/p-Plate_één.png",
    "out/p-Plate_èèn.png",
    "out/p-a_b.png",
    "out/p-a_b-2.png",
    "out/p-A_B-3.png",
    "out/p-板_1.png",
  ]);
});
