/** Where a text stops being JSON (RFC 8259), in words: engines tell it each in another way, or not at all. */

const space = /[ \t\n\r]*/y;
const scalar = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
// From the space on, but for the quote and the backslash.
const plainText = /[ !#-[\]-\u{10ffff}]*/uy;
const escaped = /\\(?:["\\/bfnrt]|u[\da-fA-F]{4})/y;

function placeInWords(text: string, at: number): string {
  const before = text.slice(0, at);
  const line = before.split("\n").length;
  return `line ${line}, column ${at - before.lastIndexOf("\n")}`;
}

function foundAt(text: string, at: number): string {
  if (at >= text.length) return "the end";
  return JSON.stringify(String.fromCodePoint(text.codePointAt(at)!));
}

/** What is expected at each place, in words. */
const words = {
  value: "a value",
  firstValue: "a value or ]",
  key: 'a key in double quotes, such as "name"',
  firstKey: 'a key in double quotes, such as "name", or }',
  colon: "a colon",
  text: "a closing double quote",
  afterItem: "a comma or ]",
  afterEntry: "a comma or }",
  end: "the end",
} as const;

/**
 * The first fault, such as `no valid JSON: line 3, column 5: expected a comma or }, got "x"`; undefined where there is none. A byte order mark in front is no fault.
 */
export function jsonFault(text: string): string | undefined {
  let at = text.startsWith("\uFEFF") ? 1 : 0;
  const open: ("]" | "}")[] = [];
  let expected = "value" as keyof typeof words;
  const skip = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    const isThere = pattern.test(text) && pattern.lastIndex > at;
    if (isThere) at = pattern.lastIndex;
    return isThere;
  };
  const take = (character: string): boolean => {
    const isThere = text.startsWith(character, at);
    if (isThere) at++;
    return isThere;
  };
  /** Where it fails, what is expected is the text's end, at the place that fails. */
  const takeText = (next: () => keyof typeof words): boolean => {
    if (!take('"')) return false;
    expected = "text";
    for (;;) {
      skip(plainText);
      if (take('"')) {
        expected = next();
        return true;
      }
      if (!skip(escaped)) return false;
    }
  };
  const after = (): keyof typeof words => {
    const last = open.at(-1);
    return last === undefined ? "end" : last === "]" ? "afterItem" : "afterEntry";
  };
  const close = (character: "]" | "}"): boolean => {
    if (!take(character)) return false;
    open.pop();
    expected = after();
    return true;
  };
  const steps: { readonly [K in keyof typeof words]: () => boolean } = {
    value: () => {
      if (take("{")) {
        open.push("}");
        expected = "firstKey";
        return true;
      }
      if (take("[")) {
        open.push("]");
        expected = "firstValue";
        return true;
      }
      if (takeText(after)) return true;
      if (expected === "text" || !skip(scalar)) return false;
      expected = after();
      return true;
    },
    firstValue: () => close("]") || steps.value(),
    key: () => takeText(() => "colon"),
    firstKey: () => close("}") || steps.key(),
    colon: () => {
      if (!take(":")) return false;
      expected = "value";
      return true;
    },
    afterItem: () => {
      if (close("]")) return true;
      if (!take(",")) return false;
      expected = "value";
      return true;
    },
    afterEntry: () => {
      if (close("}")) return true;
      if (!take(",")) return false;
      expected = "key";
      return true;
    },
    text: () => false,
    end: () => false,
  };
  for (;;) {
    skip(space);
    if (expected === "end" && at >= text.length) return undefined;
    if (!steps[expected]()) {
      return `no valid JSON: ${placeInWords(text, at)}: expected ${words[expected]}, got ${foundAt(text, at)}`;
    }
  }
}
