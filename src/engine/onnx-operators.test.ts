/** Every engine must compute what ONNX's own node tests say is right, for every operator that a layer is. */
import { describe, expect, test } from "vitest";
import { enginesUnderTest } from "./testing/engines-under-test.ts";
import { answerOf } from "./testing/onnx-answer.ts";
import { onnxCases } from "./testing/onnx-cases.ts";
import { translate } from "./testing/onnx-translation.ts";

const translated = onnxCases().map((each) => ({ ...each, translation: each.leftOut ?? translate(each.node) }));

test("tells of each case that is left out why", () => {
  const reasons: Record<string, number> = {};
  for (const { operator, translation } of translated) {
    if (typeof translation !== "string") continue;
    const reason = `${operator}: ${translation}`;
    reasons[reason] = (reasons[reason] ?? 0) + 1;
  }
  expect(reasons).toMatchInlineSnapshot(`
    {
      "Add: not in float32": 1,
      "AveragePool: dilation of a pooling": 1,
      "AveragePool: three spatial axes": 6,
      "Clip: bounded above alone, or not at all": 2,
      "Clip: not in float32": 3,
      "Dropout: the random numbers of another generator": 4,
      "Gemm: a bias for each image": 1,
      "LpPool: no such layer": 7,
      "LpPool: three spatial axes": 1,
      "MatMul: products of many matrices": 2,
      "MaxPool: dilation of a pooling": 1,
      "MaxPool: not in float32": 1,
      "MaxPool: three spatial axes": 4,
      "Mul: not in float32": 1,
    }
  `);
  expect(translated.length).toBe(172);
});

describe.each(enginesUnderTest.filter(({ precision }) => precision === "f32"))(
  "$title against ONNX's node tests",
  (tested) => {
    const expressed = translated.filter(({ translation }) => typeof translation !== "string");
    test.each(expressed)("$name", ({ translation, errorOf }) => {
      if (typeof translation === "string") return;
      expect(errorOf(answerOf(tested.engine, translation))).toBeLessThan(2e-6);
    });
  },
);
