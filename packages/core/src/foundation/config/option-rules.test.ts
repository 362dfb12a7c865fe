import { describe, expect, it } from 'vitest'
import type { ConfigInvalidError } from '../errors/index.js'
import { checkAll, checkByRules, type OptionRules, optionRule } from './option-rules.js'

interface ThingOptions {
  readonly sizeMs: number
  readonly share?: number | false
  readonly mode?: 'a' | 'b'
  readonly loud?: boolean
  readonly when?: () => boolean
}

const rules: OptionRules<ThingOptions> = {
  sizeMs: optionRule.required('give a number of milliseconds', optionRule.milliseconds()),
  share: optionRule.orFalse(optionRule.number({ min: 0, max: 1 })),
  mode: optionRule.oneOf(['a', 'b']),
  loud: optionRule.boolean(),
  when: optionRule.function(),
}

/** Whether the options can be used, and what is wrong with them. */
function judge(options: unknown, path = ''): { readonly fits: boolean; readonly problems: string[] } {
  let fits = false
  try {
    checkAll('thing()', (check) => {
      fits = checkByRules(check, path, options as ThingOptions, rules)
    })
    return { fits, problems: [] }
  } catch (error) {
    const { problems } = error as ConfigInvalidError
    return { fits, problems: problems.map((problem) => `${problem.path}: ${problem.message}`) }
  }
}

describe('checkByRules', () => {
  it.each([
    [{ sizeMs: 1 }],
    [{ sizeMs: 1, share: false, mode: undefined, loud: true, when: () => true }],
    [{ sizeMs: 0.5, share: 1, mode: 'b', loud: undefined }],
  ])('takes %o', (options) => {
    expect(judge(options)).toEqual({ fits: true, problems: [] })
  })

  it('says everything at once, in the order of the rules', () => {
    expect(judge({ when: 1, loud: 1, mode: 'c', share: 2 })).toEqual({
      fits: false,
      problems: [
        'sizeMs: is missing; give a number of milliseconds',
        'share: must be a number from 0 to 1, not 2',
        "mode: must be one of 'a', 'b', not 'c'",
        'loud: must be true or false, not 1',
        'when: must be a function, not 1',
      ],
    })
  })

  it('names options by the path that they stand at', () => {
    expect(judge({ sizeMs: 0, sizeMS: 1 }, 'thing').problems).toEqual([
      "thing.sizeMS: is not an option; did you mean 'sizeMs'?",
      'thing.sizeMs: must be more than 0 and at most 2147483647 milliseconds, not 0',
    ])
  })

  it.each([null, 5, []])('looks for no options in %o', (value) => {
    expect(judge(value).problems).toEqual([expect.stringMatching(/^: must be an object of options/)])
  })
})
