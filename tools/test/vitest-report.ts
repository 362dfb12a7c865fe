import { readFile } from 'node:fs/promises'

interface JsonReport {
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[]
  }[]
}

/** What a run of the test runner came to. */
export interface TestCounts {
  readonly passed: number
  readonly failed: number
  /** Full names of the tests that were skipped, whatever the reason. */
  readonly skipped: readonly string[]
}

/** Counts the tests in the file that Vitest's JSON reporter wrote. */
export async function readTestCounts(file: string): Promise<TestCounts> {
  const report = JSON.parse(await readFile(file, 'utf8')) as JsonReport
  const tests = report.testResults.flatMap((result) => result.assertionResults)
  const skipped = tests.filter(({ status }) => status !== 'passed' && status !== 'failed')
  return {
    passed: tests.filter(({ status }) => status === 'passed').length,
    failed: tests.filter(({ status }) => status === 'failed').length,
    skipped: skipped.map(({ fullName }) => fullName),
  }
}
