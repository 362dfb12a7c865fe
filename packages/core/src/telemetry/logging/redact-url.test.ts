import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { redactText, redactUrl } from './redact-url.js'

describe('redactUrl', () => {
  it.each([
    ['/orders/42', '/orders/42'],
    ['/orders?page=2&lang=en', '/orders?page=2&lang=en'],
    ['/cb?code=4711&lang=en', '/cb?code=[redacted]&lang=en'],
    [
      '/a?access_token=x&apiKey=y&api-key=z',
      '/a?access_token=[redacted]&apiKey=[redacted]&api-key=[redacted]',
    ],
    ['/a?X-Amz-Signature=abc', '/a?X-Amz-Signature=[redacted]'],
    ['/a?AWSAccessKeyId=abc', '/a?AWSAccessKeyId=[redacted]'],
    ['/a?accesstoken=x&PASSWORD=y', '/a?accesstoken=[redacted]&PASSWORD=[redacted]'],
    ['/a?user[password]=x&tokens[]=y', '/a?user[password]=[redacted]&tokens[]=[redacted]'],
    ['/a?%74oken=x', '/a?%74oken=[redacted]'],
    ['/a?x=1;token=2', '/a?x=1;token=[redacted]'],
    ['/a#access_token=x&y=1', '/a#access_token=[redacted]&y=1'],
    ['/a?q=eyJhbGciOi.eyJzdWIi.abc', '/a?q=[redacted]'],
    ['/a?next=%2Fcb%3Ftoken%3Dabc', '/a?next=[redacted]'],
    ['/a?next=%252Fcb%253Ftoken%253Dabc', '/a?next=[redacted]'],
    ['/a?next=%2Fcb%3Fpage%3D2', '/a?next=%2Fcb%3Fpage%3D2'],
    ['http://user:pass@host:80/a?b=c', 'http://[redacted]@host:80/a?b=c'],
    ['http://user:p@ss@host/a', 'http://[redacted]@host/a'],
    ['//user:pass@host/a', '//[redacted]@host/a'],
    ['/a@b/c', '/a@b/c'],
    ['/a?token=', '/a?token='],
    ['/a?country_code=de&monkey=1&sort=key', '/a?country_code=[redacted]&monkey=1&sort=key'],
    ['/a?%E0%A4%A=1&token=2', '/a?%E0%A4%A=1&token=[redacted]'],
  ])('%s', (url, expected) => {
    expect(redactUrl(url)).toBe(expected)
  })

  it('never lets a secret through, wherever it stands in the query', () => {
    const name = fc.constantFrom('token', 'client_secret', 'apiKey', 'X-Goog-Signature', 'password', 'sig')
    const other = fc.stringMatching(/^[a-z]{1,5}=[a-z0-9%.]{0,5}$/)
    fc.assert(
      fc.property(fc.array(other), name, fc.array(other), (before, secret, after) => {
        const url = `/path?${[...before, `${secret}=s3cr3t-value`, ...after].join('&')}`
        expect(redactUrl(url)).not.toContain('s3cr3t')
      }),
    )
  })

  it('leaves everything else as it is, and is done with what it has redacted', () => {
    fc.assert(
      fc.property(fc.webUrl({ withQueryParameters: true, withFragments: true }), (url) => {
        expect(redactUrl(redactUrl(url))).toBe(redactUrl(url))
      }),
    )
  })

  it('redacts the URLs of a text', () => {
    expect(redactText('cannot reach http://u:p@db:5432/x?token=1 (tried "https://a/?key=2")')).toBe(
      'cannot reach http://[redacted]@db:5432/x?token=[redacted] (tried "https://a/?key=[redacted]")',
    )
  })
})
