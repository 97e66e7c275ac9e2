/** What is said of a package that an installation lacks, or has for another system. */

/** Brings a native part that is missing or does not load. */
export const installAgain =
  "install naevus again on this system with its optional dependencies: remove node_modules and type npm install --include=optional " +
  "(a bundle needs that node_modules beside it)";

/** What mends a native part that is there but does not load. */
export const mend = (error: unknown, otherwise: string): string =>
  /loading addons is disabled/.test(String(error))
    ? "let Node load native code: no --no-addons, and --allow-addons beside --permission"
    : otherwise;
