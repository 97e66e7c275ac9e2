/** Text of any origin, such as names of files and folders, without what a terminal would obey, XML forbids or readers cannot see. */

/**
 * Control characters (of both sets, C0 and C1), those that turn the direction of writing or end lines, halves of surrogate pairs, and
 * what Unicode never assigns and XML 1.0 forbids; line feeds and tabs are not among them.
 */
const unprintable = /(?![\n\t])[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069\ufffe\uffff]/gu;

/** With a `?` in place of each such character, which keeps the width. */
export const printable = (text: string): string => text.replace(unprintable, "?");

/** With each such character as `\u001b`, as JSON has it: what is JSON stays the same JSON. */
export const escapedForTerminal = (text: string): string =>
  text.replace(unprintable, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
