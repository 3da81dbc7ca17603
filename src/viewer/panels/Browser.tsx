import { useEffect, useState } from "react";
import { placeOfAddress } from "../scene/address.ts";
import { askJson, type Entry, type Listing, PLAN_AT, SEARCH_AT } from "../scene/api.ts";
import { isExport } from "../scene/exported.ts";
import { ExportNote } from "./ExportNote.tsx";

interface BrowserProps {
  /** Address of a folder; empty: what is served. */
  readonly at: string;
  readonly onOpen: (at: string) => void;
  readonly onError: (message: string) => void;
}

const KINDS: Readonly<Record<Entry["kind"], string>> = {
  acquisition: "Live",
  image: "Image",
  experiment: "Experiment",
  job: "Job",
  match: "Search",
  subtomogram: "Molecules",
  likelihood: "Likelihood",
  folder: "Folder",
  file: "File",
};

/** What is served, or what a folder holds. */
export function Browser({ at, onOpen, onError }: BrowserProps) {
  const [listing, setListing] = useState<Listing>();
  // biome-ignore lint/correctness/useExhaustiveDependencies: `onError` is another function at each drawing
  useEffect(() => {
    const gone = new AbortController();
    setListing(undefined);
    readListing(at, gone.signal).then(
      setListing,
      (error: Error) => gone.signal.aborted || onError(error.message),
    );
    return () => gone.abort();
  }, [at]);
  if (listing === undefined) return <p className="message">Looking…</p>;
  const { entries, next } = listing;
  const more = async (from: number) => {
    const part = await askJson<Listing>("browse", { at, from });
    setListing({ ...part, entries: [...entries, ...part.entries] });
  };
  return (
    <section className="browser" aria-label="Files">
      <h1>{at === "" ? "Served" : at.split("/").at(-1)}</h1>
      {entries.length === 0 && <p className="message">This folder is empty. Nothing in it can be shown.</p>}
      <ul>
        {entries.map((entry) => (
          <li key={entry.at}>
            <EntryLink entry={entry} onOpen={onOpen} />
          </li>
        ))}
      </ul>
      {next !== null && (
        <button type="button" onClick={() => more(next).catch((error: Error) => onError(error.message))}>
          More
        </button>
      )}
      {at === "" && <ExportNote />}
      {at === "" && !isExport() && <AddressForm onOpen={onOpen} />}
      {at === "" && (
        <div className="tools">
          <button type="button" onClick={() => onOpen(SEARCH_AT)}>
            Search a micrograph
          </button>
          <span>of your own for a molecule, here in the browser: nothing is uploaded</span>
          <button type="button" onClick={() => onOpen(PLAN_AT)}>
            Plan an acquisition
          </button>
          <span>for vitrine acquire: channels, z, time, positions, tiles</span>
        </div>
      )}
    </section>
  );
}

/** Opens an OME-Zarr at an address of the web. */
function AddressForm({ onOpen }: Pick<BrowserProps, "onOpen">) {
  const [text, setText] = useState("");
  const address = text.trim();
  const isAddress = /^https?:\/\/./i.test(address);
  return (
    <form
      className="address"
      onSubmit={(event) => {
        event.preventDefault();
        if (isAddress) onOpen(placeOfAddress(address));
      }}
    >
      <label>
        OME-Zarr at an address
        <input
          value={text}
          inputMode="url"
          autoComplete="off"
          placeholder="https://…/image.ome.zarr"
          onChange={({ target }) => setText(target.value)}
        />
      </label>
      <button type="submit" disabled={!isAddress}>
        Open
      </button>
    </form>
  );
}

function EntryLink({ entry, onOpen }: { readonly entry: Entry; readonly onOpen: (at: string) => void }) {
  const { name, at, kind, format, bytes } = entry;
  const text = (
    <>
      <b>{name}</b>
      <span>
        {KINDS[kind]}
        {kind === "image" || kind === "file" ? ` · ${format}` : ""}
        {bytes === null ? "" : ` · ${bytesText(bytes)}`}
      </span>
    </>
  );
  // of an export there are no files but those that the page asks for
  if (kind === "file" && isExport()) return <p className="entry">{text}</p>;
  const address = `files/${at.split("/").map(encodeURIComponent).join("/")}`;
  if (kind === "file")
    return (
      <a href={address} download>
        {text}
      </a>
    );
  const open = (
    <button type="button" onClick={() => onOpen(at)}>
      {text}
    </button>
  );
  // what opens as a page is a file all the same
  if (bytes === null || isExport()) return open;
  return (
    <div className="openable">
      {open}
      <a href={address} download aria-label={`Save ${name}`} title={`Save ${name}`}>
        ⤓
      </a>
    </div>
  );
}

/** What is served is a list without a folder. */
async function readListing(at: string, signal: AbortSignal): Promise<Listing> {
  if (at !== "") return askJson<Listing>("browse", { at }, signal);
  const entries = await askJson<readonly Entry[]>("roots", {}, signal);
  const self: Entry = { name: "", at: "", kind: "folder", format: "folder", bytes: null };
  return { self, entries, next: null };
}

/** Bytes with a unit that suits them. */
export function bytesText(bytes: number): string {
  const step = Math.min(4, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  return `${Number((bytes / 1024 ** step).toPrecision(3))} ${["B", "KiB", "MiB", "GiB", "TiB"][step]}`;
}
