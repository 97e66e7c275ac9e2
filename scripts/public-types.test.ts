/** The public interface names no type that it does not export, and describes every name. */
import { expect, test } from "vitest";
import { checkPublicTypes } from "./public-types.js";

test("every type that an exported signature names is exported, and every exported name has a docstring", () => {
  expect(checkPublicTypes()).toEqual([]);
});
