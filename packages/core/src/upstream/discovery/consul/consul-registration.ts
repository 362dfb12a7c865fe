/** An instance in Consul. */
export interface ConsulRegistration {
  readonly id: string
  /** `registering` until an agent has taken it, and again while it cannot be reached or has forgotten it. */
  readonly state: 'registering' | 'registered' | 'deregistered'
  /** Settles when an agent has taken it for the first time, or it was taken out before that. */
  readonly ready: Promise<void>
  /** Takes it out, and settles when the agent has. The service does it by itself when it begins to drain. */
  deregister(): Promise<void>
}
