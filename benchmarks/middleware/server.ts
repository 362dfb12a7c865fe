import { frameworks } from './applications.js'

/** Serves one application, and says what its process has used when it is asked. */
const [framework = '', name = ''] = process.argv.slice(2)
const start = frameworks[framework]?.[name]
if (start === undefined) throw new Error(`there is no ${framework} application ${name}`)
const port = await start()
process.on('message', () => {
  const { system, user } = process.cpuUsage()
  process.send?.(system + user)
})
process.send?.(port)
