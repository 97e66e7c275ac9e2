/** What a moving bar says of names and answers from elsewhere, which it writes to the terminal itself. */
import { afterEach, expect, it, vi } from "vitest";
import { movingBar } from "./moving-bar.ts";

const { isTTY } = process.stderr;
afterEach(() => {
  vi.restoreAllMocks();
  process.stderr.isTTY = isTTY;
});

it("escapes names, texts and lines", async () => {
  let written = "";
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    written += String(text);
    return true;
  });
  process.stderr.isTTY = true;
  const nothing = () => undefined;
  const bar = movingBar({ out: nothing, error: nothing, interactive: true, columns: 80, environment: {} });
  bar.move("a\u001b]0;b\u0007", 1, 2, "503\u009b2J\nnaevus: done");
  bar.log("c\u202e\nd");
  // It is drawn by a clock of its own.
  await vi.waitFor(() => expect(written).toContain("503\\u009b2J\\nnaevus: done"));
  bar.stop();
  expect(written).toContain("a\\u001b]0;b\\u0007 [");
  expect(written).toContain("c\\u202e\\nd\n");
  expect(written).not.toContain("\u0007");
});
