import { afterAll, expect, test } from "vitest";
import { vitrineHere } from "../../test/support/command.ts";
import { scratchFolder } from "../../test/support/plateCase.ts";
import { addContent, createExperiment, describeExperiment, renameChannel } from "./index.ts";

const scratch = scratchFolder("channels");
afterAll(scratch.remove);

test("a channel has another name; none that another has, none that is empty, and none that is not there", async () => {
  await using experiment = await createExperiment(`${scratch.path}/screen`);
  await addContent(experiment, {
    channels: ["DAPI", "GFP"].map((name) => ({ name, bitDepth: 12 })),
  });
  const names = async () => (await describeExperiment(experiment)).channels;
  await renameChannel(experiment, "DAPI", "nuclei");
  expect(await names()).toEqual(["nuclei", "GFP"]);
  await renameChannel(experiment, "GFP", "GFP");
  const refused = (from: string, to: string) => renameChannel(experiment, from, to);
  await expect(refused("nuclei", "GFP")).rejects.toMatchObject({ code: "exists" });
  await expect(refused("DAPI", "x")).rejects.toThrow('expected one of nuclei, GFP, found "DAPI"');
  await expect(refused("GFP", " ")).rejects.toMatchObject({ code: "range" });
  expect(await names()).toEqual(["nuclei", "GFP"]);
  const said = await vitrineHere(["experiment", "rename-channel", `${scratch.path}/screen`, "GFP", "cells"]);
  expect(said).toMatchObject({ code: 0, stdout: "GFP is cells now\n" });
  expect(await names()).toEqual(["nuclei", "cells"]);
});
