/** A network's summary as text for a terminal of 80 columns or more. */

import type { EngineDescription, Precision, TrainingMemory } from "../../engine/engine.ts";
import type { Speed } from "../../engine/profile/speed.ts";
import {
  type ArchitectureOption,
  expectedOf,
  type OptionTable,
  textOfOption,
} from "../../network/architectures/options.ts";
import { type NetworkName, networkNames, networkOptions } from "../../network/architectures.ts";
import { formatShape } from "../../network/shape.ts";
import type { LayerSummary, NetworkSummary } from "../../network/summary.ts";
import { byteSize, count, magnitude, plural } from "../../text/numbers.ts";
import { printableLine } from "../../text/printable.ts";
import { shorten, textTable, textWidth } from "../../text/text-table.ts";

/** A line of the table: where the layer stands, then its figures. */
type Row = readonly [layer: string, output: string, parameters: string, flops: string, sees: string];

const title: Row = ["layer", "output", "parameters", "FLOP", "sees"];

const legend =
  "FLOP: arithmetic forward, for one image. sees: height x width of the part of\nthe image that the middle of the output depends on.";

const indentation = "  ";
const gap = 2;

/** A column's width is that of its widest cell: the layer has what the others leave. */
function fitted(rows: readonly Row[], columns: number): readonly Row[] {
  const others = ([1, 2, 3, 4] as const).reduce(
    (sum, column) => sum + gap + rows.reduce((widest, row) => Math.max(widest, textWidth(row[column])), 0),
    0,
  );
  const room = Math.max(20, columns - others);
  return rows.map(([layer, ...figures]) => [shorten(layer, room), ...figures]);
}

const isWhole = ({ field }: LayerSummary): boolean => field.share === 1;

/** A layer, and below it, set in, the layers that it holds. Its own figures are those that no line below it has. */
function rowsOf(layer: LayerSummary, depth: number): readonly Row[] {
  const { path, description, shape, trainable, otherParameters, flops, field, frozen, branches } = layer;
  const setIn = indentation.repeat(depth);
  const parameters = trainable + otherParameters;
  const hasInner = branches.length > 0;
  const own: Row = [
    `${setIn}${path.slice(path.lastIndexOf(".") + 1)} ${description}${frozen && depth === 0 ? ", frozen" : ""}`,
    formatShape(shape),
    hasInner || parameters === 0 ? "" : count(parameters),
    hasInner || flops === 0 ? "" : magnitude(flops),
    isWhole(layer) ? "all" : formatShape(field.size),
  ];
  const inner = branches.flatMap(({ name, layers }): readonly Row[] => [
    [`${setIn}${indentation}${name}${layers.length === 0 ? ": identity" : ""}`, "", "", "", ""],
    ...layers.flatMap((one) => rowsOf(one, depth + 2)),
  ]);
  return [own, ...inner];
}

/** Every layer with its output, parameters, arithmetic and receptive field; branches are set in. */
export function formatLayers({ layers }: NetworkSummary, columns: number): string {
  const table = textTable(fitted([title, ...layers.flatMap((layer) => rowsOf(layer, 0))], columns));
  return `${table}\n\n${legend}`;
}

/** What it is: name, images and classes. */
export const formatHeading = ({ name, input, classes }: NetworkSummary): string =>
  `${printableLine(name)}: images of ${formatShape(input)} (channels x height x width), ${count(classes)} ${classes === 1 ? "class" : "classes"}`;

/** What an engine was found to need and to reach with a network. */
export interface MeasuredNetwork {
  readonly engine: EngineDescription;
  readonly precision: Precision;
  /** Images of a training step, which its memory belongs to. */
  readonly batch: number;
  readonly memory: TrainingMemory;
  /** Null where it was not measured. */
  readonly speed: (Speed & { readonly batch: number }) | null;
}

/** Words and their figures; figures that take several lines stand below each other. */
const facts = (rows: readonly (readonly [name: string, ...values: string[]])[]): string => {
  const width = Math.max(...rows.map(([name]) => textWidth(name)));
  return rows
    .flatMap(([name, ...values]) =>
      values.map((value, i) => `${(i === 0 ? name : "").padEnd(width)}  ${printableLine(value)}`),
    )
    .join("\n");
};

const imagesPerSecond = (rate: number): string =>
  `${rate < 10 ? rate.toPrecision(2) : count(Math.round(rate))} images/s`;

/** The sums over the network, and what the engine needs and reaches. */
export function formatTotals(
  { totals }: NetworkSummary,
  { engine, precision, batch, memory, speed }: MeasuredNetwork,
): string {
  const { activations, weights, gradients, optimizer } = memory;
  const { trainable, otherParameters } = totals;
  const bytes = activations + weights + gradients + optimizer;
  const { threads } = engine;
  return facts([
    [
      "parameters",
      `${count(trainable)} trained${otherParameters > 0 ? `, ${count(otherParameters)} not (running statistics, frozen layers)` : ""}`,
    ],
    ["model.onnx", byteSize(totals.modelBytes)],
    [
      "arithmetic",
      `${magnitude(totals.flops)}FLOP an image forward, ${magnitude(totals.trainingFlops)}FLOP in training`,
    ],
    [
      "memory",
      `${byteSize(bytes)} for a training step on ${plural(batch, "image")}: activations ${byteSize(activations)},`,
      `weights ${byteSize(weights)}, gradients ${byteSize(gradients)}, state of Adam ${byteSize(optimizer)}`,
    ],
    ...(speed === null
      ? []
      : ([
          [
            "speed",
            `training ${imagesPerSecond(speed.training)}, inference ${imagesPerSecond(speed.inference)}, ${plural(speed.batch, "image")} at once`,
          ],
        ] as const)),
    ["engine", `${engine.library}, ${precision}, ${plural(threads, "thread")}`],
  ]);
}

/** All named architectures, one line each. */
export const formatNetworkList = (summaries: readonly NetworkSummary[]): string =>
  textTable([
    ["network", "images", "layers", "parameters", "FLOP", "model.onnx"],
    ...summaries.map(({ name, input, layers, totals }) => [
      name,
      formatShape(input.slice(1)),
      count(layerCount(layers)),
      count(totals.trainable + totals.otherParameters),
      magnitude(totals.flops),
      byteSize(totals.modelBytes),
    ]),
  ]);

/** The options of all named architectures, each list below the names that take it. */
export function formatNetworkOptions(): string {
  const families = new Map<OptionTable, NetworkName[]>();
  for (const name of networkNames) {
    const table = networkOptions[name];
    families.set(table, [...(families.get(table) ?? []), name]);
  }
  const lists = [...families].flatMap(([table, names]) => {
    const rows = Object.entries<ArchitectureOption>(table).flatMap(([option, form]) => [
      [option, form.decides],
      ["", `${expectedOf(form)}${form.usual === undefined ? "" : `; default ${textOfOption(form.usual)}`}`],
    ]);
    return rows.length === 0 ? [] : [`${names.join(", ")}:\n${facts(rows as [string, string][])}`];
  });
  return `Options are given as in --network resnet50:width=32,stem=3x3\n\n${lists.join("\n\n")}`;
}

const layerCount = (layers: readonly LayerSummary[]): number =>
  layers.reduce(
    (sum, { branches }) => sum + 1 + branches.reduce((inner, branch) => inner + layerCount(branch.layers), 0),
    0,
  );
