/** Node's hook by which a module finds `naevus/network` in this installation where its own folder has none, as with npx. */
import type { ResolveHook } from "node:module";

export const resolve: ResolveHook = async (specifier, context, nextResolve) => {
  try {
    return await nextResolve(specifier, context);
  } catch (error) {
    if (!/^naevus(?:\/|$)/.test(specifier)) throw error;
    // A package finds itself by its name.
    return nextResolve(specifier, { ...context, parentURL: import.meta.url });
  }
};
