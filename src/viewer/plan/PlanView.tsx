import { useState } from "react";
import { NumberField } from "../panels/NumberField.tsx";
import { PlanMap } from "./PlanMap.tsx";
import { PlanPanel } from "./PlanPanel.tsx";
import type { MapHand } from "./planForm.ts";
import { usePlanForm } from "./usePlanForm.ts";
import { usePlanned } from "./usePlanned.ts";

/** What a camera of 2048 pixels sees through 20 x: to be changed where it is another one. */
const FIELD_UM = 665;

/** Builds a plan where no microscope is: for `vitrine acquire`. */
export function PlanView({ onError }: { readonly onError: (message: string) => void }) {
  const [form, onForm] = usePlanForm();
  const [[width, height], setField] = useState<readonly [number, number]>([FIELD_UM, FIELD_UM]);
  const [hand, setHand] = useState<MapHand>();
  const isField = width > 0 && height > 0;
  const fieldUm = isField ? ([width, height] as const) : null;
  const planned = usePlanned(form, fieldUm);
  return (
    <div className="scene">
      <PlanMap
        {...{ form, planned, hand }}
        fieldUm={fieldUm ?? [1, 1]}
        onPosition={([xUm, yUm]) =>
          onForm({ positions: [...form.positions, { name: "", xUm, yUm, zUm: Number.NaN }] })
        }
        onRegion={(region) => {
          onForm({ grid: { ...form.grid, isOn: true, region } });
          setHand(undefined);
        }}
      />
      <aside aria-label="Controls">
        <section aria-label="Camera">
          <h1>Plan an acquisition</h1>
          <p className="note">
            For <code>vitrine acquire plan.json</code>, or any program that reads useq sequences. On the page
            of an acquisition (<code>--view</code>) plans run at once.
          </p>
          <NumberField
            label="Field of the camera, x"
            unit="µm"
            value={width}
            onValue={(value) => setField([value, height])}
          />
          <NumberField
            label="Field of the camera, y"
            unit="µm"
            value={height}
            onValue={(value) => setField([width, value])}
          />
        </section>
        <PlanPanel {...{ form, onForm, planned, hand, onError }} onHand={setHand} />
      </aside>
    </div>
  );
}
