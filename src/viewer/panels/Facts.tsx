import type { ViewState } from "../core/viewState.ts";
import type { Scene } from "../scene/scene.ts";
import { ImagePlate } from "./PlatePanel.tsx";

/** What is looked at, and what its file says of it. */
export function Facts({ scene, onWhole }: { readonly scene: Scene; readonly onWhole: () => void }) {
  const { width, height } = scene.levels[0];
  return (
    <section aria-label="Image">
      <h1>{scene.title}</h1>
      <p className="note">
        {width} × {height} px, {scene.dtype.toLowerCase()}
        {scene.pixel && `, ${Number(scene.pixel.size.toPrecision(4))} ${scene.pixel.unit}/px`}
      </p>
      {scene.warnings.map((warning) => (
        <p key={warning} className="warning">
          {warning}
        </p>
      ))}
      <button type="button" onClick={onWhole} title="Key 0">
        Show all
      </button>
    </section>
  );
}

/** Another image of the file. Labels of a field are no other's, and a part of a well is no part of a field. */
export function withImage(before: ViewState, image: string, { image: facts }: Scene): ViewState {
  if (facts === undefined || facts.plate === null) return { ...before, image };
  const { labels, labelsAt, objectsAt, view, ...rest } = before;
  const isWell = (name: string) => facts.wells.some((well) => well.image === name && well.fields.length > 1);
  const isSameSize = !isWell(facts.shown) && !isWell(image);
  return { ...rest, image, ...(isSameSize && view && { view }) };
}

/** Fields of a plate, or the images and labels of a file that holds several. */
export function ImageChoice({
  scene,
  state,
  onImage,
}: {
  readonly scene: Scene;
  readonly state: ViewState;
  readonly onImage: (image: string) => void;
}) {
  const facts = scene.image;
  if (facts === undefined) return null;
  const image = state.image ?? facts.shown;
  const names = [...(facts.plate === null ? facts.images : [image]), ...facts.labels];
  return (
    <>
      {facts.plate !== null && (
        <ImagePlate plate={facts.plate} wells={facts.wells} image={image} onImage={onImage} />
      )}
      {new Set(names).size > 1 && (
        <label className="row">
          Image
          <select value={image} onChange={(event) => onImage(event.target.value)}>
            {[...new Set(names)].map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
      )}
    </>
  );
}
