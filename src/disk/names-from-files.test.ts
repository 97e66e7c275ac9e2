/** No name and no path that was read from a file leads out of its folder. */
import { posix, relative, resolve } from "node:path";
import fc from "fast-check";
import { expect, it } from "vitest";
import { isInside, isName } from "./names-from-files.ts";

it.each(["a.jpg", "Train/melanoma/a.jpg", "./a", "a/../b", "..a", "a..", "...", "a b/ü.png", "__proto__"])(
  "'%s' stays in its folder",
  (path) => expect(isInside(path)).toBe(true),
);

it.each(["", ".", "..", "../victim.doc", "a/../../victim", "/etc/passwd", "a/..", "./..", "a\0.jpg"])(
  "'%s' does not",
  (path) => {
    expect(isInside(path)).toBe(false);
    expect(isName(path)).toBe(false);
  },
);

it("a name has no folders", () => {
  expect(["ISIC_0024310", "basal cell carcinoma", "..."].map(isName)).toEqual([true, true, true]);
  expect(["a/b", "./a", "a/"].map(isName)).toEqual([false, false, false]);
});

it("agrees with where the system leads to", () => {
  const part = fc.constantFrom("..", ".", "", "a", "b.jpg");
  fc.assert(
    fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
      const path = parts.join(posix.sep);
      const led = relative("/data", resolve("/data", path));
      const stays = led !== "" && led !== ".." && !led.startsWith("../");
      expect(isInside(path)).toBe(stays && !path.startsWith("/"));
    }),
  );
});
