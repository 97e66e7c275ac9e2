/** A network from JSON: checked, with errors by path, and made whole. */
import { NetworkError } from "../../errors.ts";
import { JsonDataError, jsonData } from "../../formats/json-data.ts";
import { type ArchitectureOptions, imageInput } from "../architectures.ts";
import { boundsFault, deepestNesting, mostLayers } from "../bounds.ts";
import { checkedInitialization } from "../initialization.ts";
import { type Network, pair } from "../layer.ts";
import { evenKernel, isHalved } from "../resolve-windows.ts";
import { samePadding } from "../windows.ts";
import { completeLayer } from "./complete-layer.ts";
import { type LayerForm, type NetworkForm, networkForm } from "./layer-forms.ts";
import { problemsOf } from "./problems.ts";

/** What a network's JSON is read for. */
export interface NetworkReading extends Partial<ArchitectureOptions> {
  /** The network's name where the JSON has none; default `network`. */
  readonly name?: string | undefined;
  /** Stands before every problem, such as the name of the file. */
  readonly source?: string | undefined;
}

/** Problems that are told; the others are counted. */
const mostProblems = 5;

/**
 * A network from JSON: its text, or the data in it. `"units": "classes"` stands for the number of classes, and what the builders have a default for may be
 * left out, as in `{ "kind": "conv2d", "filters": 32, "kernel": 3 }`. An image size that is given goes before that in the JSON.
 *
 * ```ts
 * const network = parseNetwork(text, { classes: 9, imageSize: 128 });
 * ```
 *
 * Whether the layers fit each other is what `buildGraph` says.
 *
 * @throws NetworkError with a line for each problem, such as `layers[3].body[0]: conv2d: kernel: expected …, got …`
 */
export function parseNetwork(json: unknown, reading: NetworkReading = {}): Network {
  const { source } = reading;
  const refuse = (problems: readonly string[]): NetworkError => {
    const left = problems.length - mostProblems;
    const told = [...problems.slice(0, mostProblems), ...(left > 0 ? [`${left} more like these`] : [])];
    return new NetworkError(
      told.map((problem) => (source === undefined ? problem : `${source}: ${problem}`)).join("\n"),
    );
  };
  const form = formOf(json, refuse);
  const { input = {}, layers, frozen, initialization } = form;
  const { name = reading.name ?? "network" } = form;
  const { classes, imageSize } = reading;
  const problems = [
    ...layerProblems(layers, "layers", classes),
    ...(imageSize === undefined && (input.height === undefined || input.width === undefined)
      ? ["input: expected height and width in pixels; give both, or an image size"]
      : []),
  ];
  if (problems.length > 0) throw refuse(problems);
  return {
    name,
    input: imageInput(imageSize ?? [input.height!, input.width!], input.channels),
    ...(frozen !== undefined && { frozen }),
    ...(initialization && { initialization: checkedInitialization(initialization) }),
    layers: layers.map((layer) => completeLayer(layer, classes)),
  };
}

type Refuse = (problems: readonly string[]) => NetworkError;

function formOf(json: unknown, refuse: Refuse): NetworkForm {
  let data: unknown;
  try {
    const limits = { depth: 3 * deepestNesting + 3, values: 50 * mostLayers };
    data = jsonData(json, limits, `layers can be nested ${deepestNesting} deep`);
  } catch (error) {
    if (!(error instanceof JsonDataError)) throw error;
    throw refuse([error.message]);
  }
  const { layers } = (data ?? {}) as { readonly layers?: unknown };
  const fault = boundsFault(layers);
  if (fault !== undefined) throw refuse([fault]);
  const result = networkForm.safeParse(data);
  if (!result.success) throw refuse(problemsOf(result.error, data));
  return result.data;
}

/** Where layers take the number of classes, which nobody gave, and where an even kernel is to be padded alike on both sides. */
const layerProblems = (layers: readonly LayerForm[], list: string, classes: number | undefined): readonly string[] =>
  layers.flatMap((layer, index) => {
    const place = `${list}[${index}]`;
    if (layer.kind === "dense" && layer.units === "classes" && classes === undefined) {
      return [
        `${place}: dense: units: "classes" stands for the number of classes, which is not known here; give a number`,
      ];
    }
    if (layer.kind === "conv2d" && (layer.padding ?? "same") === "same") {
      const kernel = pair(layer.kernel);
      const dilation = pair(layer.dilation ?? 1);
      const isEven = isHalved(kernel, samePadding(kernel, dilation), dilation);
      return isEven ? [`${place}: conv2d: ${evenKernel(kernel)}`] : [];
    }
    if (layer.kind === "gate") return layerProblems(layer.body, `${place}.body`, classes);
    if (layer.kind === "concatenate") {
      return layer.branches.flatMap((branch, i) => layerProblems(branch, `${place}.branches[${i}]`, classes));
    }
    if (layer.kind !== "residual") return [];
    return [
      ...layerProblems(layer.body, `${place}.body`, classes),
      ...layerProblems(layer.shortcut ?? [], `${place}.shortcut`, classes),
    ];
  });
