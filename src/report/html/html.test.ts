/** Nothing that stands in a name becomes markup. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { escapeHtml, html } from "./html.ts";

describe("html", () => {
  test("escapes everything that is not HTML already", () => {
    const name = `<img src=x onerror='alert("1")'>&`;
    expect(html`<b title="${name}">${name}</b>`.text).toBe(
      `<b title="${escapeHtml(name)}">&lt;img src=x onerror=&#39;alert(&quot;1&quot;)&#39;&gt;&amp;</b>`,
    );
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(html`${text}`.text).not.toMatch(/[<>"']|&(?!(amp|lt|gt|quot|#39);)/);
      }),
    );
  });

  test("takes pieces, lists and numbers, and writes nothing for what is not there", () => {
    expect(html`<p>${html`<i>a</i>`}${[1, "<", html`<br>`]}${undefined}${false}${0}</p>`.text).toBe(
      "<p><i>a</i>1&lt;<br>0</p>",
    );
  });

  test("control characters, which a terminal or a parser would obey, become question marks", () => {
    expect(escapeHtml("a\u0007b\u001b[31m\nc")).toBe("a?b?[31m\nc");
  });
});
