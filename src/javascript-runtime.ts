/** What runs this program: bun and Deno call themselves Node where a program asks for Node's version. */

/** Name and version, such as `Node v20.19.0`, `bun 1.4.5` or `Deno 2.9.6`. */
export function javascriptRuntime(versions: NodeJS.ProcessVersions = process.versions): string {
  const { bun, deno, node } = versions;
  if (bun !== undefined) return `bun ${bun}`;
  return deno === undefined ? `Node v${node}` : `Deno ${deno}`;
}
