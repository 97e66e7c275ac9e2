import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { temporaryFolder } from "./temporary-folder.ts";

const whole = temporaryFolder();
const over: string[] = [];
let each = "";
beforeEach(() => {
  each = temporaryFolder();
  over.push(each);
});

it("gives a folder of its own at every call", () => {
  const folders = [whole, each, temporaryFolder(), temporaryFolder()];
  over.push(...folders.slice(2));
  expect(new Set(folders).size).toBe(4);
  for (const folder of folders) expect(readdirSync(folder)).toEqual([]);
  for (const folder of folders) writeFileSync(join(folder, "file"), "");
});

it("removes what a test had, and keeps what the file has", () => {
  expect(over).toHaveLength(4);
  expect(over.filter((folder) => existsSync(folder))).toEqual([each]);
  expect(readdirSync(whole)).toEqual(["file"]);
});

describe("in a group", () => {
  const group = temporaryFolder();
  afterAll(() => expect(existsSync(group)).toBe(true));
  it("lasts as long as the group", () => {
    over.push(group);
    expect(existsSync(group)).toBe(true);
  });
});

it("is gone after the group", () => {
  expect(existsSync(over.at(-2)!)).toBe(false);
});
