import { expect, test } from "vitest";
import { abortError, raceAbort, requireNotAborted } from "./index.ts";

test("an abort is one kind of error, with its reason as cause", () => {
  const reason = new Error("enough");
  requireNotAborted(undefined, "search");
  requireNotAborted(new AbortController().signal, "search");
  const check = () => requireNotAborted(AbortSignal.abort(reason), "search");
  expect(check).toThrow("search: expected to finish, found an abort.");
  expect(check).toThrow(expect.objectContaining({ code: "aborted", cause: reason }));
});

test("a race gives what comes first, and no failure of the other one is left over", async () => {
  const stop = new AbortController();
  expect(await raceAbort(Promise.resolve(1), undefined, () => 2)).toBe(1);
  expect(await raceAbort(Promise.resolve(1), stop.signal, () => 2)).toBe(1);
  await expect(raceAbort(Promise.reject(new Error("no")), stop.signal, () => 2)).rejects.toThrow("no");
  const failing = new Promise((_, reject) => setTimeout(() => reject(new Error("late")), 5));
  const raced = raceAbort(failing, stop.signal, (reason) => `stopped by ${reason}`);
  stop.abort("a person");
  expect(await raced).toBe("stopped by a person");
  await expect(failing).rejects.toThrow("late");
  const refused = raceAbort(new Promise(() => {}), stop.signal, (reason) => {
    throw abortError("wait", reason);
  });
  await expect(refused).rejects.toMatchObject({ code: "aborted", cause: "a person" });
});
