/** Text of any origin, such as names of files and folders, without what a terminal would obey, XML forbids or readers cannot see. */

/**
 * Control characters (of both sets, C0 and C1), those that turn the direction of writing or end lines, halves of surrogate pairs, what
 * Unicode keeps from ever being a character, and what nobody sees, such as tags and spaces without width. What scripts and emoji need
 * stays although it is not seen: joiners, variation selectors and the grapheme joiner. Line feeds and tabs are not among them.
 */
const unprintable =
  /(?!\u034f|[\n\t\p{Join_Control}\p{Variation_Selector}])[\p{Cc}\p{Cs}\p{Bidi_Control}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}\u2028\u2029\ufff9-\ufffb]/gu;

/** With another text in place of each such character. */
export const replaceUnprintable = (text: string, replacement: (character: string) => string): string =>
  text.replace(unprintable, replacement);

/** With a `?` in place of each such character, which keeps the width. */
export const printable = (text: string): string => replaceUnprintable(text, () => "?");

/** {@link printable} on one line: a line feed or tab, which would begin another line or column, becomes a `?` too. */
export const printableLine = (text: string): string => printable(text).replace(/[\n\t]/g, "?");

const unit = (text: string, at: number): string => `\\u${text.charCodeAt(at).toString(16).padStart(4, "0")}`;

/** With each such character as `\u001b`, as JSON has it: what is JSON stays the same JSON. */
export const escapedForTerminal = (text: string): string =>
  replaceUnprintable(text, (character) =>
    Array.from({ length: character.length }, (_, at) => unit(character, at)).join(""),
  );

/** {@link escapedForTerminal} on one line: a name that holds a line feed cannot pass for a line of the program's own. */
export const lineForTerminal = (text: string): string =>
  escapedForTerminal(text).replace(/[\n\t]/g, (character) => (character === "\n" ? "\\n" : "\\t"));
