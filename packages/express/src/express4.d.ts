/** Installed beside Express 5, for tests. */
declare module 'express4' {
  const express: unknown
  export = express
}
