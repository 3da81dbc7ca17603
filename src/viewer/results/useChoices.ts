import { useCallback } from "react";
import type { ViewState } from "../core/viewState.ts";
import type { SetState } from "./resultProps.ts";

/** What the address keeps for the module of a result: texts and numbers by name. */
export interface Choices {
  text(name: string): string | undefined;
  /** Undefined: none, or no number. */
  number(name: string): number | undefined;
  /** Undefined takes a choice away. */
  choose(changes: Readonly<Record<string, string | number | undefined>>): void;
}

/** The choices of the state. */
export function useChoices({ choices }: Pick<ViewState, "choices">, setState: SetState): Choices {
  const choose = useCallback<Choices["choose"]>(
    (changes) =>
      setState((before) => {
        const all = { ...before.choices, ...changes };
        const given = Object.entries(all).filter(([, value]) => value !== undefined);
        return {
          ...before,
          choices: Object.fromEntries(given.map(([name, value]) => [name, String(value)])),
        };
      }),
    [setState],
  );
  const text = (name: string) => (Object.hasOwn(choices, name) ? choices[name] : undefined);
  const number = (name: string) => {
    const value = Number(text(name) ?? Number.NaN);
    return Number.isFinite(value) ? value : undefined;
  };
  return { text, number, choose };
}
