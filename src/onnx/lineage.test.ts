/** A lineage survives the model file, and an earlier version takes a model with one for a model that does not tell its images. */
import { expect, it } from "vitest";
import { ModelError } from "../errors.ts";
import { bytesField, message, readFields, stringField } from "../formats/protobuf.ts";
import { buildGraph } from "../network/graph.ts";
import { dense, flatten, normalize } from "../network/layer.ts";
import { initialParameters } from "../network/parameters.ts";
import { Random } from "../random.ts";
import type { LearnedImages } from "./learned-images.ts";
import { type Ancestor, ancestorSummary } from "./lineage.ts";
import { readMetadata } from "./model-metadata.ts";
import { onnxModel } from "./onnx-model.ts";

const learned = (train: number, test: LearnedImages["test"] = new Map()): LearnedImages => ({
  train: new Set([train]),
  validation: new Set([2]),
  test,
  counts: { train: 1, validation: 1, test: test.size },
  lesions: new Set([3]),
  patients: new Set(),
});
const who = { network: "notebook", dataFingerprint: "00ff", version: "0.3.0", classes: ["a", "ü"] };
const ancestors: readonly Ancestor[] = [
  { ...who, learned: learned(1) },
  { ...who, origin: "phantom", learned: undefined },
];

const graph = buildGraph({
  name: "small",
  input: { channels: 3, height: 2, width: 2 },
  layers: [normalize(), flatten(), dense(2)],
});
const bytes = onnxModel(graph, initialParameters(graph.parameters, Random.of(0)), {
  ...who,
  learnedImages: learned(7, new Map([[9, [1]]])),
  ancestors,
});

it("is read back with the model's own images", () => {
  expect(readMetadata(bytes)).toMatchObject({ learnedImages: learned(7, new Map([[9, [1]]])), ancestors });
});

it("has no entry that an earlier version would take for all images that the model was trained on", () => {
  const keys = [...readFields(bytes)]
    .filter(({ field }) => field === 14)
    .map(({ value }) => new TextDecoder().decode([...readFields(value as Uint8Array)][0]!.value as Uint8Array));
  expect(keys).toContain("lineage");
  expect(keys).not.toContain("learnedImages");
});

it("counts the images of an ancestor that tells them", () => {
  expect(ancestors.map(ancestorSummary)).toEqual([
    { ...who, trainingImages: 1, validationImages: 1 },
    { ...who, origin: "phantom" },
  ]);
});

it.each(["", "no JSON", "{}", "null", '{"ancestors":{}}', '{"ancestors":[1]}', '{"ancestors":[{"network":1}]}'])(
  "refuses %j, and does not take the model for one without a lineage",
  (text) => {
    const file = message(bytes, bytesField(14, message(stringField(1, "lineage"), stringField(2, text))));
    expect(() => readMetadata(file)).toThrow(ModelError);
    expect(() => readMetadata(file)).toThrow(/lineage, the models that it went on from, cannot be read/);
  },
);
