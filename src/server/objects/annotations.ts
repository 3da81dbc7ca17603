/** Annotations of an image: a GeoJSON file beside it in QuPath's form. */
import {
  createMapobjectType,
  type Experiment,
  importGeojson,
  listMapobjectTypes,
  mapobjectFileBytes,
} from "../../experiment/index.ts";
import type { Sidecar } from "./sidecar.ts";

/** The one type of objects that are drawn over an image: classes tell them apart. */
export const ANNOTATIONS = "Annotations";

interface LoadOptions {
  readonly isThere: boolean;
  readonly onLog: (message: string) => void;
}

/**
 * Reads the file, where there is one.
 *
 * @returns  what of it would be lost if it were written anew; undefined: nothing
 * @throws {VitrineError} format: no GeoJSON, or a broken outline
 */
export async function loadAnnotations(
  experiment: Experiment,
  { path, name }: Sidecar,
  { isThere, onLog }: LoadOptions,
): Promise<string | undefined> {
  await createMapobjectType(experiment, ANNOTATIONS);
  if (!isThere) return undefined;
  const lost: string[] = [];
  await importGeojson(
    experiment,
    { path, type: ANNOTATIONS },
    {
      onLog(message) {
        if (/left out|became an object/.test(message)) lost.push(message);
        else onLog(`${name}: ${message}`);
      },
    },
  );
  return lost.length === 0 ? undefined : lost.join("; ");
}

/** Writes the file anew. @throws {VitrineError} busy, storage */
export async function saveAnnotations(
  experiment: Experiment,
  sidecar: Sidecar,
  known: string | undefined,
): Promise<string | undefined> {
  const isMade = (await listMapobjectTypes(experiment)).some(({ name }) => name === ANNOTATIONS);
  const none = new TextEncoder().encode('{"type":"FeatureCollection","features":[]}\n');
  const bytes = isMade ? mapobjectFileBytes(experiment, { type: ANNOTATIONS, format: "geojson" }) : none;
  return sidecar.write(bytes, known);
}
