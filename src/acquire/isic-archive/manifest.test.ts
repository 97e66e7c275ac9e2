/** The manifest of the 9-class set says what the set holds. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { isic9Manifest } from "./manifest.ts";

const { NAEVUS_DATA: data } = process.env;

test("2,357 entries of 2,202 images in nine classes, 155 images in two of them", () => {
  const entries = isic9Manifest();
  expect(entries).toHaveLength(2357);
  expect(new Set(entries.map(({ id }) => id)).size).toBe(2202);
  expect(new Set(entries.map(({ className }) => className)).size).toBe(9);
  expect(entries.filter(({ split }) => split === "test")).toHaveLength(118);
  expect(new Set(entries.map(({ id, className }) => `${id} ${className}`)).size).toBe(2357);
  for (const { id } of entries) expect(id).toMatch(/^ISIC_\d{7}$/);
});

test.skipIf(!data || !existsSync(join(data, "Train")))(
  `is what stands in the folder of images${data ? "" : " (skipped: NAEVUS_DATA is not set)"}`,
  () => {
    const found = ["Test", "Train"].flatMap((part) =>
      readdirSync(join(data!, part)).flatMap((name) =>
        readdirSync(join(data!, part, name)).map((file) => `${part}/${name}/${file.slice(0, 12)}`),
      ),
    );
    const folder = { train: "Train", test: "Test" };
    const listed = isic9Manifest().map(({ id, className, split }) => `${folder[split]}/${className}/${id}`);
    expect(listed).toEqual([...new Set(found)].sort());
  },
);
