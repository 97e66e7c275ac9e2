/** Names in Markdown that would be markup, break a table or steer a terminal that shows the file. */
import { expect, it } from "vitest";
import { markdownText } from "./markdown.ts";

it.each([
  ["a | b", "a \\| b"],
  ["__proto__", "\\_\\_proto\\_\\_"],
  ["snake_case", "snake_case"],
  ["<img src=x onerror=alert(1)>", "\\<img src=x onerror=alert(1)\\>"],
  ["[x](javascript:alert(1))", "\\[x\\](javascript:alert(1))"],
  ["*a* `b` ~c~ \\d", "\\*a\\* \\`b\\` \\~c\\~ \\\\d"],
  ["a\n# b\tc", "a # b c"],
  ["\u001b[31mred", "?\\[31mred"],
])("%j", (text, written) => {
  expect(markdownText(text)).toBe(written);
});
