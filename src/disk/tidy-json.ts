/** JSON that people can read: indented, with a list of numbers on one line, such as a row of a confusion matrix. */

/** As `JSON.stringify(value, undefined, indent)`, with a line feed at the end and lists of numbers on one line. */
export function tidyJson(value: unknown, indent = 2): string {
  const write = (part: unknown, margin: string): string => {
    if (typeof part !== "object" || part === null) return JSON.stringify(part);
    const isList = Array.isArray(part);
    if (isList && part.every((item) => typeof item === "number" || item === null)) return JSON.stringify(part);
    const inner = margin + " ".repeat(indent);
    const items = isList
      ? part.map((item) => write(item, inner))
      : Object.entries(part).map(([key, item]) => `${JSON.stringify(key)}: ${write(item, inner)}`);
    const [open, close] = isList ? "[]" : "{}";
    return items.length === 0 ? `${open}${close}` : `${open}\n${inner}${items.join(`,\n${inner}`)}\n${margin}${close}`;
  };
  // First as JSON sees it: without what is undefined, with null for what is no number.
  return `${write(JSON.parse(JSON.stringify(value)), "")}\n`;
}
