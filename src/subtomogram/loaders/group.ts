import { requireKnownOptions } from "../../core/index.ts";
import type { PipeImage } from "../../pipe/index.ts";
import type { FeatureRow, FeatureValue } from "../molecules/features.ts";
import { Molecules } from "../molecules/molecules.ts";
import type { AlignMultiOptions, AlignOptions } from "./align.ts";
import type { ApplyResult, VolumeFunction } from "./apply.ts";
import type { AverageOptions, AverageParts, AverageSplitOptions } from "./averages.ts";
import type { FscCurves, FscOptions } from "./fsc.ts";
import { LOADER_KEYS } from "./optionKeys.ts";
import type { LoadOptions } from "./subvolumes.ts";
import type { Template } from "./templates.ts";

/** What a group has in common: the value of a feature, or of several. */
export type GroupKey = FeatureValue | readonly FeatureValue[];

/** What a loader does that its groups do too. */
export interface GroupMember<Self> {
  readonly molecules: Molecules;
  head(count?: number): Self;
  tail(count?: number): Self;
  sample(count: number, seed?: number): Self;
  filter(holds: (features: FeatureRow, index: number) => boolean): Self;
  average(options?: AverageOptions): Promise<PipeImage>;
  averageSplit(options?: AverageSplitOptions): Promise<AverageParts>;
  apply(functions: Readonly<Record<string, VolumeFunction>>, options?: LoadOptions): Promise<ApplyResult>;
  fsc(options?: FscOptions): Promise<FscCurves>;
  align(template: Template, options?: AlignOptions): Promise<Self>;
  alignNoTemplate(options?: AlignOptions & Pick<LoadOptions, "outputShape">): Promise<Self>;
  alignMultiTemplates(templates: Template | readonly Template[], options?: AlignMultiOptions): Promise<Self>;
}

/** Results by what the groups have in common. */
export type Grouped<Result> = readonly (readonly [key: GroupKey, result: Result])[];

/** Loaders of groups of molecules; each does what a loader does, with the tilt model of its own. */
export class LoaderGroup<Member extends GroupMember<Member>>
  implements Iterable<readonly [GroupKey, Member]>
{
  readonly groups: Grouped<Member>;

  constructor(groups: Grouped<Member>) {
    this.groups = groups;
  }

  /** Number of groups. */
  get count(): number {
    return this.groups.length;
  }

  /** The molecules of all groups, one group after the other. */
  get molecules(): Molecules {
    return Molecules.concat(this.groups.map(([, loader]) => loader.molecules));
  }

  [Symbol.iterator](): Iterator<readonly [GroupKey, Member]> {
    return this.groups[Symbol.iterator]();
  }

  /** The first of each group (default 10). */
  head(count = 10): LoaderGroup<Member> {
    return this.#each((loader) => loader.head(count));
  }

  /** The last of each group (default 10). */
  tail(count = 10): LoaderGroup<Member> {
    return this.#each((loader) => loader.tail(count));
  }

  /** So many of each group, drawn without putting back. */
  sample(count: number, seed = 0): LoaderGroup<Member> {
    return this.#each((loader) => loader.sample(count, seed));
  }

  /** Of each group those of which it holds. */
  filter(holds: (features: FeatureRow, index: number) => boolean): LoaderGroup<Member> {
    return this.#each((loader) => loader.filter(holds));
  }

  /** The average of each group. */
  async average(options: AverageOptions = {}): Promise<Grouped<PipeImage>> {
    requireKnownOptions("average", options, LOADER_KEYS.average);
    return this.#collect((loader) => loader.average(options));
  }

  /** Averages of parts of each group. */
  async averageSplit(options: AverageSplitOptions = {}): Promise<Grouped<AverageParts>> {
    requireKnownOptions("averageSplit", options, LOADER_KEYS.averageSplit);
    return this.#collect((loader) => loader.averageSplit(options));
  }

  /** Functions of every box of each group. */
  async apply(
    functions: Readonly<Record<string, VolumeFunction>>,
    options: LoadOptions = {},
  ): Promise<Grouped<ApplyResult>> {
    requireKnownOptions("apply", options, LOADER_KEYS.load);
    return this.#collect((loader) => loader.apply(functions, options));
  }

  /** Agreement of halves of each group. */
  async fsc(options: FscOptions = {}): Promise<Grouped<FscCurves>> {
    requireKnownOptions("fsc", options, LOADER_KEYS.fsc);
    return this.#collect((loader) => loader.fsc(options));
  }

  /** Each group aligned to the template, with the missing wedge of its loader (acryo's groups forget it). */
  async align(template: Template, options: AlignOptions = {}): Promise<LoaderGroup<Member>> {
    requireKnownOptions("align", options, LOADER_KEYS.align);
    return this.#eachInTurn((loader) => loader.align(template, options));
  }

  /** Each group aligned to its own average. */
  async alignNoTemplate(
    options: AlignOptions & Pick<LoadOptions, "outputShape"> = {},
  ): Promise<LoaderGroup<Member>> {
    requireKnownOptions("alignNoTemplate", options, LOADER_KEYS.alignNoTemplate);
    return this.#eachInTurn((loader) => loader.alignNoTemplate(options));
  }

  /** Each group aligned to the templates that fit best. */
  async alignMultiTemplates(
    templates: Template | readonly Template[],
    options: AlignMultiOptions = {},
  ): Promise<LoaderGroup<Member>> {
    requireKnownOptions("alignMultiTemplates", options, LOADER_KEYS.alignMultiTemplates);
    return this.#eachInTurn((loader) => loader.alignMultiTemplates(templates, options));
  }

  async #eachInTurn(change: (loader: Member) => Promise<Member>): Promise<LoaderGroup<Member>> {
    return new LoaderGroup(await this.#collect(change));
  }

  #each(change: (loader: Member) => Member): LoaderGroup<Member> {
    return new LoaderGroup(this.groups.map(([key, loader]) => [key, change(loader)]));
  }

  /** One group after the other: each has all the workers. */
  async #collect<Result>(work: (loader: Member) => Promise<Result>): Promise<Grouped<Result>> {
    const results: (readonly [GroupKey, Result])[] = [];
    for (const [key, loader] of this.groups) results.push([key, await work(loader)]);
    return results;
  }
}
