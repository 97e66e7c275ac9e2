/** Text in Markdown: names of classes and files are shown as they are, and mean nothing. */
import { printable } from "../../printable.ts";

/** Signs that begin markup within a line, or end a table's cell. An underscore does so only at the edge of a word. */
const markup = /[\\`*[\]<>|~]|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu;

/** One line of text for a table's cell or a list's item. */
export const markdownText = (text: string): string =>
  printable(text)
    .replace(/\s+/g, " ")
    .replace(markup, (sign) => `\\${sign}`);
