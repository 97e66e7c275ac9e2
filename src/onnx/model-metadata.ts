/** What a model file says about itself, and reading that back without a runtime. */

import type { ClassMapSummary, ProtocolSummary } from "../dataset/protocol-summary.ts";
import { firstLine, ModelError } from "../errors.ts";
import { ProtobufError, readFields } from "../formats/protobuf.ts";
import { type Geometry, geometryNames } from "../image/geometry.ts";
import { type ResamplingFilter, resamplingFilters } from "../image/resampling.ts";
import { parseNetwork } from "../network/json/parse-network.ts";
import type { Network } from "../network/layer.ts";
import { formatLearnedImages, type LearnedImages, parseLearnedImages } from "./learned-images.ts";
import { type Ancestor, formatLineage, parseLineage } from "./lineage.ts";
import { hasKnownFieldsOnly } from "./onnx-format.ts";

/** Stands in every model file. */
export const INTENDED_USE = "research only, not a medical device";

/** Stands in every model file as its producer. */
export const PRODUCER = "naevus";

/** What a model file says about the model in it. */
export interface ModelMetadata {
  /** Class names in the order of the probabilities. */
  readonly classes: readonly string[];
  /** Name of the network. */
  readonly network: string;
  /** The fingerprint of the data set that the model was trained on. */
  readonly dataFingerprint: string;
  /** Version of naevus that wrote the file. */
  readonly version: string;
  /** `phantom`: trained on drawn images, not on photographs. */
  readonly origin?: "folder" | "phantom";
  /** How an image of another shape comes to fill the frame that the model takes; default `squash`. */
  readonly geometry?: Geometry;
  /** How it is made larger or smaller; default `cubic`. */
  readonly resampling?: ResamplingFilter;
  /** What the logits are divided by before the softmax, found on held-out images; 1, the default, for none. */
  readonly temperature?: number;
  /** How the images that it is to be tested on were kept apart. */
  readonly protocol?: ProtocolSummary;
  /** Which classes of its data were renamed, merged or left out; absent where none was. */
  readonly classMap?: ClassMapSummary;
  /** Which images it was trained on and is to be tested on; absent where that is not told. */
  readonly learnedImages?: LearnedImages;
  /** The models that its training went on from, nearest first; absent where it was trained from scratch. */
  readonly ancestors?: readonly Ancestor[];
}

/** Metadata as read from a file. */
export interface StoredMetadata extends ModelMetadata {
  /** Height and width of the images in pixels. */
  readonly imageHeight: number;
  readonly imageWidth: number;
  readonly geometry: Geometry;
  readonly resampling: ResamplingFilter;
  readonly temperature: number;
  readonly intendedUse: string;
  /** The network itself; absent in earlier versions' files, and where it is none that its JSON could be read as. */
  readonly architecture?: Network;
}

/** ONNX holds metadata as pairs of text. */
export const metadataEntries = ({
  classes,
  network,
  dataFingerprint,
  version,
  origin,
  geometry,
  resampling,
  temperature,
  protocol,
  classMap,
  learnedImages,
  ancestors,
  imageHeight,
  imageWidth,
  intendedUse,
  architecture,
}: StoredMetadata): Readonly<Record<string, string>> => ({
  classes: JSON.stringify(classes),
  network,
  ...(architecture && { architecture: JSON.stringify(architecture) }),
  imageHeight: String(imageHeight),
  imageWidth: String(imageWidth),
  dataFingerprint,
  ...(origin === undefined ? {} : { origin }),
  geometry,
  resampling,
  temperature: String(temperature),
  ...(protocol && { protocol: JSON.stringify(protocol) }),
  ...(classMap && { classMap: JSON.stringify(classMap) }),
  ...(ancestors
    ? { lineage: formatLineage({ ancestors, own: learnedImages }, classes.length) }
    : learnedImages && { learnedImages: formatLearnedImages(learnedImages, classes.length) }),
  intendedUse,
  version,
});

const text = (value: bigint | Uint8Array): string => {
  if (typeof value === "bigint") throw new ProtobufError("a number where text is expected");
  return new TextDecoder("utf-8", { fatal: true }).decode(value);
};

/** Fields of ModelProto and of StringStringEntryProto in onnx.proto. */
const FIELDS = { irVersion: 1, producer: 2, graph: 7, metadata: 14, key: 1, value: 2 } as const;

function readEntry(bytes: bigint | Uint8Array): [key: string, value: string] {
  let [key, value] = ["", ""];
  if (typeof bytes === "bigint") throw new ProtobufError("a number where a message is expected");
  for (const field of readFields(bytes)) {
    if (field.field === FIELDS.key) key = text(field.value);
    if (field.field === FIELDS.value) value = text(field.value);
  }
  return [key, value];
}

function parseClasses(json: string | undefined): readonly string[] | undefined {
  try {
    const classes: unknown = JSON.parse(json ?? "");
    const valid = Array.isArray(classes) && classes.length > 0 && classes.every((name) => typeof name === "string");
    return valid ? classes : undefined;
  } catch {
    return undefined;
  }
}

function parseProtocol(json: string): ProtocolSummary | undefined {
  try {
    const protocol = JSON.parse(json) as ProtocolSummary;
    return typeof protocol.name === "string" && Array.isArray(protocol.groupedBy) ? protocol : undefined;
  } catch {
    return undefined;
  }
}

function parseClassMap(json: string): ClassMapSummary | undefined {
  try {
    const map = JSON.parse(json) as ClassMapSummary;
    const valid = map.becomes.every(
      ([name, becomes]) => typeof name === "string" && (becomes === null || typeof becomes === "string"),
    );
    return valid && Number.isInteger(map.leftOut) ? map : undefined;
  } catch {
    return undefined;
  }
}

/** Undefined where there is none. */
function parseArchitecture(json: string | undefined): Network | undefined {
  try {
    return json === undefined ? undefined : parseNetwork(json);
  } catch (cause) {
    throw new ModelError(
      `an ONNX file whose network cannot be read, damaged or of a later version of naevus: ${firstLine(cause)}`,
      { cause },
    );
  }
}

function unreadableLineage(): never {
  throw new ModelError(
    "an ONNX file whose lineage, the models that it went on from, cannot be read: damaged, or of a later version of naevus",
  );
}

/** Reads the metadata of a model file; throws {@link ModelError} where it is no ONNX or not written by naevus. */
export function readMetadata(bytes: Uint8Array): StoredMetadata {
  let producer = "";
  let hasGraph = false;
  let ownFields: boolean;
  const entries = new Map<string, string>();
  try {
    for (const { field, value } of readFields(bytes)) {
      if (field === FIELDS.producer) producer = text(value);
      if (field === FIELDS.graph) hasGraph = true;
      if (field === FIELDS.metadata) entries.set(...readEntry(value));
    }
    ownFields = hasKnownFieldsOnly(bytes);
  } catch (cause) {
    throw new ModelError("no ONNX file, or one that is cut off", { cause });
  }
  if (!hasGraph) throw new ModelError("no ONNX file: it holds no graph");
  if (producer !== PRODUCER) {
    throw new ModelError(`an ONNX file written by ${producer || "an unknown program"}, not by naevus`);
  }
  if (!ownFields)
    throw new ModelError("an ONNX file with fields that naevus does not write, such as tensors kept in other files");
  const classes = parseClasses(entries.get("classes"));
  if (classes === undefined) throw new ModelError("an ONNX file without class names in its metadata");
  const [imageHeight, imageWidth] = [Number(entries.get("imageHeight")), Number(entries.get("imageWidth"))];
  if (!(Number.isInteger(imageHeight) && Number.isInteger(imageWidth) && imageHeight > 0 && imageWidth > 0)) {
    throw new ModelError("an ONNX file without the size of its images in its metadata");
  }
  const origin = entries.get("origin");
  const geometry = geometryNames.find((name) => name === (entries.get("geometry") ?? "squash"));
  if (geometry === undefined) {
    throw new ModelError(`an ONNX file for images of geometry "${entries.get("geometry")}", which is unknown here`);
  }
  // Files from before there was a choice have none.
  const resampling = resamplingFilters.find((name) => name === (entries.get("resampling") ?? "cubic"));
  if (resampling === undefined) {
    throw new ModelError(`an ONNX file for images of resampling "${entries.get("resampling")}", which is unknown here`);
  }
  const temperature = Number(entries.get("temperature") ?? 1);
  if (!(temperature > 0 && temperature < Number.POSITIVE_INFINITY)) {
    throw new ModelError(`an ONNX file whose temperature is "${entries.get("temperature")}", no number above 0`);
  }
  const architecture = parseArchitecture(entries.get("architecture"));
  const protocol = parseProtocol(entries.get("protocol") ?? "");
  const classMap = parseClassMap(entries.get("classMap") ?? "");
  const lineage = entries.get("lineage");
  const { own: learnedImages, ancestors } =
    lineage === undefined
      ? { own: parseLearnedImages(entries.get("learnedImages") ?? ""), ancestors: undefined }
      : (parseLineage(lineage) ?? unreadableLineage());
  return {
    classes,
    network: entries.get("network") ?? "",
    ...(architecture && { architecture }),
    dataFingerprint: entries.get("dataFingerprint") ?? "",
    version: entries.get("version") ?? "",
    ...(origin === "folder" || origin === "phantom" ? { origin } : {}),
    geometry,
    resampling,
    temperature,
    ...(protocol && { protocol }),
    ...(classMap && { classMap }),
    ...(learnedImages && { learnedImages }),
    ...(ancestors && { ancestors }),
    imageHeight,
    imageWidth,
    intendedUse: entries.get("intendedUse") ?? "",
  };
}
