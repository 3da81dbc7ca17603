import type { ObjectSource } from "./useObjectSource.ts";

/** Where what is done to objects of an image is kept, or why it is not. */
export function FileNote({ source: { facts, isOfLabels } }: { readonly source: ObjectSource }) {
  if (facts === undefined) return null;
  const { file, locked, notKept, warnings, types } = facts;
  const count = types.reduce((sum, { objects }) => sum + objects, 0);
  if (locked !== null)
    return (
      <p className="warning">
        {file} is shown and cannot be changed here, since writing it anew would lose this: {locked}.
      </p>
    );
  return (
    <>
      {!isOfLabels &&
        warnings.map((warning) => (
          <p key={warning} className="warning">
            {warning}
          </p>
        ))}
      {notKept !== null ? (
        <p className="warning">
          {isOfLabels ? "Classes" : "What is drawn"} cannot be written to {file} ({notKept}): it lasts until
          the server ends. Save it before.
        </p>
      ) : (
        (count > 0 || !isOfLabels) && (
          <p className="note">
            {isOfLabels ? "Classes are" : "What is drawn is"} kept in {file}, beside the image.
          </p>
        )
      )}
    </>
  );
}
