/** xxHash32 (Yann Collet, specification 0.1.1) with the seed 0: the checksum of every image in a pixel file. */

const [p1, p2, p3, p4, p5] = [0x9e3779b1, 0x85ebca77, 0xc2b2ae3d, 0x27d4eb2f, 0x165667b1];

const rotate = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits));

let scratch = new Int32Array(0);

/** The whole words of bytes, which may lie anywhere: those that are not at a multiple of four are copied. */
function wordsOf(bytes: Uint8Array): Int32Array {
  const count = bytes.length >>> 2;
  if (bytes.byteOffset % 4 === 0) return new Int32Array(bytes.buffer, bytes.byteOffset, count);
  if (scratch.length < count) scratch = new Int32Array(count);
  new Uint8Array(scratch.buffer).set(bytes.subarray(0, count * 4));
  return scratch;
}

/** An unsigned number of 32 bits. */
export function xxHash32(bytes: Uint8Array): number {
  const { length } = bytes;
  const words = wordsOf(bytes);
  const striped = (length >>> 4) << 2;
  let hash = p5;
  if (striped > 0) {
    let [a, b, c, d] = [(p1 + p2) | 0, p2 | 0, 0, -p1 | 0];
    // Four sums that do not wait for one another, written out: this is where the time goes.
    for (let i = 0; i < striped; i += 4) {
      a = (a + Math.imul(words[i]!, p2)) | 0;
      a = Math.imul((a << 13) | (a >>> 19), p1);
      b = (b + Math.imul(words[i + 1]!, p2)) | 0;
      b = Math.imul((b << 13) | (b >>> 19), p1);
      c = (c + Math.imul(words[i + 2]!, p2)) | 0;
      c = Math.imul((c << 13) | (c >>> 19), p1);
      d = (d + Math.imul(words[i + 3]!, p2)) | 0;
      d = Math.imul((d << 13) | (d >>> 19), p1);
    }
    hash = rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18);
  }
  hash = (hash + length) | 0;
  for (let i = striped; i < length >>> 2; i++) {
    hash = Math.imul(rotate((hash + Math.imul(words[i]!, p3)) | 0, 17), p4);
  }
  for (let i = length & ~3; i < length; i++) {
    hash = Math.imul(rotate((hash + Math.imul(bytes[i]!, p5)) | 0, 11), p1);
  }
  hash = Math.imul(hash ^ (hash >>> 15), p2);
  hash = Math.imul(hash ^ (hash >>> 13), p3);
  return (hash ^ (hash >>> 16)) >>> 0;
}
