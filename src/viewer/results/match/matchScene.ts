/** A micrograph with one of its search's maps as a scene of two channels. */
import { MAP_TILE, mapLevels } from "../../../server/export/shown.ts";
import { askJson, type Spread } from "../../scene/api.ts";
import type { Scene, SceneChannel } from "../../scene/scene.ts";
import { spreadOf } from "../../scene/spread.ts";
import { fetchTile, type TileValues } from "../../scene/tiles.ts";
import { queryOf, type SearchFacts, type SearchPlace } from "./api.ts";

/** Names of maps, as they are shown. */
export const MAP_TITLES: Readonly<Record<string, string>> = {
  scaledMip: "z-score",
  mip: "correlation",
  correlationAverage: "mean of correlations",
  correlationVariance: "deviation of correlations",
  orientationPsi: "ψ",
  orientationTheta: "θ",
  orientationPhi: "φ",
  relativeDefocus: "relative defocus",
};

/** Where the map's channel stands. */
export interface MatchChannels {
  readonly micrograph: number | undefined;
  readonly map: number | undefined;
}

/** Which channels there are: of a search whose files are not all there, fewer. */
export function matchChannels(facts: SearchFacts, map: string): MatchChannels {
  const hasMicrograph = facts.micrograph.at !== null;
  return {
    micrograph: hasMicrograph ? 0 : undefined,
    map: facts.maps.includes(map) ? (hasMicrograph ? 1 : 0) : undefined,
  };
}

/** The scene; undefined where there is nothing to draw. */
export function matchScene(facts: SearchFacts, place: SearchPlace, map: string): Scene | undefined {
  const { shape, optics, micrograph } = facts;
  const at = matchChannels(facts, map);
  if (shape === null || (at.map === undefined && at.micrograph === undefined)) return undefined;
  const levels = mapLevels({ height: shape[0], width: shape[1] });
  const kinds = [at.micrograph === undefined ? [] : ["micrograph"], at.map === undefined ? [] : [map]].flat();
  const tile: Scene["tile"] = ({ channel, level, row, column }, signal) => {
    const kind = kinds[channel];
    const where = { level, row, column, size: MAP_TILE };
    if (kind === "micrograph" && !micrograph.isTiff)
      return fetchTile({ at: micrograph.at ?? "", ...where }, signal).then(asFloats);
    return fetchTile({ ...queryOf(place), map: kind, ...where }, signal, "match/tile");
  };
  return {
    key: `match ${place.at} ${place.search} ${map}`,
    title: micrograph.name,
    dtype: "Float32",
    levels,
    tileSize: MAP_TILE,
    channels: kinds.map((kind) => channelOf(kind, facts)),
    sliders: [],
    pixel: { size: optics.pixelSizeA, unit: "Å" },
    warnings: facts.warnings,
    tile,
    async spread(channel, places, signal) {
      if (kinds[channel] === "micrograph" && !micrograph.isTiff)
        return askJson<Spread>("image/statistics", { at: micrograph.at ?? "" }, signal);
      const level = levels.length - 1;
      const { data } = await tile({ level, row: 0, column: 0, channel, places }, signal);
      const { scores } = facts;
      const known = kinds[channel] === "scaledMip" && scores !== null;
      return { ...spreadOf(data), ...(known && { low: scores.cutoff - 1.5, high: scores.cutoff + 1.5 }) };
    },
  };
}

function channelOf(kind: string, { scores }: SearchFacts): SceneChannel {
  if (kind === "micrograph") return { name: "micrograph", color: "FFFFFF" };
  const name = MAP_TITLES[kind] ?? kind;
  // about the cutoff: noise is dark, particles are bright
  const window = kind === "scaledMip" && scores !== null;
  return {
    name,
    color: "FF8000",
    ...(window && { window: [scores.cutoff - 1.5, scores.cutoff + 1.5] as const }),
  };
}

function asFloats({ data, ...size }: TileValues): TileValues {
  return { ...size, data: data instanceof Float32Array ? data : Float32Array.from(data) };
}
