/** Writes the manifest of the ISIC 9-class set from its file names: node scripts/isic9-manifest.js FOLDER */
import { readdirSync, writeFileSync } from "node:fs";
import path from "node:path";

const output = path.resolve(import.meta.dirname, "../src/acquire/isic-archive/isic9-images.ts");
const width = 118;

/**
 * The folders of a folder, in code-point order.
 *
 * @param {string} folder
 */
const folders = (folder) =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();

/**
 * The digits of each image of a class folder; "(1)" copies of a file are the same image.
 *
 * @param {string} folder
 */
function idsOf(folder) {
  const ids = readdirSync(folder).map((name) => {
    const [, digits] = /^ISIC_(\d{7})(?: ?\(\d+\))?\.jpe?g$/i.exec(name) ?? [];
    if (!digits) throw new Error(`${path.join(folder, name)}: not named after an ISIC image`);
    return digits;
  });
  return [...new Set(ids)].sort();
}

/**
 * Words in lines of bounded width.
 *
 * @param {readonly string[]} words
 */
function wrap(words) {
  const lines = [""];
  for (const word of words) {
    const line = lines.at(-1) ?? "";
    if (line === "") lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}

const [root] = process.argv.slice(2);
if (!root) throw new Error("usage: node scripts/isic9-manifest.js FOLDER, which holds Train and Test");
const sections = folders(root).flatMap((part) =>
  folders(path.join(root, part)).flatMap((name) => [`${part}/${name}`, ...wrap(idsOf(path.join(root, part, name)))]),
);
writeFileSync(
  output,
  `/** The images of the ISIC 9-class set: below each split and class, the digits of the ISIC ids. Made by scripts/isic9-manifest.js. */

export const isic9Images = \`
${sections.join("\n")}
\`;
`,
);
