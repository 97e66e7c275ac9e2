/** Names and paths that were read from a file, or came from a server: they stay in the folder that they are taken in. */
import { isAbsolute, normalize, sep } from "node:path";

/** Windows takes a letter before a colon for a disk, also in a path that is not absolute. */
const hasDisk = (text: string): boolean => sep === "\\" && /^[a-z]:/i.test(text);

/** Whether a path leads to something in its folder, and not out of it. */
export function isInside(path: string): boolean {
  const normal = normalize(`${path}${sep}`);
  const leads = normal !== `.${sep}` && !normal.startsWith(`..${sep}`);
  return leads && path !== "" && !path.includes("\0") && !isAbsolute(path) && !hasDisk(path);
}

/** Whether a text is the name of a single file or folder. */
export const isName = (text: string): boolean => isInside(text) && !text.includes("/") && !text.includes(sep);
