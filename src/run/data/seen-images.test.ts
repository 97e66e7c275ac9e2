/** Which images the models before were trained on: by content, lesion and patient, and what validation tells apart. */
import { expect, it } from "vitest";
import { digestOf } from "../../onnx/learned-images.ts";
import { idDigest } from "../folder/run-images.ts";
import { type IdentifiedImage, isFittedTo, isSeen } from "./seen-images.ts";

const hash = (digit: string): string => digit.repeat(64);
const image = (digit: string, more: Partial<IdentifiedImage> = {}): IdentifiedImage => ({
  pixels: hash(digit),
  file: hash("f"),
  ...more,
});
const who = { network: "notebook", dataFingerprint: "", version: "0.3.0", classes: ["a", "b"] };
const ancestors = [
  { ...who, learned: undefined },
  {
    ...who,
    learned: {
      train: new Set([digestOf(hash("1"))]),
      validation: new Set([digestOf(hash("2"))]),
      test: new Map([[digestOf(hash("3")), [0]]]),
      counts: { train: 1, validation: 1, test: 1 },
      lesions: new Set([idDigest("lesion", "L")]),
      patients: new Set([idDigest("patient", "P")]),
    },
  },
];

it.each<[string, IdentifiedImage, boolean, boolean]>([
  ["a training image", image("1"), true, true],
  ["a training image by its file", image("4", { file: hash("1") }), true, true],
  ["a validation image", image("2"), true, false],
  ["a validation image of a lesion that was kept whole", image("2", { lesion: "L" }), true, false],
  ["another image of a lesion", image("4", { lesion: "L" }), true, true],
  ["another image of a patient", image("4", { patient: "P" }), true, true],
  ["a patient with the name of a lesion", image("4", { patient: "L", lesion: "P" }), false, false],
  ["a test image", image("3"), false, false],
  ["another image", image("4"), false, false],
])("tells %s", (_, one, seen, fitted) => {
  expect([isSeen(ancestors, one), isFittedTo(ancestors, one)]).toEqual([seen, fitted]);
});
