/** Names in a message: the first of them, and how many more there are. */
import { printableLine } from "./printable.ts";

/** Names that a message lists. */
const most = 20;

/** `a, b, c`, or `a, b, c and 1480 more` where there are many; on one line, whatever the names are. */
export const nameList = (names: readonly string[]): string =>
  `${names.slice(0, most).map(printableLine).join(", ")}${names.length > most ? ` and ${names.length - most} more` : ""}`;
