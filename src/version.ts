/** The version of naevus. A test holds it equal to the package's, which a page cannot read. */
export const version = "0.2.0";
