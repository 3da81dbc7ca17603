import { VitrineError } from "../../core/index.ts";
import { parseWithSchema } from "../../io/index.ts";
import { cellPlaces } from "./cells.ts";
import { type DemoMicroscopeOptions, demoMicroscopeOptions } from "./options.ts";

/** A part of the stage, µm. */
export interface StageWindow {
  readonly leftUm: number;
  readonly topUm: number;
  readonly widthUm: number;
  readonly heightUm: number;
}

/**
 * Where the cells of a simulated microscope lie, to compare what was found in its images with what is there.
 *
 * @param options  those of {@link openDemoMicroscope}; its specimen must be cells
 * @param window   edges included left and above
 * @returns        places of the nuclei's middles on the stage, µm
 * @throws {VitrineError} unsupported: another specimen; format, range: options that are none
 */
export function plantedCells(
  { clock: _, specimen, ...options }: DemoMicroscopeOptions,
  { leftUm, topUm, widthUm, heightUm }: StageWindow,
): readonly { readonly xUm: number; readonly yUm: number }[] {
  if (specimen !== undefined && ("render" in specimen || specimen.kind === "planted")) throw noCells();
  const value = specimen === undefined ? options : { ...options, specimen };
  const settings = parseWithSchema(value, demoMicroscopeOptions, "plantedCells(options)");
  const { seed, specimen: cells, focus } = settings;
  const description = { seed, focus, cellsPerMm2: cells.cellsPerMm2, plate: cells.plate };
  const [rightUm, bottomUm] = [leftUm + widthUm, topUm + heightUm];
  return cellPlaces(description, { leftUm, topUm, rightUm, bottomUm });
}

function noCells(): VitrineError {
  const fault = { code: "unsupported", at: "plantedCells options.specimen", expected: "cells" } as const;
  return new VitrineError({
    ...fault,
    found: "another specimen",
    hint: "What is planted otherwise its caller knows",
  });
}
