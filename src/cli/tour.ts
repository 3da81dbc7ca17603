import type { Command } from "commander";

/** Adds `vitrine tour`. */
export function addTour(program: Command): void {
  program.command("tour").description("placeholder");
}
