import { VitrineError } from "../../core/index.ts";
import type { PipeImage } from "../../pipe/index.ts";
import type { FeatureValue } from "../molecules/features.ts";
import { withBackend } from "../withBackend.ts";
import { eachVolume, type LoadOptions, requireShape, type Subvolumes } from "./subvolumes.ts";

/** Something that is measured of a box. */
export type VolumeFunction = (volume: PipeImage, index: number) => FeatureValue | Promise<FeatureValue>;

/** What was measured, a column a function. */
export type ApplyResult = Readonly<Record<string, readonly FeatureValue[]>>;

/** Functions of every box, as columns that `withFeatures` takes. @throws {VitrineError} type: a result that no feature can be */
export async function applyToVolumes(
  set: Subvolumes,
  functions: Readonly<Record<string, VolumeFunction>>,
  { outputShape, ...run }: LoadOptions,
): Promise<ApplyResult> {
  const shape = requireShape(outputShape ?? set.outputShape, "apply");
  const columns = Object.keys(functions).map((name) => ({ name, values: [] as FeatureValue[] }));
  await withBackend(run.backend ?? set.backend, (backend) =>
    eachVolume(set, shape, {
      ...run,
      backend,
      async visit(data, index) {
        for (const { name, values } of columns)
          values.push(checkValue(await functions[name]({ data, shape }, index), name));
      },
    }),
  );
  return Object.fromEntries(columns.map(({ name, values }) => [name, values]));
}

function checkValue(value: unknown, name: string): FeatureValue {
  if (value === null || ["number", "string", "boolean"].includes(typeof value)) return value as FeatureValue;
  const expected = "a number, text, true, false or null";
  throw new VitrineError({ code: "type", at: `apply ${name}`, expected, found: typeof value });
}
