/** The pieces of a page: what they hold is escaped, and tables are told figures from words. */
import { expect, test } from "vitest";
import { bullets, callout, cards, disclosure, galleryHtml, tableHtml, tag } from "./components.ts";

const name = '<b>"x"&';
const escaped = "&lt;b&gt;&quot;x&quot;&amp;";

test("no name becomes markup in any of them", () => {
  const pieces = [
    bullets([name]),
    callout(name, name),
    cards([{ value: name, text: name }]),
    disclosure(name, name),
    galleryHtml([{ source: name, alt: name, caption: name }]),
    galleryHtml([{ source: undefined, alt: name, caption: name }]),
    tableHtml({ columns: [name], rows: [[name]] }, name),
    tag(name),
  ];
  for (const { text } of pieces) {
    expect(text).toContain(escaped);
    expect(text).not.toContain('<b>"');
  }
});

test("a picture that a kept file gives, and that is none, stays within its attribute", () => {
  const { text } = galleryHtml([{ source: 'x" onerror="alert(1)', alt: "a", caption: "b" }]);
  expect(text).toContain('src="x&quot; onerror=&quot;alert(1)"');
});

test("a table names its rows, sets columns of figures to the right, and shows what is not known as a dash", () => {
  const { text } = tableHtml({
    columns: ["class", "images", "rate", "verdict"],
    rows: [
      ["nevus", 1234, "47.5 %", "fair"],
      ["other", null, "–", "3 of 4"],
    ],
  });
  expect(text).toContain(
    '<th scope="col">class</th><th scope="col" class="n">images</th><th scope="col" class="n">rate',
  );
  expect(text).toContain('<th scope="row">nevus</th><td class="n">1,234</td>');
  expect(text).toContain('<td class="n">–</td>');
  expect(text).toContain("<td>3 of 4</td>");
  expect(text).toMatch(/^<div class="scroll" tabindex="0" role="region" aria-label="class, images, rate, verdict">/);
});
