import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The repository's root, with a slash at its end. */
export const root = fileURLToPath(new URL('../', import.meta.url))

export interface RunOptions {
  /** @default the repository's root */
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  /** Kills the command and everything it started. @default 600_000 */
  readonly timeoutMs?: number
  /** Shows the output as it comes as well as collecting it. @default false */
  readonly show?: boolean
}

export interface CommandResult {
  readonly ok: boolean
  readonly output: string
  readonly seconds: number
}

const signalGroup = (pid: number | undefined, signal: NodeJS.Signals): void => {
  if (pid === undefined) return
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, signal)
  } catch {
    // it has ended
  }
}

/** Runs a command to its end without standard input. Never rejects: a command that cannot start has failed. */
export function runCommand(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<CommandResult> {
  const { cwd = root, env = process.env, timeoutMs = 600_000, show = false } = options
  const startedAt = performance.now()
  const chunks: string[] = []
  const child = spawn(command, args, {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    // Its own process group, so that a timeout ends what npm and sh have started too.
    detached: process.platform !== 'win32',
    shell: process.platform === 'win32',
  })
  const stop = () => {
    signalGroup(child.pid, 'SIGTERM')
    process.exit(130)
  }
  process.once('SIGINT', stop)
  const timer = setTimeout(() => {
    chunks.push(`\nstopped after ${timeoutMs / 1_000} s\n`)
    signalGroup(child.pid, 'SIGKILL')
  }, timeoutMs)
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      chunks.push(text)
      if (show) process.stdout.write(text)
    })
  }
  return new Promise((resolve) => {
    const settle = (ok: boolean) => {
      clearTimeout(timer)
      process.off('SIGINT', stop)
      resolve({ ok, output: chunks.join(''), seconds: (performance.now() - startedAt) / 1_000 })
    }
    child.once('error', (error) => {
      chunks.push(String(error))
      settle(false)
    })
    child.once('close', (code) => settle(code === 0))
  })
}

/** Runs an npm script or command of this repository. */
export const npm = (args: readonly string[], options?: RunOptions): Promise<CommandResult> =>
  runCommand('npm', args, options)
