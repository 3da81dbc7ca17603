import { NumberField } from "../panels/NumberField.tsx";
import { durationText } from "../panels/text.ts";
import { type FieldFacts, OPTICS, SPACE } from "./fields.ts";
import { boxSizeOf, type SearchSession, type SearchState } from "./session.ts";

interface FormProps {
  readonly session: SearchSession;
  readonly state: SearchState;
}

/** What is searched, for what, with which optics and steps; its start, progress and end. */
export function SearchForm({ session, state }: FormProps) {
  return (
    <>
      <FileSection session={session} state={state} />
      <section aria-label="Microscope">
        <h2>Microscope</h2>
        <Fields facts={OPTICS} {...{ session, state }} />
      </section>
      <section aria-label="Searched">
        <h2>Searched</h2>
        <Fields facts={SPACE} {...{ session, state }} />
        <label className="field">
          <span>Symmetry</span>
          <input
            type="text"
            value={state.fields.symmetry}
            disabled={state.isRunning}
            onChange={({ target }) => session.change({}, { symmetry: target.value })}
          />
        </label>
        {state.template?.atoms !== undefined && (
          <NumberField
            label="Box of the map"
            unit="px"
            min={4}
            value={boxSizeOf(state)}
            isDisabled={state.isRunning}
            onValue={(boxSize) => session.change({ boxSize })}
          />
        )}
        <NumberField
          label="Threads"
          unit=""
          min={1}
          value={state.workers}
          isDisabled={state.isRunning}
          onValue={(workers) => session.change({ workers })}
        />
      </section>
      <RunSection session={session} state={state} />
    </>
  );
}

function FileSection({ session, state }: FormProps) {
  const { micrograph, template, opening } = state;
  return (
    <section aria-label="Files">
      <h1>Search</h1>
      <dl className="dropped">
        <dt>Micrograph</dt>
        <dd>{micrograph ? `${micrograph.name}, ${micrograph.width} × ${micrograph.height}` : "none yet"}</dd>
        <dt>Template</dt>
        <dd>{template ? templateText(template) : "none yet"}</dd>
      </dl>
      <label className="file">
        Choose files…
        <input
          type="file"
          multiple
          disabled={state.isRunning}
          onChange={({ target }) => {
            session.open(Array.from(target.files ?? []));
            target.value = "";
          }}
        />
      </label>
      {opening > 0 && <p role="status">Reading…</p>}
      <p className="note">
        A micrograph (MRC, TIFF), and a map (MRC) or structure (PDB, mmCIF). A Leopard-EM configuration or
        CTFFIND's text fills in the rest. Files stay in this browser.
      </p>
    </section>
  );
}

function templateText({ name, size, atoms }: NonNullable<SearchState["template"]>): string {
  return atoms === undefined ? `${name}, ${size}³` : `${name}, ${atoms.count} atoms`;
}

function Fields({ facts, session, state }: FormProps & { readonly facts: readonly FieldFacts[] }) {
  return facts.map(({ key, label, unit, min }) => (
    <NumberField
      key={key}
      {...{ label, unit, min }}
      value={state.fields[key]}
      isDisabled={state.isRunning}
      onValue={(value) => session.change({}, { [key]: value })}
    />
  ));
}

function RunSection({ session, state }: FormProps) {
  const { isRunning, progress, size, micrograph, template, fields, notes } = state;
  const isReady = micrograph !== undefined && template !== undefined && fields.pixelSizeA > 0;
  return (
    <section aria-label="Run">
      {micrograph !== undefined && !(fields.pixelSizeA > 0) && (
        <p className="warning">The files name no pixel size: fill it in.</p>
      )}
      {!globalThis.crossOriginIsolated && (
        <p className="warning">
          Threads need a page at 127.0.0.1 or over HTTPS, with the headers that vitrine serve sends: this one
          cannot search.
        </p>
      )}
      {size !== undefined && (
        <p className="note">
          {size.correlations.toLocaleString("en")} correlations: {size.orientations.toLocaleString("en")}{" "}
          orientations × {size.defocusValues} defocus; {Math.ceil(size.bytes / 2 ** 20)} MiB
        </p>
      )}
      {notes.map((note) => (
        <p key={note} className="warning">
          {note}
        </p>
      ))}
      <div className="actions">
        {isRunning ? (
          <button type="button" onClick={() => session.stop()}>
            Cancel
          </button>
        ) : (
          <button type="button" className="primary" disabled={!isReady} onClick={() => session.start()}>
            Search
          </button>
        )}
      </div>
      {isRunning && (
        <p className="phase" role="status" aria-label="Progress">
          {progressText(progress)}
          <progress max={progress?.of ?? 1} value={progress?.done ?? 0} aria-label="Searched" />
        </p>
      )}
    </section>
  );
}

function progressText(progress: SearchState["progress"]): string {
  if (progress === undefined) return "Preparing…";
  const { done, of, seconds } = progress;
  const percent = `${((100 * done) / of).toFixed(done < 0.1 * of ? 1 : 0)} %`;
  // the first correlations are slower than all others
  if (done < 0.01 * of || seconds < 1) return percent;
  return `${percent}, ${durationText((seconds * (of - done)) / done)} left`;
}
