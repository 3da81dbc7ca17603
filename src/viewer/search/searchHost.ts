/** The worker's side of a search: keeps what was dropped, and does what the page asks. */
import { poolSizes } from "../../compute/index.ts";
import { type Image, VitrineError } from "../../core/index.ts";
import {
  type MatchTemplateYaml,
  searchSize,
  searchValues,
  toMatchSettings,
  warnOfImplausible,
} from "../../match/index.ts";
import { diameterOf, readDropped } from "./dropped.ts";
import { PageSearch, type SearchPlan } from "./pageSearch.ts";
import type { FromSearch, SearchRequest, ToSearch } from "./protocol.ts";
import { configOf, fieldsOf } from "./searchConfig.ts";
import { zipBlob } from "./zip.ts";

type Tell = (message: FromSearch, moved?: readonly Transferable[]) => void;
type Named<T> = { readonly name: string; readonly content: T };

/** Time between two words of how far a search is, s. */
const PROGRESS_S = 0.25;

/** Takes the page's messages. */
export class SearchHost {
  readonly #tell: Tell;
  #micrograph: Named<Image> | undefined;
  #template: Named<SearchPlan["template"]> | undefined;
  #base: MatchTemplateYaml | undefined;
  #search: PageSearch | undefined;
  #falsePositives = 1;
  #running: AbortController | undefined;

  constructor(tell: Tell) {
    this.#tell = tell;
  }

  /** Does what a message asks; what fails is told. */
  async take(message: ToSearch): Promise<void> {
    try {
      await this.#do(message);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      this.#tell({ kind: "failed", message: text, isFile: message.kind === "open" });
    }
  }

  async #do(message: ToSearch): Promise<void> {
    switch (message.kind) {
      case "open":
        return this.#open(message.file);
      case "size":
        return this.#size(message.request);
      case "start":
        return this.#start(message.request);
      case "stop":
        return this.#running?.abort();
      case "choose":
        this.#falsePositives = message.falsePositives;
        return this.#tellFound(this.#ran());
      case "save":
        return this.#save(message.what);
    }
  }

  async #open(file: File): Promise<void> {
    const { name } = file;
    const dropped = await readDropped(file);
    if ("notes" in dropped) for (const message of dropped.notes) this.#tell({ kind: "warning", message });
    switch (dropped.kind) {
      case "micrograph": {
        const { data, shape, pixelSizeA } = dropped.image;
        this.#micrograph = { name, content: dropped.image };
        const values = Float32Array.from(data);
        const micrograph = { name, height: shape[0], width: shape[1], pixelSizeA, values };
        return this.#tell({ kind: "micrograph", micrograph }, [values.buffer]);
      }
      case "map": {
        this.#template = { name, content: dropped };
        const { shape, voxelSizeA } = dropped.volume;
        return this.#tell({ kind: "template", template: { name, size: shape[0], pixelSizeA: voxelSizeA } });
      }
      case "atoms": {
        this.#template = { name, content: dropped };
        const atoms = { count: dropped.atoms.length, diameterA: diameterOf(dropped.atoms) };
        return this.#tell({ kind: "template", template: { name, atoms } });
      }
      case "config":
        this.#base = dropped.config;
        return this.#tell({ kind: "fields", name, fields: fieldsOf(dropped.config) });
      case "ctf":
        return this.#tell({ kind: "fields", name, fields: dropped.fields });
    }
  }

  /** What the form asks for. @throws {VitrineError} missing: a file; and as the parser of configurations */
  #plan({ fields, boxSize }: SearchRequest): SearchPlan {
    if (this.#micrograph === undefined) throw notDropped("a micrograph");
    if (this.#template === undefined) throw notDropped("a map or a structure");
    const { name, content: template } = this.#template;
    const isMap = template.kind === "map";
    const names = {
      micrograph: this.#micrograph.name,
      template: isMap ? name : `${name.replace(/\.(pdb|ent|cif|mmcif)(\.gz)?$/i, "")}_map.mrc`,
    };
    const config = configOf(fields, names, this.#base);
    const settings = toMatchSettings(config, "the form");
    if (settings.optics.mtfFile !== undefined) throw noMtf(settings.optics.mtfFile.path);
    const size = isMap ? template.volume.shape[0] : boxSize;
    return { micrograph: this.#micrograph.content, template, config, settings, size };
  }

  #size(request: SearchRequest): void {
    const { micrograph, settings, size } = this.#plan(request);
    const what = { shape: micrograph.shape, template: size, settings };
    this.#tell({ kind: "size", size: searchSize(what, poolSizes(request.workers)) });
  }

  async #start(request: SearchRequest): Promise<void> {
    if (this.#running !== undefined) return;
    const running = new AbortController();
    this.#running = running;
    this.#falsePositives = request.falsePositives;
    try {
      await this.#search?.[Symbol.asyncDispose]();
      this.#search = undefined;
      const plan = this.#plan(request);
      this.#warn(plan);
      const begun = performance.now();
      const seconds = () => (performance.now() - begun) / 1000;
      let told = Number.NEGATIVE_INFINITY;
      const search = await PageSearch.run(plan, {
        workers: request.workers,
        signal: running.signal,
        onProgress: (done, of) => {
          // the page draws itself anew for each
          if (seconds() - told < PROGRESS_S) return;
          told = seconds();
          this.#tell({ kind: "progress", progress: { done, of, seconds: told } });
        },
      });
      this.#search = search;
      const values = search.scores();
      const { size, templateSize } = search.search;
      const scores = { values, seconds: seconds(), correlations: size.correlations, templateSize };
      this.#tell({ kind: "scores", scores }, [values.buffer]);
      await this.#tellFound(search);
    } catch (error) {
      if (!running.signal.aborted) throw error;
      this.#tell({ kind: "stopped" });
    } finally {
      this.#running = undefined;
    }
  }

  async #tellFound(search: PageSearch): Promise<void> {
    this.#tell({ kind: "found", found: await search.found(this.#falsePositives) });
  }

  #save(what: "all" | "particles"): void {
    const search = this.#ran();
    const stem = this.#micrograph!.name.replace(/\.\w+(\.gz)?$/, "");
    const [name, blob] =
      what === "all"
        ? [`${stem}_search.zip`, zipBlob(search.files(this.#falsePositives))]
        : ["particles.csv", search.particles(this.#falsePositives)];
    this.#tell({ kind: "saved", name, blob });
  }

  #warn({ settings, template }: SearchPlan): void {
    const warn = (message: string) => this.#tell({ kind: "warning", message });
    warnOfImplausible(searchValues(settings, "the form"), warn);
    for (const field of settings.ignored) warn(`${field} has no effect`);
    const { pixelSizeA } = settings.optics;
    const own = template.kind === "map" ? template.volume.voxelSizeA : 0;
    // headers round their cells
    if (own > 0 && Math.abs(own - pixelSizeA) > 0.01 * pixelSizeA)
      warn(`${settings.templatePath} says ${own} Å a voxel, the form ${pixelSizeA} Å, which is used`);
  }

  #ran(): PageSearch {
    if (this.#search !== undefined) return this.#search;
    const fault = { code: "missing", at: "search", expected: "one that has run", found: "none" } as const;
    throw new VitrineError({ ...fault, hint: "Search first" });
  }
}

function notDropped(expected: string): VitrineError {
  const hint = "Drop it on the page";
  return new VitrineError({ code: "missing", at: "search", expected, found: "none", hint });
}

function noMtf(path: string): VitrineError {
  const hint = "Put its values into the configuration: mtf_values and mtf_pixel_size";
  const fault = { code: "unsupported", at: "optics_group.mtf_reference" } as const;
  return new VitrineError({ ...fault, expected: "values in the configuration", found: path, hint });
}
