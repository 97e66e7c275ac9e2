/** Walks through the segments of a JPEG file (ITU-T T.81, annex B). */

/** The numbers of markers, after their byte 0xff. */
export const jpegMarkers = { tables: 0xc4, end: 0xd9, scan: 0xda, quantisation: 0xdb, restarts: 0xdd } as const;

/** A marker and what belongs to it. */
export interface JpegSegment {
  readonly marker: number;
  /** Where the marker's byte 0xff stands. */
  readonly start: number;
  /** The segment's content, without marker and length. */
  readonly content: Uint8Array;
  /** Where what follows begins: the next marker, or a scan's compressed pixels. */
  readonly end: number;
}

/** Whether a marker begins a frame; of the numbers from 0xc0 to 0xcf three are others. 0xf7 is JPEG-LS's. */
export const isFrame = (marker: number): boolean =>
  (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) || marker === 0xf7;

const isRestart = (marker: number): boolean => marker >= 0xd0 && marker <= 0xd7;

/**
 * The segments in their order, until the end of the image or of the file. Bytes that belong to no segment are passed over, as
 * libjpeg does, and so are the compressed pixels.
 */
export function* jpegSegments(file: Uint8Array): Generator<JpegSegment, void, undefined> {
  for (let at = 2; ; ) {
    const start = file.indexOf(0xff, at);
    if (start < 0 || start + 1 >= file.length) return;
    const marker = file[start + 1]!;
    if (marker === jpegMarkers.end) return;
    // A fill byte.
    if (marker === 0xff) at = start + 1;
    // Compressed pixels, or a marker without a segment.
    else if (marker <= 0x01 || (marker >= 0xd0 && marker <= 0xd8)) at = start + 2;
    else {
      const end = start + 2 + ((file[start + 2]! << 8) | file[start + 3]!);
      if (!(end >= start + 4 && end <= file.length)) return;
      yield { marker, start, content: file.subarray(start + 4, end), end };
      at = end;
    }
  }
}

/** The bytes of a scan without what is stuffed between them, and where its restart intervals end. */
export interface ScanData {
  /** Followed by zeros, so that a whole block may be read from any place. */
  readonly bytes: Uint8Array;
  readonly length: number;
  readonly ends: readonly number[];
  /** Whether the restart markers count from 0 to 7 and begin again. */
  readonly inOrder: boolean;
}

/** More bytes than a block takes: 64 codes of 16 bits with numbers of 15. */
const longestBlock = 256;

/** The compressed pixels that begin at `from`, of so many restart intervals at most. */
export function scanData(file: Uint8Array, from: number, mostIntervals: number): ScanData {
  const bytes = new Uint8Array(file.length - from + longestBlock);
  const ends: number[] = [];
  let [length, kept, inOrder] = [0, from, true];
  const keep = (to: number): void => {
    bytes.set(file.subarray(kept, to), length);
    length += to - kept;
  };
  for (let at = from; ; ) {
    const start = file.indexOf(0xff, at);
    let next = start + 1;
    // Fill bytes.
    while (start >= 0 && file[next] === 0xff) next++;
    const marker = start < 0 ? undefined : file[next];
    if (marker === 0) {
      keep(start + 1);
    } else {
      keep(start < 0 ? file.length : start);
      ends.push(length);
      if (marker === undefined || !isRestart(marker) || ends.length >= mostIntervals)
        return { bytes, length, ends, inOrder };
      if (marker - 0xd0 !== (ends.length - 1) % 8) inOrder = false;
    }
    at = next + 1;
    kept = at;
  }
}
