import { useEffect, useRef, useState } from "react";
import { parseState, type ViewState } from "../core/viewState.ts";
import { askJson, type TourFacts } from "../scene/api.ts";

interface TourProps {
  readonly at: string;
  readonly onShow: (state: ViewState) => void;
  readonly onError: (message: string) => void;
}

/** What a tour did, a step a button that leads to its result, with the commands that do the same; nothing where no tour is served. */
export function TourStrip({ at, onShow, onError }: TourProps) {
  const steps = useTour(onError);
  const [isOpen, setOpen] = useState(true);
  if (steps === undefined) return null;
  const current = steps.findIndex((step) => at === step.at || at.startsWith(`${step.at}/`));
  return (
    <section className="tour" aria-label="Tour">
      <div className="tour-steps">
        <ol>
          {steps.map(({ name, title, planted, found, isRight, at: place, view }, i) => (
            <li key={name}>
              <button
                type="button"
                aria-current={i === current ? "step" : undefined}
                onClick={() => {
                  setOpen(true);
                  onShow(parseState(`${new URLSearchParams({ at: place })}${view ? `&${view}` : ""}`));
                }}
              >
                <b>{i + 1}</b> {title}{" "}
                <span title={`planted ${planted}, found ${found}`}>
                  {isRight ? "✓" : "✗"} {found} of {planted}
                </span>
              </button>
            </li>
          ))}
        </ol>
        <button type="button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {isOpen ? "Less" : "More"}
        </button>
      </div>
      {isOpen && <StepText key={current} step={steps[current]} />}
    </section>
  );
}

function StepText({ step }: { readonly step: TourFacts | undefined }) {
  if (step === undefined)
    return (
      <p className="note">
        All of this was simulated, computed and compared with what had been planted just now. Each step leads
        to its result.
      </p>
    );
  const { text, commands } = step;
  return (
    <div className="tour-text">
      <p>{text}</p>
      <details>
        <summary>
          {commands.length === 1
            ? "The command that does this"
            : `The ${commands.length} commands that do this`}
        </summary>
        <ul>
          {commands.map((command) => (
            <Command key={command} command={command} />
          ))}
        </ul>
      </details>
    </div>
  );
}

/** Time for which the button says what it did, ms. */
const SAID_MS = 1500;

function Command({ command }: { readonly command: string }) {
  const code = useRef<HTMLElement>(null);
  const [said, setSaid] = useState<string>();
  useEffect(() => {
    if (said === undefined) return;
    const timer = setTimeout(() => setSaid(undefined), SAID_MS);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = async () => {
    // pages from other machines without TLS have no clipboard
    const isCopied = await navigator.clipboard?.writeText(command).then(
      () => true,
      () => false,
    );
    if (!isCopied && code.current !== null) getSelection()?.selectAllChildren(code.current);
    setSaid(isCopied ? "Copied" : "Selected");
  };
  return (
    <li>
      <code ref={code}>{command}</code>
      <button type="button" onClick={copy} aria-label={`Copy ${command.split(" ").slice(1, 4).join(" ")}`}>
        {said ?? "Copy"}
      </button>
    </li>
  );
}

/** The steps of the tour that is served; undefined until they are known, and where there is none. */
function useTour(onError: (message: string) => void) {
  const [steps, setSteps] = useState<readonly TourFacts[]>();
  const tell = useRef(onError);
  tell.current = onError;
  useEffect(() => {
    const gone = new AbortController();
    askJson<readonly TourFacts[] | null>("tour", {}, gone.signal).then(
      (told) => told !== null && told.length > 0 && setSteps(told),
      (error: Error) => gone.signal.aborted || tell.current(error.message),
    );
    return () => gone.abort();
  }, []);
  return steps;
}
