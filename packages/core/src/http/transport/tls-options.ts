/** Whom to trust, and who we are, in TLS. The properties are those of Node.js' `tls.connect`. */
export interface TlsOptions {
  /** Certificates of the authorities to trust, in PEM, instead of the public ones. */
  readonly ca?: string | Buffer | undefined
  /** Our own certificate, in PEM. */
  readonly cert?: string | Buffer | undefined
  /** The key of our own certificate, in PEM. */
  readonly key?: string | Buffer | undefined
  /** What opens the key. */
  readonly passphrase?: string | undefined
  /** The name that the server's certificate must have, where it is not the host's. */
  readonly servername?: string | undefined
}

/** `tls` without what was not given: `tls.connect` tells an absent property from an undefined one. */
export function connectOptions(tls: TlsOptions | undefined): Record<string, string | Buffer> {
  const given: Record<string, string | Buffer> = {}
  for (const name of ['ca', 'cert', 'key', 'passphrase', 'servername'] as const) {
    const value = tls?.[name]
    if (value !== undefined) given[name] = value
  }
  return given
}
