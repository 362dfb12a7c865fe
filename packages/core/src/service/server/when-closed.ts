import type { Socket } from 'node:net'

const waiting = new WeakMap<Socket, Set<() => void>>()

/** Calls `fn` when a socket closes. One listener serves all of a socket's requests: Node warns at the eleventh. */
export function whenClosed(socket: Socket, fn: () => void): () => void {
  let callbacks = waiting.get(socket)
  if (callbacks === undefined) {
    const made = new Set<() => void>()
    callbacks = made
    waiting.set(socket, made)
    socket.once('close', () => {
      for (const callback of made) callback()
    })
  }
  const known = callbacks
  known.add(fn)
  return () => known.delete(fn)
}
