import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Secret } from '../../../foundation/config/index.js'
import { ClosedError } from '../../../foundation/errors/index.js'
import { RegistryClient } from '../registry-client.js'

/** What Kubernetes is asked with; what is not given comes from the service account that Kubernetes mounts into a pod. */
export interface KubernetesAccess {
  readonly origin: string
  readonly basePath: string
  readonly token: string | Secret | undefined
  readonly ca: string | undefined
  readonly namespace: string | undefined
  /** Where Kubernetes mounts token, certificate and namespace. */
  readonly folder: string
}

/**
 * The service account of this pod. Kubernetes replaces its files while the pod runs, the token every hour, so they are
 * read again for each request.
 */
export class ServiceAccount {
  readonly #access: KubernetesAccess
  #ca: string | undefined = undefined
  #client: RegistryClient | undefined = undefined
  #isClosed = false

  constructor(access: KubernetesAccess) {
    this.#access = access
  }

  async namespace(): Promise<string> {
    return this.#access.namespace ?? (await this.#read('namespace')).trim()
  }

  async headers(): Promise<Record<string, string>> {
    const { token } = this.#access
    const given = typeof token === 'string' ? token : token?.reveal()
    return { authorization: `Bearer ${given ?? (await this.#read('token')).trim()}` }
  }

  /** A client that trusts the certificate as it is now. */
  async client(): Promise<RegistryClient> {
    const { origin, basePath, ca: given } = this.#access
    const ca = origin.startsWith('https:') ? (given ?? (await this.#read('ca.crt'))) : undefined
    // Perhaps while the file was read.
    if (this.#isClosed) throw new ClosedError()
    if (this.#client === undefined || ca !== this.#ca) {
      this.#client?.close()
      this.#ca = ca
      const tls = ca === undefined ? {} : { ca }
      this.#client = new RegistryClient({ name: 'Kubernetes', origin, basePath, tls })
    }
    return this.#client
  }

  close(): void {
    this.#isClosed = true
    this.#client?.close()
  }

  #read(name: string): Promise<string> {
    return readFile(join(this.#access.folder, name), 'utf8')
  }
}
