/** For tests: ONNX's own node tests, as scripts/references/onnx_operators.py writes them. */
import { readFileSync } from "node:fs";
import { elements, type Tensor } from "../../tensor.ts";
import { summarise, type TensorSummary } from "../reference-numbers/records.ts";
import { relativeError } from "./conformance-cases.ts";

interface StoredTensor {
  readonly shape: readonly number[];
  /** Where its values begin in the sequence `normal`, or the values. */
  readonly normal?: number;
  readonly values?: readonly number[];
}

type StoredOutput = StoredTensor & Partial<TensorSummary>;

interface StoredCase {
  readonly name: string;
  readonly operator: string;
  readonly leftOut?: string;
  readonly attributes?: Readonly<Record<string, unknown>>;
  readonly inputs?: readonly (StoredTensor | null)[];
  readonly output?: StoredOutput;
}

/** What the script prints. */
export interface StoredCases {
  readonly onnx: string;
  readonly operatorSet: number;
  readonly normal: readonly number[];
  readonly cases: readonly StoredCase[];
}

/** One operator with its inputs: all that a translation reads. */
export interface OnnxNode {
  readonly name: string;
  readonly operator: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly inputs: readonly (Tensor<Float32Array> | undefined)[];
  readonly outputShape: readonly number[];
}

/** A node and what it must give, or why it is left out. */
export interface OnnxCase {
  readonly name: string;
  readonly operator: string;
  readonly leftOut: string | undefined;
  readonly node: OnnxNode;
  /** How far other values are from the right ones: by norm and by the largest difference. */
  readonly errorOf: (values: ArrayLike<number>) => number;
}

/** The cases of the recorded file, or of what the script printed. */
export function onnxCases(printed?: string): readonly OnnxCase[] {
  const file = new URL("../reference-numbers/onnx-operators.json", import.meta.url);
  const { normal, cases }: StoredCases = JSON.parse(printed ?? readFileSync(file, "utf8"));
  const tensor = ({ shape, normal: start, values }: StoredTensor): Tensor<Float32Array> => ({
    shape,
    data: Float32Array.from(values ?? normal.slice(start!, start! + elements(shape))),
  });
  return cases.map(({ name, operator, leftOut, attributes = {}, inputs = [], output }) => ({
    name,
    operator,
    leftOut,
    node: {
      name,
      operator,
      attributes,
      inputs: inputs.map((each) => (each === null ? undefined : tensor(each))),
      outputShape: output?.shape ?? [],
    },
    errorOf: (values) => errorOf(values, output!),
  }));
}

/** Of large outputs the file has the norm, the sum and 48 entries. */
function errorOf(values: ArrayLike<number>, expected: StoredOutput): number {
  if (values.length !== elements(expected.shape)) return Number.POSITIVE_INFINITY;
  if (expected.values !== undefined) return relativeError(values, expected.values);
  const { norm, sum, samples } = summarise(values, 48);
  const size = expected.norm!;
  return Math.max(
    relativeError(samples, expected.samples!),
    Math.abs(norm - size) / size,
    Math.abs(sum - expected.sum!) / (size * Math.sqrt(values.length)),
  );
}
