/** Names in a message: the first of them, and how many more there are. */

/** Names that a message lists. */
const most = 20;

/** `a, b, c`, or `a, b, c and 1480 more` where there are many. */
export const nameList = (names: readonly string[]): string =>
  `${names.slice(0, most).join(", ")}${names.length > most ? ` and ${names.length - most} more` : ""}`;
