/** How a training goes on from another model: which settings it takes from it, and which weights. */
import { NetworkError, SettingsError } from "../errors.ts";
import { imageSizeSetting } from "../image/image-size.ts";
import { type NetworkName, networks } from "../network/architectures.ts";
import { buildGraph, type Graph, type GraphNode, INPUT, placeOf } from "../network/graph.ts";
import type { Network, Operation } from "../network/layer.ts";
import { initialParameters } from "../network/parameters.ts";
import { formatShape } from "../network/shape.ts";
import { withStochasticDepth } from "../network/stochastic-depth.ts";
import { type Ancestor, ancestorSummary } from "../onnx/lineage.ts";
import { Random } from "../random.ts";
import type { Tensors } from "../tensor.ts";
import { plural } from "../text/numbers.ts";
import type { Settings } from "../training/settings/schema.ts";
import type { TrainSettings } from "../training/settings/train-settings.ts";
import { isFittedTo, isSeen } from "./data/seen-images.ts";
import { initialWeightsDigest } from "./folder/initial-weights.ts";
import { lineageDigest } from "./folder/lineage-file.ts";
import { type RunConfig, tellsImages } from "./folder/run-config.ts";
import type { RunImage } from "./folder/run-images.ts";
import type { Parent } from "./models/parent.ts";

/** What a run begins with that goes on from another model. */
export interface Start {
  readonly parameters: Tensors;
  /** The layer that begins anew, by its place in the network; undefined where every layer goes on. */
  readonly newLayer: string | undefined;
  /** The models before it, nearest first. */
  readonly ancestors: readonly Ancestor[];
}

/** The operation that gives the logits, or whose result they are made of without further weights. */
const headOf = (graph: Graph): GraphNode | undefined => graph.nodes.findLast(({ parameters }) => parameters.length > 0);

const sizeOf = ({ imageHeight, imageWidth }: Parent["metadata"]) => [imageHeight, imageWidth] as const;

/** A parent's network for so many classes: by its name where naevus knows it by that, else as data. */
function networkFor({ network, metadata, name }: Parent, classes: number): NetworkName | Network {
  const own = metadata.classes.length;
  if (Object.hasOwn(networks, network.name)) {
    const known = networks[network.name as NetworkName]({ classes: own, imageSize: sizeOf(metadata) });
    // Stochastic depth is a setting of each training.
    if (JSON.stringify(known) === JSON.stringify(withStochasticDepth(network, 0))) return network.name as NetworkName;
  }
  if (own === classes) return network;
  const head = headOf(buildGraph(network));
  const place = network.layers.findIndex((_, index) => String(index) === head?.name);
  const layer = network.layers[place];
  if (layer?.kind !== "dense") {
    throw new NetworkError(
      `${name}: its last layer with weights is ${head?.operation.kind} (${placeOf(head?.name ?? "")}), not a dense one, so naevus cannot make it one for ` +
        `${classes} classes; give the whole network for your classes as --network`,
    );
  }
  return { ...network, layers: network.layers.with(place, { ...layer, units: classes }) };
}

/**
 * The settings of a training that goes on from a model: network, image size, geometry and resampling are the model's where they are not given.
 * Throws SettingsError where one is given that contradicts it, NetworkError where its last layer cannot be made for the classes.
 */
export function settingsFrom(parent: Parent, input: TrainSettings, classes: number): TrainSettings {
  const { metadata, name } = parent;
  for (const setting of ["geometry", "resampling"] as const) {
    const [given, own] = [input[setting], metadata[setting]];
    if (given !== undefined && given !== own) {
      throw new SettingsError(
        `${setting}: ${name} was trained with ${own}, and the settings say ${given}; leave it out`,
      );
    }
  }
  const { geometry, resampling } = metadata;
  return {
    ...input,
    network: input.network ?? networkFor(parent, classes),
    imageSize: input.imageSize ?? imageSizeSetting(sizeOf(metadata)),
    geometry,
    resampling,
  };
}

/** Stochastic depth drops in training alone and has no weights, so that it may differ. */
const isDepth = ({ operation }: GraphNode): boolean => operation.kind === "dropout" && operation.per === "image";

/** The operations of a graph without stochastic depth, each with the names of those that it reads. */
function comparable({ nodes }: Graph) {
  const nameOf = (source: number): string => {
    if (source === INPUT) return "";
    const node = nodes[source]!;
    return isDepth(node) ? nameOf(node.inputs[0]!) : node.name;
  };
  return nodes.filter((node) => !isDepth(node)).map((node) => ({ node, reads: node.inputs.map(nameOf) }));
}

/** How weights began, and how fast running statistics follow. */
const ofTraining: readonly string[] = ["initialization", "initialScale", "initial", "momentum"];

/** All that decides what an operation computes; dropout is a matter of the training, as are the fields of {@link ofTraining}. */
const computation = (operation: Operation): string =>
  JSON.stringify(operation.kind === "dropout" ? { kind: operation.kind } : operation, (key, value) =>
    ofTraining.includes(key) ? undefined : value,
  );

const shapesOf = ({ parameters }: GraphNode): string =>
  parameters.map(({ role, shape }) => `${role} ${formatShape(shape)}`).join(", ");

const inWords = (node: GraphNode | undefined): string => {
  if (node === undefined) return "none";
  const { operation } = node;
  const epsilon = "epsilon" in operation ? `epsilon ${operation.epsilon}` : "";
  const details = [epsilon, shapesOf(node)].filter((part) => part !== "").join(", ");
  return `${operation.kind}${details === "" ? "" : ` (${details})`}`;
};

/**
 * What a network begins with that goes on from a model: its weights, with a last layer that is drawn by the seed where the classes, by name
 * and order, are others. Throws NetworkError where the networks differ before the last layer, SettingsError where too many layers are frozen.
 */
export function startFrom(
  parent: Parent,
  graph: Graph,
  classes: readonly string[],
  { seed, freeze }: Pick<Settings, "seed" | "freeze">,
): Start {
  const before = comparable(buildGraph(parent.network));
  const here = comparable(graph);
  const head = headOf(graph);
  if (head === undefined) throw new NetworkError(`network "${graph.network.name}": it has no weights to go on with`);
  const end = here.findIndex(({ node }) => node === head);
  for (const [i, { node, reads }] of here.slice(0, end).entries()) {
    const other = before[i];
    const isSame =
      other?.node.name === node.name &&
      computation(other.node.operation) === computation(node.operation) &&
      other.reads.join() === reads.join() &&
      shapesOf(other.node) === shapesOf(node);
    if (isSame) continue;
    const sizes = node.operation.kind === "dense" && other?.node.operation.kind === "dense";
    throw new NetworkError(
      `${parent.name}: its network differs from "${graph.network.name}" at ${placeOf(node.name)}: ${inWords(other?.node)} there, ${inWords(node)} here; ` +
        `only the last layer may differ${sizes ? ", and a dense layer goes with the size of the images" : ""}`,
    );
  }
  const last = before[end]?.node;
  const sameClasses = parent.metadata.classes.join("\n") === classes.join("\n");
  const goesOn =
    sameClasses &&
    last?.name === head.name &&
    computation(last.operation) === computation(head.operation) &&
    shapesOf(last) === shapesOf(head);
  const most = Number(head.name.split(".")[0]);
  if (freeze > most) {
    throw new SettingsError(
      `freeze: expected at most ${most}, since layers[${most}] is the last with weights and one must be trained, got ${freeze}`,
    );
  }
  const fresh = initialParameters(graph.parameters, Random.of(seed));
  const anew = new Set(goesOn ? [] : head.parameters.map(({ name }) => name));
  const parameters = new Map(
    graph.parameters.map(({ name }) => [name, anew.has(name) ? fresh.get(name)! : parent.parameters.get(name)!]),
  );
  return { parameters, newLayer: goesOn ? undefined : head.name, ancestors: parent.ancestors };
}

/** What a run records of how it began. */
export function startRecord(
  { parameters, newLayer, ancestors }: Start,
  images: readonly RunImage[],
): NonNullable<RunConfig["from"]> {
  const seen = (part: RunImage["part"]) =>
    images.filter((image) => image.part === part && isSeen(ancestors, image)).length;
  return {
    weights: initialWeightsDigest(parameters),
    lineage: lineageDigest(ancestors),
    ...(newLayer !== undefined && { newLayer }),
    seen: { validation: seen("validation"), test: seen("test") },
    ancestors: ancestors.map((ancestor) => {
      const { classes, ...who } = ancestorSummary(ancestor);
      return { ...who, classes: [...classes] };
    }),
  };
}

/** What whoever trains is told of the images that the models before were trained on. */
export function lineageWarnings(
  { ancestors }: Start,
  images: readonly RunImage[],
  { validation }: Pick<Settings, "validation">,
): string[] {
  const ofPart = (part: RunImage["part"]) => images.filter((image) => image.part === part);
  const [held, test] = [ofPart("validation"), ofPart("test")];
  const training = ofPart("train").length + held.length;
  const wanted = Math.round(validation * training);
  const fitted = held.filter((image) => isFittedTo(ancestors, image)).length;
  const seen = test.filter((image) => isSeen(ancestors, image)).length;
  const left = test.length - seen;
  return [
    ...(tellsImages(ancestors.map(ancestorSummary))
      ? []
      : [
          "nothing tells which images a model was trained on that this training goes on from; it may have been on images of validation and " +
            "test, so that the model of this run is evaluated with --allow-seen alone, and its choice of an epoch and its temperature may be optimistic",
        ]),
    ...(fitted > 0
      ? [
          `validation: ${fitted} of the ${plural(held.length, "image")} that are held out were trained on before, as too few others are there; the validation ` +
            "loss, the choice of an epoch and the temperature are optimistic",
        ]
      : held.length < wanted && ofPart("train").some((image) => isFittedTo(ancestors, image))
        ? [
            `validation: ${plural(held.length, "image")} of the ${wanted} asked for are held out, as the models that this training goes on from were ` +
              "trained on others",
          ]
        : []),
    ...(seen > 0
      ? [
          `${seen} of the ${plural(test.length, "test image")} were trained on before, by a model that this training goes on from; every evaluation ` +
            (left > 0
              ? `leaves them out and judges the other ${left}`
              : "leaves them out, so that none is left to judge"),
        ]
      : []),
  ];
}
