import { useState } from "react";
import { type Part, pictureOf } from "../core/picture.ts";
import { saveBlob } from "../core/save.ts";
import type { ViewState } from "../core/viewState.ts";
import { ask, type Box, type ExperimentFacts } from "../scene/api.ts";
import { isExport } from "../scene/exported.ts";
import { isInBox, type Scene } from "../scene/scene.ts";

interface SitePanelProps {
  readonly scene: Scene;
  readonly facts: ExperimentFacts;
  readonly state: ViewState;
  /** Middle of the stage. */
  readonly at: { readonly x: number; readonly y: number };
  readonly onError: (message: string) => void;
}

/** The site in the middle of the stage as files: a picture as it is shown, and its pixels as they are stored. */
export function SitePanel({ scene, facts, state, at, onError }: SitePanelProps) {
  const { sites, wells } = facts.parts;
  const site = sites.find(({ box }) => box !== null && isInBox(box, at));
  const well = wells.find(({ id }) => id === site?.wellId);
  if (site?.box == null || well === undefined) return null;
  const name = `${facts.name}-${well.name}-${site.siteIndex}`;
  const savePicture = async (box: Box) => saveBlob(await pictureOf(scene, partOf(box), state), `${name}.png`);
  return (
    <section aria-label="Save this site">
      <h2>
        Site {site.siteIndex} of {well.name}
      </h2>
      <div className="actions">
        <button type="button" onClick={() => void savePicture(site.box!).catch(told(onError))}>
          Save as shown (PNG)
        </button>
      </div>
      {!isExport() && <Pixels {...{ facts, state, name, onError }} site={site.id} />}
    </section>
  );
}

interface PixelsProps extends Pick<SitePanelProps, "facts" | "state" | "onError"> {
  readonly site: number;
  /** Begins the names of files. */
  readonly name: string;
}

/** One channel's pixels, at the time point and z plane that are shown. */
function Pixels({ facts, state, site, name, onError }: PixelsProps) {
  const channels = [...new Set(facts.layers.map(({ channel }) => channel))];
  const [chosen, setChannel] = useState<string>();
  const [model, setModel] = useState("");
  const [isAligned, setAligned] = useState(false);
  const [isSaving, setSaving] = useState(false);
  const channel =
    chosen ??
    channels[
      Math.max(
        0,
        state.channels.findIndex(({ isVisible }) => isVisible),
      )
    ];
  const models = facts.siteImages.corrections[channel] ?? [];
  const correct = models.find((one) => one === model);
  const align = facts.siteImages.isAligned && isAligned;
  const save = async () => {
    const { time: timepoint = 0, z: zplane = 0 } = state.places;
    const which = { at: state.at, site, channel, timepoint, zplane, correct };
    setSaving(true);
    try {
      const file = await ask("experiment/site", { ...which, align: align ? "true" : undefined });
      const parts = [name, channel, `t${timepoint}`, `z${zplane}`, correct, align ? "aligned" : undefined];
      saveBlob(await file.blob(), `${parts.filter((part) => part !== undefined).join("-")}.tif`);
    } finally {
      setSaving(false);
    }
  };
  return (
    <>
      <label className="row">
        Pixels of
        <select value={channel} onChange={(event) => setChannel(event.target.value)}>
          {channels.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
      </label>
      {models.length > 0 && (
        <label className="row">
          Illumination
          <select value={correct ?? ""} onChange={(event) => setModel(event.target.value)}>
            <option value="">as stored</option>
            {models.map((one) => (
              <option key={one} value={one}>
                corrected ({one})
              </option>
            ))}
          </select>
        </label>
      )}
      {facts.siteImages.isAligned && (
        <label>
          <input type="checkbox" checked={isAligned} onChange={(event) => setAligned(event.target.checked)} />{" "}
          what all cycles show
        </label>
      )}
      <div className="actions">
        <button type="button" disabled={isSaving} onClick={() => void save().catch(told(onError))}>
          {isSaving ? "Saving…" : "Save pixels (TIFF)"}
        </button>
      </div>
    </>
  );
}

/** Outlines of sites run one pixel within at the top and on the left, two at the bottom and on the right. */
function partOf({ minY, minX, maxY, maxX }: Box): Part {
  return { y: minY - 1, x: minX - 1, height: maxY - minY + 3, width: maxX - minX + 3 };
}

function told(onError: (message: string) => void): (error: Error) => void {
  return (error) => onError(error.message);
}
