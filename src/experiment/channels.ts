/** Changes of channels that are there. */
import { VitrineError } from "../core/index.ts";
import type { Experiment } from "./experiment.ts";

/**
 * Gives a channel another name. Images, layers and statistics stay its own.
 *
 * @throws {VitrineError} missing: no such channel; exists: one of the new name; range: an empty name
 */
export async function renameChannel(experiment: Experiment, from: string, to: string): Promise<void> {
  if (to.trim() === "")
    throw new VitrineError({ code: "range", at: "channel", expected: "a name", found: JSON.stringify(to) });
  await experiment.transaction(async (query) => {
    const channels = await query.selectFrom("channels").select(["id", "name"]).orderBy("id").execute();
    const own = channels.find(({ name }) => name === from);
    if (own === undefined) {
      const expected = `one of ${channels.map(({ name }) => name).join(", ") || "(there are none)"}`;
      throw new VitrineError({ code: "missing", at: "channel", expected, found: JSON.stringify(from) });
    }
    if (channels.some(({ id, name }) => name === to && id !== own.id)) {
      const expected = "a name that no other channel has";
      throw new VitrineError({ code: "exists", at: "channel", expected, found: JSON.stringify(to) });
    }
    await query.updateTable("channels").set({ name: to }).where("id", "=", own.id).execute();
  });
}
