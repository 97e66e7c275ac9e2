/** Cells of a CSV file that a spreadsheet would take for formulas are written as text, and read back as they were. */

/**
 * Where a cell may begin for some spreadsheet, then blanks and quotes, then apostrophes and a sign that makes it a formula. Cells begin
 * also behind what separates them elsewhere, since a spreadsheet that divides at semicolons or tabs does not see our quotes. The
 * full-width signs count in East Asian editions.
 */
const opening = /(^|[;\t\r\n])(["\s]*)('*[=+\-@\uff1d\uff0b\uff0d\uff20])/g;

/** The same with an apostrophe more. */
const marked = /(^|[;\t\r\n])(["\s]*)'('*[=+\-@\uff1d\uff0b\uff0d\uff20])/g;

/**
 * A cell's text with an apostrophe, a spreadsheet's own sign for text, before each sign that would begin a formula. Numbers with a sign
 * get one too: where the comma is no separator, what follows in the next cell goes on with what the number began.
 */
export const withoutFormula = (cell: string): string => cell.replace(opening, "$1$2'$3");

/** The text that {@link withoutFormula} was given. */
export const asGiven = (cell: string): string => cell.replace(marked, "$1$2$3");
