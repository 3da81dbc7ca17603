import type { ComponentType } from "react";
import type { ResultKind } from "../scene/api.ts";
import { LikelihoodView } from "./likelihood/LikelihoodView.tsx";
import { MatchView } from "./match/MatchView.tsx";
import type { ResultProps } from "./resultProps.ts";
import { SubtomogramView } from "./subtomogram/SubtomogramView.tsx";

/** The module of each kind of result. */
const MODULES: Readonly<Record<ResultKind, ComponentType<ResultProps>>> = {
  match: MatchView,
  subtomogram: SubtomogramView,
  likelihood: LikelihoodView,
};

/** Whether there is a module for what an address is. */
export function isResult(kind: string | undefined): kind is ResultKind {
  return kind !== undefined && Object.hasOwn(MODULES, kind);
}

/** What a program found, by its own module. */
export function ResultView({ kind, ...props }: ResultProps & { readonly kind: ResultKind }) {
  const Module = MODULES[kind];
  return <Module {...props} />;
}
