/** How TypeDoc turns the docstrings of the package's entry points into the Markdown of docs/reference/. */
import path from "node:path";
import { Converter, ReflectionKind } from "typedoc";
import { entryPoints, root } from "./entry-points.js";

const entries = entryPoints();

const sources = path.join(root, "src");

/** A module's name for TypeDoc is its source file, `browser` or `network/index`; programs import it as `naevus/browser`. */
const importedAs = new Map(
  entries.map(({ name, source }) => [
    path.relative(sources, source).split(path.sep).join("/").replace(/\.ts$/, ""),
    name,
  ]),
);

/** Calls modules as they are imported, and an options object that a function destructures `options`. */
function names(app) {
  app.converter.on(Converter.EVENT_CREATE_DECLARATION, (_, reflection) => {
    if (reflection.kindOf(ReflectionKind.Module)) reflection.name = importedAs.get(reflection.name) ?? reflection.name;
  });
  app.converter.on(Converter.EVENT_CREATE_PARAMETER, (_, reflection) => {
    if (reflection.name === "__namedParameters") reflection.name = "options";
  });
}

/** @type {import("typedoc").TypeDocOptions} */
export default {
  plugin: ["typedoc-plugin-markdown", "typedoc-vitepress-theme", names],
  entryPoints: entries.map(({ source }) => source),
  tsconfig: path.join(root, "tsconfig.build.json"),
  basePath: sources,
  out: "reference",
  docsRoot: ".",
  readme: "none",
  name: "naevus",
  outputFileStrategy: "members",
  hideBreadcrumbs: true,
  disableSources: true,
  excludeExternals: true,
  sort: ["source-order"],
  parametersFormat: "table",
  interfacePropertiesFormat: "table",
  typeAliasPropertiesFormat: "table",
  treatWarningsAsErrors: true,
  treatValidationWarningsAsErrors: true,
  // Schemas and tables from which exported types are made.
  intentionallyNotExported: [
    "configSchema",
    "engineNames",
    "imbalanceNames",
    "scheduleNames",
    "entries",
    "metricsSchema",
    "oddities",
    "progressSchema",
    "settingsSchema",
  ],
  validation: { notExported: true, invalidLink: true, rewrittenLink: true, notDocumented: true },
  requiredToBeDocumented: ["Variable", "Function", "Class", "Interface", "TypeAlias"],
};
