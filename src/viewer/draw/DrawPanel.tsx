import type { Tool } from "./shapes.ts";

/** What is said of shapes that are drawn. */
export interface DrawnTraits {
  readonly type: string;
  readonly name: string;
  readonly className: string;
  /** Width of lines, pixels of full resolution. */
  readonly lineWidthPx: number;
}

/** At first. */
export const FIRST_TRAITS: DrawnTraits = { type: "Annotations", name: "", className: "", lineWidthPx: 4 };

interface DrawProps {
  readonly tool: Tool;
  readonly onTool: (tool: Tool) => void;
  readonly traits: DrawnTraits;
  readonly onTraits: (traits: DrawnTraits) => void;
  /** Types that are there; undefined: drawn shapes are of one type that nobody chooses. */
  readonly types: readonly string[] | undefined;
  /** Whether anything can be drawn. */
  readonly canDraw: boolean;
  /** Whether one object is chosen, whose outline can be changed. */
  readonly canEdit: boolean;
}

const TOOLS: readonly { readonly tool: Tool; readonly text: string; readonly title: string }[] = [
  { tool: "move", text: "Move", title: "Move the image; a click chooses an object" },
  { tool: "lasso", text: "Lasso", title: "Select objects within a free line; with Shift more" },
  { tool: "box", text: "Box", title: "Select objects within a box; with Shift more" },
  { tool: "polygon", text: "Polygon", title: "Draw a polygon" },
  { tool: "rectangle", text: "Rectangle", title: "Draw a rectangle" },
  { tool: "ellipse", text: "Ellipse", title: "Draw an ellipse; it is kept as a polygon" },
  { tool: "line", text: "Line", title: "Draw a line; it is kept as an area of its width" },
  { tool: "point", text: "Point", title: "Draw points" },
  { tool: "edit", text: "Corners", title: "Move, add and remove corners of the chosen object" },
];

/** How many of them select. */
const SELECTING = 3;

/** Tools of the pointer, and what drawn shapes are called. */
export function DrawPanel({ tool, onTool, traits, onTraits, types, canDraw, canEdit }: DrawProps) {
  const tools = canDraw ? TOOLS : TOOLS.slice(0, SELECTING);
  const isDrawing =
    tool === "polygon" || tool === "rectangle" || tool === "ellipse" || tool === "line" || tool === "point";
  return (
    <section aria-label="Select and draw">
      <h2>{canDraw ? "Select and draw" : "Select"}</h2>
      <div className="draw-tools" role="toolbar" aria-label="Tools">
        {tools.map(({ tool: each, text, title }) => (
          <button
            type="button"
            key={each}
            title={title}
            aria-pressed={tool === each}
            disabled={each === "edit" && !canEdit}
            onClick={() => onTool(each)}
          >
            {text}
          </button>
        ))}
      </div>
      {isDrawing && (
        <>
          {types !== undefined && (
            <TextRow
              label="Kept as type"
              value={traits.type}
              list={types}
              onValue={(type) => onTraits({ ...traits, type })}
            />
          )}
          <TextRow label="Name" value={traits.name} onValue={(name) => onTraits({ ...traits, name })} />
          <TextRow
            label="Class of it"
            value={traits.className}
            onValue={(className) => onTraits({ ...traits, className })}
          />
          {tool === "line" && (
            <label className="row">
              Width, px
              <input
                type="number"
                min={1}
                value={traits.lineWidthPx}
                onChange={({ target }) =>
                  onTraits({ ...traits, lineWidthPx: Math.max(1, target.valueAsNumber || 1) })
                }
              />
            </label>
          )}
        </>
      )}
    </section>
  );
}

interface TextRowProps {
  readonly label: string;
  readonly value: string;
  readonly list?: readonly string[];
  readonly onValue: (value: string) => void;
}

function TextRow({ label, value, list, onValue }: TextRowProps) {
  const id = `list of ${label}`.replaceAll(" ", "-");
  return (
    <label className="row">
      {label}
      <input
        value={value}
        maxLength={200}
        autoComplete="off"
        {...(list && { list: id })}
        onChange={({ target }) => onValue(target.value)}
      />
      {list && (
        <datalist id={id}>
          {list.map((each) => (
            <option key={each}>{each}</option>
          ))}
        </datalist>
      )}
    </label>
  );
}
