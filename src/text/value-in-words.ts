/** A value of any kind that came where another was expected, for the sentence that says so. */

/** What a value is, shortly, whatever it is. */
export function valueInWords(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (typeof value === "function") return "a function";
  if (typeof value === "symbol") return "a symbol";
  if (typeof value !== "object" || value === null) return String(value);
  if (value instanceof Promise) return "a promise (await it first)";
  if (Array.isArray(value))
    return value.length === 0
      ? "an empty list"
      : `a list of ${value.length}, the first of them ${valueInWords(value[0])}`;
  const { name = "" } = (value.constructor as { readonly name?: string } | undefined) ?? {};
  return name === "" || name === "Object" ? "an object" : `an object of the class ${name}`;
}
