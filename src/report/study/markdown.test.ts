/** Names in Markdown that would be markup, break a table or steer a terminal that shows the file. */
import { expect, it } from "vitest";
import { markdown, markdownText } from "./markdown.ts";

it.each([
  ["a | b", "a \\| b"],
  ["__proto__", "\\_\\_proto\\_\\_"],
  ["snake_case", "snake_case"],
  ["<img src=x onerror=alert(1)>", "\\<img src=x onerror=alert(1)\\>"],
  ["[x](javascript:alert(1))", "\\[x\\](javascript:alert(1))"],
  ["*a* `b` ~c~ \\d", "\\*a\\* \\`b\\` \\~c\\~ \\\\d"],
  ["a\n# b\tc", "a # b c"],
  ["# a", "\\# a"],
  ["  - a", " \\- a"],
  ["+1 = 2", "+1 = 2"],
  ["---", "\\---"],
  ["12. a", "12\\. a"],
  ["1.5 % (a) - b", "1.5 % (a) - b"],
  ["&lt;b&gt; $x$", "\\&lt;b\\&gt; \\$x\\$"],
  ["https://x.example www.x.example", "https\\://x.example www\\.x.example"],
  ["\u001b[31mred", "?\\[31mred"],
])("%j", (text, written) => {
  expect(markdownText(text)).toBe(written);
});

it("escapes everything that a template is given", () => {
  expect(markdown`**${"**<b>"}** | ${1.5}${" and "}${"93.1\u00a0%"}`).toBe("**\\*\\*\\<b\\>** | 1.5 and 93.1\u00a0%");
});
