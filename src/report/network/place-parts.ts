/** Where everything in a network's drawing stands: parts below each other, the branches of a fork beside each other. */

import { formatShape } from "../../network/shape.ts";
import { count } from "../../text/numbers.ts";
import { shorten, textWidth } from "../../text/text-table.ts";
import { chartColours } from "../charts/chart-colours.ts";
import { type Html, html } from "../html/html.ts";
import type { Block, Fork, ForkKind, Omission, Part, Repeat, Role } from "./diagram-parts.ts";

/** Something that is entered from above and left below, both at its axis. All lengths are in pixels. */
export interface Placed {
  /** From the axis to the left end. */
  readonly left: number;
  /** From the axis to the right end. */
  readonly right: number;
  readonly height: number;
  /** Draws it with its axis at x and its upper end at y. */
  draw(x: number, y: number): Html;
}

/** Widths of a character that no usual font exceeds on average. */
const titleCharacter = 7.2;
const noteCharacter = 6.5;
const [leastWidth, mostWidth, padding] = [96, 252, 10] as const;
const [oneLine, twoLines] = [28, 42] as const;

/** Between two parts, where the shape stands, and before the first of a branch. */
const edge = 26;
const joint = 9;
const beside = 18;
const frame = 8;
const tagHeight = 18;

const colours: { readonly [R in Role]: string } = {
  convolution: chartColours[0],
  dense: chartColours[1],
  pooling: chartColours[2],
  other: chartColours[6],
};

const line = (path: string): Html =>
  html`<path d="${path}" fill="none" stroke="currentColor" stroke-opacity="0.55" stroke-width="1.3"/>`;

const arrowHead = (x: number, y: number): Html =>
  html`<path d="M${x - 3.5} ${y - 6}L${x} ${y}L${x + 3.5} ${y - 6}Z" fill="currentColor" fill-opacity="0.7"/>`;

/** A line down with an arrow, and the shape of what goes along it. */
export const arrow = (x: number, from: number, to: number, shape?: string): Html =>
  html`${line(`M${x} ${from}V${to}`)}${arrowHead(x, to)}${
    shape !== undefined &&
    html`<text x="${x + 7}" y="${(from + to) / 2 + 3}" font-size="10.5" fill-opacity="0.75">${shape}</text>`
  }`;

/** From the end of a column to the beginning of the next: down, aside, up between them, and down to `to`. */
export const toNextColumn = (
  x: number,
  from: number,
  aside: number,
  top: number,
  next: { readonly x: number; readonly to: number; readonly shape: string },
): Html =>
  html`${line(`M${x} ${from}v14H${aside}V${top}H${next.x}V${next.to - 20}`)}${arrow(next.x, next.to - 20, next.to, next.shape)}`;

const notesOf = ({ notes }: Block): string => notes.join(", ");
const parametersOf = ({ parameters }: Block): string => (parameters > 0 ? count(parameters) : "");

/** The width at which all blocks of a branch can be read. */
function widthOf(parts: readonly Part[]): number {
  const needed = parts.flatMap((part): number[] => {
    if (part.kind === "repeat") return [widthOf(part.parts)];
    if (part.kind !== "block") return [];
    const below = [notesOf(part), parametersOf(part)].filter((text) => text !== "").join("   ");
    return [textWidth(part.title) * titleCharacter, textWidth(below) * noteCharacter];
  });
  return Math.min(mostWidth, Math.max(leastWidth, ...needed.map((width) => Math.ceil(width) + 2 * padding)));
}

function placeBlock(block: Block, width: number): Placed {
  const [notes, parameters] = [notesOf(block), parametersOf(block)];
  const height = notes === "" && parameters === "" ? oneLine : twoLines;
  const half = width / 2;
  const room = Math.floor((width - 2 * padding) / noteCharacter) - (parameters === "" ? 0 : parameters.length + 2);
  const title = shorten(block.title, Math.floor((width - 2 * padding) / titleCharacter));
  const colour = colours[block.role];
  return {
    left: half,
    right: half,
    height,
    draw: (
      x,
      y,
    ) => html`<g><title>${block.tip.join("\n")}</title><rect x="${x - half}" y="${y}" width="${width}" height="${height}" rx="6" fill="${colour}" fill-opacity="0.16" stroke="${colour}"/>
<text x="${x - half + padding}" y="${y + 18}" font-size="12" font-weight="600">${title}</text>${
      notes !== "" &&
      html`<text x="${x - half + padding}" y="${y + 34}" font-size="11" fill-opacity="0.8">${shorten(notes, Math.max(room, 4))}</text>`
    }${
      parameters !== "" &&
      html`<text x="${x + half - padding}" y="${y + 34}" font-size="11" text-anchor="end">${parameters}</text>`
    }</g>
`,
  };
}

const placeOmission = ({ layers }: Omission): Placed => ({
  left: 60,
  right: 60,
  height: 40,
  draw: (x, y) => html`${line(`M${x} ${y}v4m0 5v4m0 5v4`)}
<text x="${x}" y="${y + 36}" font-size="12" text-anchor="middle">${count(layers)} more layers</text>
`,
});

/** What happens to branches where they meet. */
const signs: { readonly [K in ForkKind]: string } = { residual: "+", gate: "×", concatenate: "‖" };

/** A circle where branches meet. */
const meeting = (x: number, y: number, sign: string): Html =>
  html`<circle cx="${x}" cy="${y}" r="${joint}" fill="none" stroke="currentColor" stroke-width="1.3"/><text x="${x}" y="${y + 5}" font-size="15" text-anchor="middle">${sign}</text>`;

const framed = (x: number, y: number, width: number, height: number, isRepeat: boolean): Html =>
  html`<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="9" fill="currentColor" fill-opacity="0.04" stroke="currentColor" stroke-opacity="${isRepeat ? 0.5 : 0.15}"${isRepeat && html` stroke-dasharray="4 3"`}/>`;

const tagText = (x: number, y: number, text: string, times = 1): Html =>
  html`<text x="${x}" y="${y}" font-size="10.5" fill-opacity="0.8">${text}${
    times > 1 && html`<tspan font-size="12" font-weight="700">${`${text === "" ? "" : " "}× ${times}`}</tspan>`
  }</text>`;

/**
 * The first branch on the axis, the others to the right of it, all into what happens to them: the body and the shortcut of a residual layer into a
 * sum, a gate's input and its body, which gives the factors, into a product, and the branches of a concatenation behind each other.
 */
function placeFork(fork: Fork, times: number): Placed {
  const [main, ...sides] = fork.branches.map((branch) => placeSequence(branch)) as [Placed, ...Placed[]];
  let end = Math.max(main.right, joint + 3);
  const asides = sides.map((side) => {
    const aside = end + beside + side.left;
    end = aside + side.right;
    return aside;
  });
  const tagWidth = (fork.kind.length + (times > 1 ? 5 : 0)) * noteCharacter;
  const after = fork.notes.join(", ");
  const inner = Math.max(main.height, ...sides.map((side) => side.height));
  const height = tagHeight + inner + (inner > 0 ? 2 : 1) * edge + 2 * joint + frame;
  const left = Math.max(main.left, joint + 3) + frame;
  const right = Math.max(end, after.length * noteCharacter + joint, tagWidth) + frame;
  const shape = formatShape(fork.shape);
  const way = (placed: Placed, x: number, top: number, bottom: number, isLast: boolean): Html => {
    if (placed.height === 0) return html`${line(`M${x} ${top}V${bottom}`)}${isLast && arrowHead(x, bottom)}`;
    const end = top + edge + placed.height;
    return html`${arrow(x, top, top + edge)}${placed.draw(x, top + edge)}${
      isLast ? arrow(x, end, bottom, shape) : line(`M${x} ${end}V${bottom}`)
    }`;
  };
  return {
    left,
    right,
    height,
    draw: (x, y) => {
      const top = y + tagHeight;
      const centre = y + height - frame - joint;
      return html`${framed(x - left, y, left + right, height, times > 1)}${tagText(tagWidth > left - frame ? x + 7 : x - left + frame, y + 13, fork.kind, times)}
${line(`M${x} ${y}V${top}`)}${way(main, x, top, centre - joint, true)}
${asides.map((aside, i) => html`${line(`M${x} ${top}H${x + aside}`)}${way(sides[i]!, x + aside, top, centre, false)}${line(`M${x + aside} ${centre}H${x + joint}`)}`)}
${meeting(x, centre, signs[fork.kind])}${after !== "" && tagText(x + joint + 6, centre + joint + 5, after)}${line(`M${x} ${centre + joint}V${y + height}`)}
`;
    },
  };
}

function placeRepeat({ times, parts }: Repeat, width: number): Placed {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined && "branches" in only) return placeFork(only, times);
  const inner = placeSequence(parts, width);
  const [left, right] = [inner.left + frame, inner.right + frame];
  const height = inner.height + tagHeight + frame;
  return {
    left,
    right,
    height,
    draw: (
      x,
      y,
    ) => html`${framed(x - left, y, left + right, height, true)}${tagText(x - left + frame, y + 13, "", times)}
${line(`M${x} ${y}V${y + tagHeight}`)}${inner.draw(x, y + tagHeight)}${line(`M${x} ${y + height - frame}V${y + height}`)}
`,
  };
}

/** One part. */
export function placePart(part: Part, width: number): Placed {
  if (part.kind === "block") return placeBlock(part, width);
  if (part.kind === "omission") return placeOmission(part);
  return part.kind === "repeat" ? placeRepeat(part, width) : placeFork(part, 1);
}

/** Parts below each other, with the shapes of what goes from one to the next. */
export function placeSequence(parts: readonly Part[], width = widthOf(parts)): Placed {
  const placed = parts.map((part) => placePart(part, width));
  const height = placed.reduce((sum, one) => sum + one.height, 0) + edge * Math.max(0, parts.length - 1);
  return {
    left: Math.max(0, ...placed.map((one) => one.left)),
    right: Math.max(0, ...placed.map((one) => one.right)),
    height,
    draw: (x, y) => {
      let at = y;
      return html`${placed.map((one, i) => {
        const start = at;
        at += one.height + edge;
        const isLast = i === placed.length - 1;
        return html`${one.draw(x, start)}${!isLast && arrow(x, at - edge, at, formatShape(parts[i]!.shape))}`;
      })}`;
    },
  };
}
