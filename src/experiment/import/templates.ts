/** Names of files as microscopes write them. */

/** How a microscope names its files. */
export interface NameTemplate {
  /** For a person. */
  readonly microscope: string;
  /** Matches the end of a path from a `/` on; groups are parts of names as patterns have them, with `month day time`, `sub`, `index`. */
  readonly regex: RegExp;
}

/**
 * `<t4>`: four figures, `<t>`: any number of them, `<W>`: row and column, `<ch*>`: any text, `<E>`: a TIFF file's end.
 *
 * In this order: of two that match as many files the first is right, since the last match nearly all names.
 */
const TEMPLATES: readonly (readonly [microscope: string, template: string])[] = [
  ["Opera Phenix or Operetta", "r<row>c<col>f<site>p<z>-ch<channel>sk<t>fk\\d+fl\\d+<E>"],
  [
    "CellVoyager",
    "<plate*>_<W>(?:\\.(?<sub>[a-d][1-4]))?_T<t4>F<site>L<l2>A<a2>Z<z>C<channel2>\\.(?:tif|png|jpg)$",
  ],
  ["CQ1", "W<well4>F<site4>T<t4>Z<z3>C<channel><E>"],
  [
    "InCell",
    "(?:<plate*>_)?(?<row>[A-Z]{1,2}) - <col>\\(fld <site> wv <channel*>(?: z <z>)?(?: -)?(?: time <t> - <ms> ms)?\\)<E>",
  ],
  ["IN Carta", "(?:t<t>_)?<W>_s<site>_w<channel>_z<z><E>"],
  ["Micro-Manager 1.4", "img_<t9>_<channel*>_<z><E>"],
  ["Micro-Manager 2", "img(?:_channel<channel3>)?(?:_position<site3>)?(?:_time<t9>)?(?:_z<z3>)?<E>"],
  ["BD Pathway", "Well <W>/<channel*> - n<index6><E>"],
  ["ScanR", "<W>--W<wellno5>--P<site5>--Z<z5>--T<t5>--<channel*><E>"],
  ["NIS-Elements", "Well<W>_Point[A-Z]+\\d+_<site>_Channel<channel*>_Seq\\d+\\.(?:ome\\.)?tiff?$"],
  ["Incucyte (raw)", "<month4>/<day2>/<time4>/<plate>/<W>-<site>-(?<channel>C\\d|Ph)<E>"],
  ["Incucyte", "<plate*>_<W>_<site>_(?<time>\\d\\dd\\d\\dh\\d\\dm)<E>"],
  ["ZEN", "<plate*>_(?:s<scene>)?(?:t<t>)?(?:z<z>)?(?:c<channel>)?(?:m<site>)?_ORG<E>"],
  ["Cytation", "<W>_<step2>_SP<site>(?:Z<z>)?_C\\d+_<channel*>_T<t3><E>"],
  ["Cellomics", "<plate*>_<W>f<site>d<channel>\\.tif$"],
  [
    "ImageXpress",
    "(?:<plate*>_)?<W>(?:_s<site>)?(?:_w(?<channel>\\d))?(?<guid>[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12})?<E>",
  ],
  ["AxioVision", "<plate*>_p<site>(?<channel>[A-Za-z0-9]+)<E>"],
  [
    "VisiView or MetaMorph",
    "<plate*>(?:_(?<row>[A-P])<col2>)?(?:_w<wave>(?<channel>[^_]*?))?(?:_s<site>)?(?:_t<t>)?\\.(?:stk|tiff?)$",
  ],
];

/** Of all microscopes that file names tell. */
export const NAME_TEMPLATES: readonly NameTemplate[] = TEMPLATES.map(([microscope, template]) => ({
  microscope,
  regex: new RegExp(`(?:^|/)${sourceOf(template)}`),
}));

function sourceOf(template: string): string {
  return template
    .replaceAll("<E>", "\\.tiff?$")
    .replaceAll("<W>", "(?<row>[A-Z]{1,2})(?<col>\\d{1,3})")
    .replace("<plate>/", "(?<plate>[^/]+)/")
    .replace(/(?<!\?)<([a-z]+)(\d?)(\*?)>/g, (_, name: string, figures: string, any: string) =>
      any === "" ? `(?<${name}>\\d${figures === "" ? "+" : `{${figures}}`})` : `(?<${name}>[^/]+?)`,
    );
}

/** Case matters in names (`_s12` is no well), but not at their end, where `.ome` says nothing of the image. */
export function withLowerEnd(path: string): string {
  const dot = path.lastIndexOf(".");
  return dot < 0 ? path : path.slice(0, dot).replace(/\.ome$/i, "") + path.slice(dot).toLowerCase();
}
