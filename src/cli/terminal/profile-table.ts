/** A profile as a table for a terminal of 100 columns. */

import type { Profile, ProfileRow } from "../../engine/profile/profile.ts";
import { bandwidthFor } from "../../engine/profile/roofline.ts";
import type { Pass } from "../../engine/profile/timing.ts";
import { percent } from "../../text/numbers.ts";
import { shorten } from "../../text/text-table.ts";

const milliseconds = (seconds: number): string => (seconds * 1000).toFixed(seconds < 0.01 ? 2 : 1);
const giga = (value: number): string => (value / 1e9).toFixed(0);

/** What was reached of what is possible, in the unit that says more: arithmetic where there is any, else memory. */
function rateOf({ flops, bytes, seconds, limitSeconds }: ProfileRow): readonly [reached: string, unit: string] {
  const [amount, unit] = flops > 0 ? [flops, "GFLOP/s"] : [bytes, "GB/s"];
  const rate = (time: number) => (time > 0 ? giga(amount / time) : "-");
  return [`${rate(seconds)} of ${rate(limitSeconds)}`, unit];
}

/** Column widths; together with the blanks between them 100. */
const columns = [
  ["layer", 13],
  ["primitive", 29],
  ["ms", 6],
  ["share", 7],
  ["reached of limit", 19],
  ["implementation", 21],
] as const;

const fromTheRight = new Set<string>(["ms", "share", "reached of limit"]);

const line = (cells: readonly string[]): string =>
  columns
    .map(([title, width], column) => {
      const cell = shorten(cells[column] ?? "", width);
      return fromTheRight.has(title) ? cell.padStart(width) : cell.padEnd(width);
    })
    .join(" ")
    .trimEnd();

function rowLine(row: ProfileRow): string {
  const { layer, kind, primitive, runs, seconds, share, implementations } = row;
  const [reached, unit] = rateOf(row);
  return line([
    layer,
    [...(kind ? [kind] : []), primitive, ...(runs > 1 ? [`x${runs}`] : [])].join(" "),
    milliseconds(seconds),
    percent(share),
    `${reached} ${unit}`,
    implementations.join(", "),
  ]);
}

/** All layers of a kind together, by time. */
function summaryOf(rows: readonly ProfileRow[]): readonly ProfileRow[] {
  const groups = new Map<string, ProfileRow>();
  for (const row of rows) {
    const name = row.kind ?? row.layer;
    const key = `${name} ${row.primitive}`;
    const sum = groups.get(key) ?? { ...row, layer: name, kind: null, runs: 0, ...nothing };
    groups.set(key, {
      ...sum,
      runs: sum.runs + row.runs,
      seconds: sum.seconds + row.seconds,
      share: sum.share + row.share,
      flops: sum.flops + row.flops,
      bytes: sum.bytes + row.bytes,
      limitSeconds: sum.limitSeconds + row.limitSeconds,
      implementations: [...new Set([...sum.implementations, ...row.implementations])],
    });
  }
  return [...groups.values()].filter(({ share }) => share >= leastShare).sort((a, b) => b.seconds - a.seconds);
}

const nothing = { seconds: 0, share: 0, flops: 0, bytes: 0, limitSeconds: 0, implementations: [] };

/** Of the step: what takes less is not in the summary. */
const leastShare = 0.005;

const passes: readonly (readonly [Pass, string])[] = [
  ["forward", "forward"],
  ["backward", "backward"],
  ["update", "update, Adam"],
];

/** A profile as text: time, operations and bytes of every instruction beside the machine's limits. */
export function formatProfile(profile: Profile): string {
  const { network, batch, precision, engine, roofline, rows, stepSeconds, primitiveSeconds } = profile;
  const sections = passes.flatMap(([pass, title]) => {
    const inPass = rows.filter((row) => row.pass === pass);
    const seconds = inPass.reduce((sum, row) => sum + row.seconds, 0);
    const share = percent(seconds / stepSeconds);
    return ["", line([title, "", milliseconds(seconds), share]), ...inPass.map(rowLine)];
  });
  return [
    `${network}, batch ${batch}, ${precision}: ${milliseconds(stepSeconds)} ms a step, ${(batch / stepSeconds).toFixed(0)} images/s`,
    shorten(
      `${engine.library}, ${engine.instructionSet}, ${engine.threads} ${engine.threads === 1 ? "thread" : "threads"}`,
      100,
    ),
    `limits measured: ${giga(roofline.flopsPerSecond)} GFLOP/s, ` +
      `${giga(bandwidthFor(roofline, 0))} GB/s in caches, ` +
      `${giga(bandwidthFor(roofline, Number.POSITIVE_INFINITY))} GB/s in memory (read and written together)`,
    "",
    line(columns.map(([title]) => title)),
    ...sections,
    "",
    "by kind of layer",
    ...summaryOf(rows).map(rowLine),
    "",
    `inside primitives: ${milliseconds(primitiveSeconds)} ms, each timed alone: ${percent(profile.primitiveOverStep)} of the step`,
    "xN: N times a step, for parts of the batch or of the parameters.",
    "GFLOP/s count the direct algorithm's arithmetic, GB/s every tensor read and every one written.",
  ].join("\n");
}
