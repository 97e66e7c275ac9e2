/**
 * Proves that the compressed pixels of a JPEG give all blocks of its picture and nothing else (ITU-T T.81, annex F). libjpeg takes
 * any bits for pixels: after lost or foreign bytes it reads on out of step, and stops where the picture is full, whatever is left.
 */
import { isFrame, jpegMarkers, jpegSegments, scanData } from "./jpeg-segments.ts";

interface Component {
  readonly id: number;
  readonly across: number;
  readonly down: number;
  readonly quantisation: number;
}

interface Frame {
  readonly width: number;
  readonly height: number;
  readonly components: readonly Component[];
}

/** By the next 16 bits: how many of them a code takes with its number, and what it says; 0 where there is no such code. */
type Codes = Uint16Array;

/** How many coefficients the end of a block adds; more than any other code. */
const endOfBlock = 128;
/** A block of 8 x 8 samples of 8 bits has a mean from -1024 to 1024 in the unit of its coefficients; encoders may overshoot. */
const largestMean = 2 * 1024;
/** Some cameras fill up what they write with a few bytes. */
const mostFilling = 16;

/**
 * What is wrong with the compressed pixels of a baseline or extended JPEG, or undefined. A progressive one is not looked at, since libjpeg
 * reads all of its scans to their ends; nor is one without tables of its own.
 */
export function scanFault(file: Uint8Array): string | undefined {
  const [dcTables, acTables]: Uint8Array[][] = [[], []];
  const means: number[] = [];
  const seen = new Set<number>();
  let frame: Frame | undefined;
  let interval = 0;
  for (const { marker, content, end } of jpegSegments(file)) {
    if (marker === jpegMarkers.tables) readTables(content, dcTables!, acTables!);
    else if (marker === jpegMarkers.quantisation) readMeans(content, means);
    else if (marker === jpegMarkers.restarts) interval = (content[0]! << 8) | content[1]!;
    else if (isFrame(marker)) {
      if (marker > 0xc1) return undefined;
      frame = readFrame(content);
    } else if (marker === jpegMarkers.scan && frame !== undefined) {
      const parts: Part[] = [];
      for (let i = 0; i < content[0]!; i++) {
        const [id, tables] = [content[1 + 2 * i]!, content[2 + 2 * i]!];
        const component = frame.components.find((other) => other.id === id);
        const [dc, ac] = [codesOf(dcTables![tables >> 4], dcEntry), codesOf(acTables![tables & 15], acEntry)];
        if (component === undefined || dc === undefined || ac === undefined) return undefined;
        if (seen.has(id)) return "a colour comes twice in it";
        seen.add(id);
        parts.push({ ...component, dc, ac, limit: largestMean / (means[component.quantisation] ?? 1) + 1 });
      }
      if (parts.length === 0) return undefined;
      const fault = partsFault(frame, parts, interval, file, end);
      if (fault !== undefined) return fault;
    }
  }
  if (frame !== undefined && seen.size < frame.components.length) return "it lacks colours";
  return undefined;
}

/** A component with what its scan uses. */
interface Part extends Component {
  readonly dc: Codes;
  readonly ac: Codes;
  /** The largest mean of a block, quantised. */
  readonly limit: number;
}

function partsFault(
  frame: Frame,
  parts: readonly Part[],
  interval: number,
  file: Uint8Array,
  from: number,
): string | undefined {
  const [most, mostDown] = [largest(frame, "across"), largest(frame, "down")];
  const alone = parts.length === 1;
  const count = (pixels: number, sampling: number, largestSampling: number): number =>
    alone ? Math.ceil(Math.ceil((pixels * sampling) / largestSampling) / 8) : Math.ceil(pixels / (8 * largestSampling));
  const units = count(frame.width, parts[0]!.across, most) * count(frame.height, parts[0]!.down, mostDown);
  const blocks = parts.flatMap((part, i) => Array<number>(alone ? 1 : part.across * part.down).fill(i));
  const perInterval = interval === 0 ? units : interval;
  const intervals = Math.ceil(units / perInterval);
  const data = scanData(file, from, intervals + 2);
  // Some encoders write a restart marker after the last interval as well.
  const closed = data.ends.length === intervals + 1 && data.ends.at(-1) === data.ends.at(-2);
  if (data.ends.length < intervals) return "its compressed pixels end too early";
  if (!data.inOrder || (data.ends.length > intervals && !closed)) return "the parts of its picture are out of order";
  if (hasZeroedBlocks(parts, data.bytes.subarray(0, data.length)))
    return "a stretch of its compressed pixels is zeroed";
  for (let i = 0; i < intervals; i++) {
    const bits = new Interval(parts, blocks, data.bytes, (data.ends[i - 1] ?? 0) * 8, data.ends[i]! * 8);
    const fault = bits.read(Math.min(perInterval, units - i * perInterval)) ?? bits.leftOver();
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/**
 * Zeros are the shortest code over and over, so a zeroed stretch may come to the right number of blocks. Where that code ends a
 * block, they are an even area; else they are blocks with all their 63 frequencies, one after another, which no picture has.
 */
function hasZeroedBlocks(parts: readonly Part[], scan: Uint8Array): boolean {
  if (parts.every(({ ac }) => ac[0]! >> 5 === endOfBlock)) return false;
  return Buffer.from(scan.buffer, scan.byteOffset, scan.length).includes(zeros);
}

/** More than the blocks of two units take. */
const zeros = Buffer.alloc(512);

const largest = ({ components }: Frame, side: "across" | "down"): number =>
  Math.max(...components.map((component) => component[side]));

/** The bits between two restarts. */
class Interval {
  readonly #parts: readonly Part[];
  /** The component of each block of a unit. */
  readonly #blocks: readonly number[];
  readonly #bytes: Uint8Array;
  readonly #end: number;
  /** In bits. */
  #at: number;

  constructor(parts: readonly Part[], blocks: readonly number[], bytes: Uint8Array, start: number, end: number) {
    this.#parts = parts;
    this.#blocks = blocks;
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  /** Passes over the blocks of so many units, and says what is wrong with them. */
  read(units: number): string | undefined {
    const [bytes, parts, blocks, end] = [this.#bytes, this.#parts, this.#blocks, this.#end];
    const means = new Int32Array(parts.length);
    let at = this.#at;
    for (let unit = 0; unit < units; unit++) {
      for (let block = 0; block < blocks.length; block++) {
        const component = blocks[block]!;
        const { dc, ac, limit } = parts[component]!;
        const first = dc[next16(bytes, at)]!;
        if (first === 0) return noSuchCode;
        at += first & 31;
        const size = first >> 5;
        if (size > 0) {
          const number = next16(bytes, at) >> (16 - size);
          at += size;
          // A number that begins with 0 is negative.
          const mean = means[component]! + (number >> (size - 1) === 0 ? number - (1 << size) + 1 : number);
          if (mean > limit || mean < -limit) return "its compressed pixels are brighter or darker than any can be";
          means[component] = mean;
        }
        let coefficient = 1;
        while (coefficient < 64) {
          const code = ac[next16(bytes, at)]!;
          if (code === 0) return noSuchCode;
          at += code & 31;
          coefficient += code >> 5;
        }
        if (coefficient > 64 && coefficient < endOfBlock) return "its compressed pixels overfill a block";
        if (at > end) return "its compressed pixels end too early";
      }
    }
    this.#at = at;
    return undefined;
  }

  /** What is left has to be less than a byte, or a little filling. */
  leftOver(): string | undefined {
    const [from, to] = [Math.ceil(this.#at / 8), this.#end / 8];
    if (to - from <= mostFilling && this.#bytes.subarray(from, to).every((byte) => byte === this.#bytes[from])) {
      return undefined;
    }
    return `${to - from} bytes of its compressed pixels are left over`;
  }
}

/** The 16 bits from a place on. */
function next16(bytes: Uint8Array, at: number): number {
  const i = at >>> 3;
  return (((bytes[i]! << 16) | (bytes[i + 1]! << 8) | bytes[i + 2]!) >>> (8 - (at & 7))) & 0xffff;
}

const noSuchCode = "its compressed pixels hold a code that does not exist";

/** DHT (B.2.4.2): tables by their number, each with its 16 counts of codes and their symbols. */
function readTables(content: Uint8Array, dcTables: Uint8Array[], acTables: Uint8Array[]): void {
  for (let at = 0; at + 17 <= content.length; ) {
    const [kind, number] = [content[at]! >> 4, content[at]! & 15];
    const length = 16 + content.subarray(at + 1, at + 17).reduce((sum, count) => sum + count, 0);
    (kind === 0 ? dcTables : acTables)[number] = content.subarray(at + 1, at + 1 + length);
    at += 1 + length;
  }
}

/** The codes of a table that a scan uses: a file may have millions that none does. */
function codesOf(table: Uint8Array | undefined, entry: (length: number, symbol: number) => number): Codes | undefined {
  if (table === undefined) return undefined;
  const codes = new Uint16Array(65536);
  for (let length = 1, at = 16, start = 0; length <= 16; length++) {
    for (let i = 0; i < table[length - 1]!; i++) {
      const end = start + (1 << (16 - length));
      codes.fill(entry(length, table[at++] ?? 0), start, end);
      start = end;
    }
  }
  return codes;
}

/** The bits of a code, and of the number after it: of 8-bit samples at most 11 (F.1.2.1). */
const dcEntry = (length: number, size: number): number => (size > 11 ? 0 : length | (size << 5));

/** The bits of a code with its number, and how many coefficients it passes over (F.1.2.2); numbers have at most 10 bits. */
function acEntry(length: number, symbol: number): number {
  const [run, size] = [symbol >> 4, symbol & 15];
  if (size > 10) return 0;
  if (size > 0) return (length + size) | ((run + 1) << 5);
  return length | ((run === 15 ? 16 : endOfBlock) << 5);
}

/** DQT (B.2.4.1): the divisors of the means. */
function readMeans(content: Uint8Array, means: number[]): void {
  for (let at = 0; at < content.length; ) {
    const [wide, number] = [content[at]! >> 4 !== 0, content[at]! & 15];
    means[number] = Math.max(1, wide ? (content[at + 1]! << 8) | content[at + 2]! : content[at + 1]!);
    at += wide ? 129 : 65;
  }
}

/** SOF (B.2.2). */
function readFrame(content: Uint8Array): Frame {
  const components: Component[] = [];
  for (let at = 6; at + 3 <= content.length && components.length < content[5]!; at += 3) {
    const sampling = content[at + 1]!;
    components.push({
      id: content[at]!,
      across: sampling >> 4,
      down: sampling & 15,
      quantisation: content[at + 2]!,
    });
  }
  return {
    height: (content[1]! << 8) | content[2]!,
    width: (content[3]! << 8) | content[4]!,
    components,
  };
}
