/** The README's charts of the bench. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { chartColours } from "../report/charts/chart-colours.ts";
import { drawChart } from "../report/charts/draw-chart.ts";
import type { Results } from "./bench.ts";
import type { Scaling } from "./scaling-bench.ts";

interface Figure {
  readonly file: string;
  /** What it shows, for those who cannot see it. */
  readonly description: string;
  /** Vega-Lite, without its look. */
  readonly spec: object;
}

const decimal = (value: number): string => value.toFixed(value < 10 ? 1 : 0);

function trainingFigure({ training, machine, engine, batch }: Results): Figure {
  const bars = training.flatMap(({ network, precision, imagesPerSecond, peer, peerImagesPerSecond }) => [
    { what: `${network} ${precision}`, who: "naevus", imagesPerSecond },
    ...(peer === null
      ? []
      : [{ what: `${network} ${precision}`, who: peerName(peer), imagesPerSecond: peerImagesPerSecond }]),
  ]);
  const who = [...new Set(bars.map((bar) => bar.who))];
  const sentences = training.map(
    ({ network, precision, imagesPerSecond, peerImagesPerSecond }) =>
      `${network} ${precision} ${decimal(imagesPerSecond)}` +
      (peerImagesPerSecond === null ? "" : ` against ${decimal(peerImagesPerSecond)}`),
  );
  return {
    file: "training.svg",
    description: `Images per second in training: ${sentences.join("; ")}`,
    spec: {
      title: {
        text: `Training from scratch, batch ${batch}`,
        subtitle: `${machine.processor}, ${engine.threads} threads, ${engine.instructionSet}`,
        subtitleColor: "currentColor",
      },
      width: 420,
      height: { step: 18 },
      data: { values: bars.map((bar) => ({ ...bar, shown: decimal(bar.imagesPerSecond ?? 0) })) },
      encoding: {
        y: { field: "what", type: "nominal", title: null, sort: null },
        yOffset: { field: "who", sort: who },
        x: { field: "imagesPerSecond", type: "quantitative", title: "images/s" },
      },
      layer: [
        {
          mark: { type: "bar" },
          encoding: {
            color: {
              field: "who",
              type: "nominal",
              title: null,
              scale: { domain: who, range: chartColours.slice(0, who.length) },
              legend: { labelLimit: 300 },
            },
          },
        },
        { mark: { type: "text", align: "left", dx: 4 }, encoding: { text: { field: "shown" } } },
      ],
    },
  };
}

/** `PyTorch 1.13.0 bf16 channels_last` is one of PyTorch's configurations; the legend names the library. */
const peerName = (peer: string): string => `${peer.split(" ").slice(0, 2).join(" ")}, its best`;

interface Curve {
  readonly title: string;
  readonly axis: string;
  readonly logarithmic: boolean;
  readonly points: readonly { readonly value: number; readonly imagesPerSecond: number }[];
}

function scalingFigure({ base, batch, threads, imageSize, setSize }: Scaling): Figure {
  const step = `${base.network} ${base.precision}`;
  const curves: readonly Curve[] = [
    { title: "Batch", axis: "images in a batch", logarithmic: true, points: batch },
    { title: "Image size", axis: "pixels in height and width", logarithmic: false, points: imageSize },
    { title: "Threads", axis: "threads", logarithmic: false, points: threads },
    {
      title: `Data set, whole pipeline at ${base.setImageSize}x${base.setImageSize}`,
      axis: "images",
      logarithmic: true,
      points: setSize,
    },
  ];
  const chart = ({ title, axis, logarithmic, points }: Curve) => ({
    title,
    width: 260,
    height: 170,
    data: { values: points },
    mark: { type: "line", point: { filled: true, size: 40, color: chartColours[0] }, color: chartColours[0] },
    encoding: {
      x: {
        field: "value",
        type: "quantitative",
        title: axis,
        scale: { ...(logarithmic ? { type: "log" } : { zero: false }), nice: false },
        axis: { values: points.map(({ value }) => value), format: "~s", grid: false, labelOverlap: true },
      },
      y: { field: "imagesPerSecond", type: "quantitative", title: "images/s", scale: { zero: true } },
    },
  });
  const [first, second, third, fourth] = curves.map(chart);
  return {
    file: "scaling.svg",
    description: `Images per second of ${step}. ${curves
      .map(
        ({ title, points }) => `${title}: ${points.map((p) => `${p.value}: ${decimal(p.imagesPerSecond)}`).join(", ")}`,
      )
      .join(". ")}`,
    spec: {
      title: `Training ${step} as one thing changes (else batch ${base.batch}, ${base.threads} threads)`,
      vconcat: [{ hconcat: [first, second] }, { hconcat: [third, fourth] }],
    },
  };
}

/** Which charts there are: that of the scaling only where it was measured. */
export const figuresOf = (results: Results): readonly Figure[] => [
  trainingFigure(results),
  ...(results.scaling === null ? [] : [scalingFigure(results.scaling)]),
];

/** Draws the charts into `folder`, on white, for pages that show them as images. */
export async function drawFigures(results: Results, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (const { file, description, spec } of figuresOf(results)) {
    writeFileSync(join(folder, file), `${await drawChart(spec, description, { background: "white" })}\n`);
  }
}
