import { OptionsFileWatch, type OptionsWatch, type WatchOptions } from '../../client/index.js'
import type { Shutdown } from '../lifecycle/index.js'
import type { ClientHooks } from './client-hooks.js'

/** Watches a file for the typed clients of a service, those that are made later included, until the service stops. */
export function watchWith(
  file: string,
  options: WatchOptions,
  { hooks, shutdown }: { readonly hooks: ClientHooks; readonly shutdown: Shutdown },
): OptionsWatch {
  const watch = OptionsFileWatch.open('service.watchOptions()', file, options, () => hooks.updaters)
  const stopListening = hooks.onAdded(() => watch.refresh())
  const unhook = shutdown.onShutdown(`options file ${file}`, () => watch.close())
  return watch.onClose(() => {
    stopListening()
    unhook()
  })
}
