import { useEffect, useState } from "react";
import { exportFacts, isExport } from "../scene/exported.ts";

/** What an exported page cannot show; nothing where a server stands behind the page. */
export function ExportNote() {
  const [leftOut, setLeftOut] = useState<readonly string[]>([]);
  useEffect(() => {
    if (!isExport()) return;
    let isGone = false;
    exportFacts().then(
      (facts) => isGone || setLeftOut(facts.leftOut),
      () => {}, // whatever else the page asks for says it
    );
    return () => {
      isGone = true;
    };
  }, []);
  if (leftOut.length === 0) return null;
  return (
    <details className="note">
      <summary>A copy without a server: what it leaves out</summary>
      <ul className="plain">
        {leftOut.map((what) => (
          <li key={what}>{what}</li>
        ))}
      </ul>
    </details>
  );
}
