import { useCallback, useEffect, useState } from "react";
import { formatState, parseState, type ViewState } from "./viewState.ts";

/** Time in which many changes become one of the address, ms: browsers refuse more than some a second. */
const SETTLE_MS = 200;

/** The state of the page, which its address has; another place is a step that the browser's back button takes back. */
export function useAddressState() {
  const [state, set] = useState(() => parseState(location.hash));
  useEffect(() => {
    const onHash = () => set(parseState(location.hash));
    addEventListener("popstate", onHash);
    return () => removeEventListener("popstate", onHash);
  }, []);
  useEffect(() => {
    const before = parseState(location.hash);
    const address = `#${formatState(state)}`;
    if (before.at !== state.at || before.image !== state.image) {
      history.pushState(null, "", address);
      return;
    }
    const timer = setTimeout(() => history.replaceState(null, "", address), SETTLE_MS);
    return () => clearTimeout(timer);
  }, [state]);
  const change = useCallback((by: (before: ViewState) => ViewState) => set(by), []);
  return [state, change] as const;
}
