/** The frame of a page: whole, loading nothing, and with a policy that names its own styles and script. */
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { html } from "./html.ts";
import { htmlPage } from "./page.ts";

const sections = [
  { id: "a", title: "First & last", body: html`<p>text</p>` },
  { id: "b", title: "A long title", shortTitle: "Short", body: "<i>" },
];

test("a page is whole, in light and dark, for screen and paper", () => {
  const page = htmlPage({ title: "A & B", lead: "lead", sections });
  expect(page).toMatch(/^<!doctype html>\n<html lang="en">/);
  expect(page).toContain("<title>A &amp; B</title>");
  expect(page).toContain("prefers-color-scheme: dark");
  expect(page).toContain("@media print");
  expect(page).toContain("&lt;i&gt;");
  expect(page).not.toMatch(/undefined|false/);
});

test("its navigation leads to every section, and the statement of use stands once", () => {
  const page = htmlPage({ title: "t", lead: "", sections, numbered: true, badge: "phantom data", footer: "end" });
  for (const { id, title } of sections) {
    expect(page).toContain(`href="#${id}"`);
    expect(page).toContain(`<section id="${id}" aria-labelledby="${id}-title">`);
    expect(page).toContain(`${html`${title}`.text} <span class="tag">phantom data</span>`);
  }
  expect(page).toContain('<span class="number">2</span> Short');
  expect(page.match(/Not a medical device/g)).toHaveLength(1);
  expect(page).toContain("<footer>end</footer>");
});

test("its policy names its own script and styles by their hashes, and allows nothing else", () => {
  const hash = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
  const page = htmlPage({ title: "a", lead: "", sections });
  const [styles, script] = [/<style>(.*)<\/style>/s, /<script>(.*)<\/script>/s].map((tag) => tag.exec(page)![1]!);
  expect(/Content-Security-Policy" content="([^"]*)"/.exec(page)![1]).toBe(
    `default-src 'none'; img-src data:; style-src ${hash(styles!)}; script-src ${hash(script!)}; base-uri 'none'; form-action 'none'`,
  );
  expect(page).not.toMatch(/ style="| on[a-z]+="|https?:/);
});
