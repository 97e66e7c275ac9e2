/** Damages the text of files as failing disks, cut writes and editors do, for tests. */
import type { Random } from "../../random.ts";

interface Damage {
  readonly how: string;
  readonly bytes: Uint8Array;
}

const kinds: Readonly<Record<string, (bytes: Buffer, random: Random) => Buffer>> = {
  "a flipped bit": (bytes, random) => {
    bytes[random.integer(bytes.length)]! ^= 1 << random.integer(8);
    return bytes;
  },
  "another digit": (bytes, random) => {
    const digits = [...bytes.keys()].filter((i) => bytes[i]! >= 48 && bytes[i]! <= 57);
    const place = digits[random.integer(digits.length)]!;
    bytes[place] = 48 + ((bytes[place]! - 48 + 1 + random.integer(9)) % 10);
    return bytes;
  },
  "bytes lost": (bytes, random) => {
    const start = random.integer(bytes.length);
    return Buffer.concat([bytes.subarray(0, start), bytes.subarray(start + 1 + random.integer(40))]);
  },
  "a line lost": (bytes, random) => {
    const lines = bytes.toString("latin1").split("\n");
    lines.splice(random.integer(lines.length - 1), 1);
    return Buffer.from(lines.join("\n"), "latin1");
  },
  "two values swapped": (bytes, random) => {
    const text = bytes.toString("latin1");
    const values = [...text.matchAll(/(?<=[:,]\s*)("[^"]*"|[\w.+-]+)(?=\s*[,}\]\n])/g)];
    const [one, two] = [random.integer(values.length), random.integer(values.length)].sort((a, b) => a - b);
    const [first, second] = [values[one!]!, values[two!]!];
    if (first.index === second.index) return bytes;
    const end = first.index + first[0].length;
    return Buffer.from(
      text.slice(0, first.index) +
        second[0] +
        text.slice(end, second.index) +
        first[0] +
        text.slice(second.index + second[0].length),
      "latin1",
    );
  },
  "a cut": (bytes, random) => bytes.subarray(0, random.integer(bytes.length)),
  zeros: (bytes, random) => bytes.fill(0, random.integer(bytes.length)),
};

/** The text of a file with one damage, drawn from `random`. */
export function damagedText(text: Uint8Array, random: Random): Damage {
  const names = Object.keys(kinds);
  const how = names[random.integer(names.length)]!;
  return { how, bytes: kinds[how]!(Buffer.from(text), random) };
}
