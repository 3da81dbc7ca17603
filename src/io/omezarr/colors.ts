/** Colours of channels in viewers, by their usual dyes; others in turn. */
const DYES: Readonly<Record<string, string>> = {
  dapi: "0000FF",
  hoechst: "0000FF",
  fitc: "00FF00",
  gfp: "00FF00",
  cy3: "FFFF00",
  tritc: "FF8000",
  rhodamine: "FF8000",
  mcherry: "FF0000",
  cy5: "FF0000",
};
const COLOURS = ["FFFFFF", "00FF00", "FF0000", "0000FF", "FF00FF", "00FFFF", "FFFF00"];

/** A channel's colour as six hexadecimal digits: its dye's, or one in turn. */
export function channelColor(name: string, index: number): string {
  return DYES[name.toLowerCase()] ?? COLOURS[index % COLOURS.length];
}
