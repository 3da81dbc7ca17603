/** Names of the objects of an image, as the server reads them. */
export { formatObjectsAt, parseObjectsAt } from "../../server/objects/names.ts";
