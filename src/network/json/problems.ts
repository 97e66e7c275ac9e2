/** What is wrong with a network's JSON, in sentences: the layer's path, what was expected and what stands there. */
import type { z } from "zod";
import { firstOf, shown } from "../../formats/json-data.ts";
import { type DataPath, pathInWords } from "../../formats/plain-data.ts";
import { nameList } from "../../text/name-list.ts";
import type { HeightWidth, Layer } from "../layer.ts";
import { unknownField, unknownLayer } from "../other-names.ts";
import { evenKernel, isHalved } from "../resolve-windows.ts";
import { inputFields, layerFields, layerKinds, networkFields } from "./layer-forms.ts";

type Fields = Readonly<Record<string, z.ZodType>>;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const hasKind = (kind: unknown): kind is Layer["kind"] => layerKinds.some((known) => known === kind);

/** What a field takes, in words. */
function expectedBy(schema: z.ZodType | undefined): unknown {
  const inner = schema !== undefined && "unwrap" in schema ? (schema.unwrap as () => z.ZodType)() : undefined;
  return schema?.meta()?.expected ?? inner?.meta()?.expected;
}

const valueAt = (data: unknown, path: DataPath): unknown =>
  path.reduce<unknown>((value, key) => (value as Readonly<Record<string, unknown>> | undefined)?.[key], data);

/** How much of a path leads to a layer. */
function layerDepth(path: DataPath): number {
  let depth = 0;
  for (;;) {
    const [key, ...indices] = path.slice(depth, depth + 3);
    const wanted = key === "branches" ? 2 : /^(layers|body|shortcut)$/.test(String(key)) ? 1 : 0;
    if (wanted === 0 || !indices.slice(0, wanted).every((index) => typeof index === "number")) return depth;
    if (indices.length < wanted) return depth;
    depth += 1 + wanted;
  }
}

function unknownKeys(keys: readonly string[], fields: Fields): string {
  const names = Object.keys(fields).filter((name) => name !== "$schema");
  const takes = names.length === 0 ? "it takes none" : `it takes ${nameList(names)}`;
  return firstOf(keys, (key) => unknownField("field", key, names, takes));
}

function kindProblem(layer: Readonly<Record<string, unknown>>): string {
  const kinds = `one of ${layerKinds.join(", ")}`;
  const { kind } = layer;
  return typeof kind === "string"
    ? unknownLayer(kind, layerKinds, `expected ${kinds}`)
    : `expected a layer with its kind, ${kinds}; got ${shown(kind)}`;
}

/** What other programs call paddings. */
const paddingCures: Readonly<Record<string, string>> = {
  valid: "; write 0 for no padding",
  same: '; "sameUpper" is what TensorFlow and Keras call "same"',
  SAME_UPPER: '; write "sameUpper"',
};

const isSizes = (value: unknown): value is HeightWidth => Array.isArray(value) && value.length === 2;

/** The sentence on one issue. */
function problemOf(issue: z.core.$ZodIssue, data: unknown): string {
  const path = issue.path as DataPath;
  const depth = layerDepth(path);
  const place = path.slice(0, depth);
  const rest = path.slice(depth);
  const layer = depth > 0 ? valueAt(data, place) : undefined;
  const at = (text: string, of: DataPath = place): string => (of.length === 0 ? text : `${pathInWords(of)}: ${text}`);
  if (depth === 0) {
    const inInput = path[0] === "input";
    const fields: Fields =
      inInput && (path.length > 1 || issue.code === "unrecognized_keys") ? inputFields : networkFields;
    if (issue.code === "unrecognized_keys") return at(unknownKeys(issue.keys, fields), path);
    const expected =
      path.length === 0 ? 'a network, such as {"layers": [...]}' : expectedBy(fields[String(path.at(-1))]);
    const value = valueAt(data, path);
    const cure = inInput && Array.isArray(value) ? '; write {"height": 96, "width": 128}' : "";
    return at(`expected ${expected}, got ${shown(value)}${cure}`, path);
  }
  if (!isObject(layer)) return at(`expected a layer, such as {"kind": "relu"}, got ${shown(layer)}`);
  if (!hasKind(layer.kind)) return at(kindProblem(layer));
  const fields: Fields = layerFields[layer.kind];
  if (issue.code === "unrecognized_keys") return at(`${layer.kind}: ${unknownKeys(issue.keys, fields)}`);
  const field = String(rest[0]);
  const { kernel, padding, dilation } = layer;
  const isWindow = field === "padding" && isSizes(kernel) && isSizes(padding);
  if (isWindow && isHalved(kernel, padding, isSizes(dilation) ? dilation : undefined)) {
    return at(`${layer.kind}: ${evenKernel(kernel)}`);
  }
  const cure = field === "padding" ? (paddingCures[String(padding)] ?? "") : "";
  return at(`${layer.kind}: ${field}: expected ${expectedBy(fields[field])}, got ${shown(layer[field])}${cure}`);
}

/** A sentence for each thing that is wrong, in the order of the data. */
export const problemsOf = (error: z.ZodError, data: unknown): readonly string[] => [
  ...new Set(error.issues.map((issue) => problemOf(issue, data))),
];
