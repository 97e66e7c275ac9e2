// The documentation mentions only files and folders that exist, and links only to pages that exist.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { entryPoints } from "../docs/entry-points.js";

const root = path.resolve(import.meta.dirname, "..");

const below = (folder: string): string[] =>
  readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const place = path.posix.join(folder, entry.name);
    if (!entry.isDirectory()) return [place];
    return /^(?:node_modules|\..*)$/.test(entry.name) ? [] : [`${place}/`, ...below(place)];
  });

const generated = ["docs/command-line.md", "docs/reference/"];
const isWritten = (file: string) => file.endsWith(".md") && !generated.some((made) => file.startsWith(made));
const documents = [
  ...["README.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md"],
  ...below("docs").filter(isWritten),
];
const textOf = (document: string) => readFileSync(path.join(root, document), "utf8");

/** All that stands in the repository, by its path; a text may leave out the beginning of a path. */
const places = ["bench", "bin", "docs", "notebooks", "scripts", "src"].flatMap((folder) => [
  `${folder}/`,
  ...below(folder),
]);
const stands = (mentioned: string) =>
  existsSync(path.join(root, mentioned)) ||
  places.some((place) => place === mentioned || place.endsWith(`/${mentioned}`));

/** Source files, and folders of the source, in backticks. Placeholders and patterns are no names of files. */
const mentionsIn = (text: string) =>
  [...text.matchAll(/`([\w./-]+)`/g)]
    .map(([, mentioned]) => mentioned!)
    .filter(
      (mentioned) => /\.(?:ts|js|py|sh|svg|md)$/.test(mentioned) || /^[a-z0-9][\w-]*(?:\/[\w-]+)*\/$/.test(mentioned),
    )
    .filter((mentioned) => !foreign.has(mentioned));

/** What naevus writes for its users, what is compiled, and rooms without code yet. */
const foreign = new Set([
  ...["report.md", "model-card.md", "naevus-worker.js", "example.ts", "src/"],
  ...["distributed/", "explanation/", "tune/", "server/", "web/"],
]);

test.each(documents)("%s mentions only files that exist", (document) => {
  expect(mentionsIn(textOf(document)).filter((mentioned) => !stands(mentioned))).toEqual([]);
});

test.each(documents)("%s links only to files that exist", (document) => {
  const links = [...textOf(document).matchAll(/\]\((?!https?:|#)([^)#\s]+)[^)]*\)/g)].map(([, link]) => link!);
  const missing = links.filter((link) => {
    const target = path.resolve(root, path.dirname(document), link);
    return !generated.some((made) => target.startsWith(path.join(root, made))) && !existsSync(target);
  });
  expect(missing).toEqual([]);
});

test("the architecture names every room", () => {
  const text = textOf("docs/architecture.md");
  const rooms = readdirSync(path.join(root, "src")).filter((name) =>
    statSync(path.join(root, "src", name)).isDirectory(),
  );
  expect(rooms.filter((room) => room !== "testing" && !text.includes(`| \`${room}/\``))).toEqual([]);
});

test("the walk of one image names only functions that stand in the files beside them", () => {
  const [, walk] = /^## One image.*?$(.*?)^## /ms.exec(textOf("docs/architecture.md"))!;
  const named = [...walk!.matchAll(/`(\w+)`\s+\(`([\w./-]+\.ts)`\)/g)];
  expect(named.length).toBeGreaterThan(10);
  const missing = named.filter(
    ([, name, file]) => !new RegExp(`export [^=(]*\\b${name}\\b`).test(textOf(`src/${file}`)),
  );
  expect(missing.map(([whole]) => whole)).toEqual([]);
});

test.each(documents)("%s imports only names that the package exports", (document) => {
  const examples = [...textOf(document).matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code]) => code!);
  const imports = examples.flatMap((code) => [...code.matchAll(/^import \{([^}]*)\} from "(naevus[^"]*)";/gm)]);
  for (const [, names, specifier] of imports) {
    const entry = entryPoints().find(({ name }) => name === specifier);
    expect(entry, `${document} imports ${specifier}`).toBeDefined();
    const exported = readFileSync(entry!.source, "utf8");
    const wanted = names!.split(",").map((name) => name.trim().replace(/^type /, ""));
    expect(wanted.filter((name) => name !== "" && !new RegExp(`\\b${name}\\b`).test(exported))).toEqual([]);
  }
});
