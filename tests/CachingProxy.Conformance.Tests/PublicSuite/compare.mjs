// Prints how many tests each cache passes, by the results that the suite's authors publish with it, as a Markdown table.
// Counted like expectations.json: tests for browsers alone left out, a test that depends on one that failed is not passed.
import { readFileSync } from 'node:fs'
import { determineTestResult } from 'http-cache-tests/lib/display.mjs'
import published from 'http-cache-tests/results/index.mjs'
import suites from 'http-cache-tests/tests/index.mjs'

const tests = suites.flatMap(suite => suite.tests).filter(test => !test.browser_only)
const read = file => JSON.parse(readFileSync(new URL(file, import.meta.url)))
const expectations = read('expectations.json')
const isOf = (kind, test) => (test.kind ?? 'required') === kind
const row = (name, passed) => `| ${name} | ${passed('required')} of ${tests.filter(test => isOf('required', test)).length} | ${passed('optimal')} of ${tests.filter(test => isOf('optimal', test)).length} |`

console.log('| cache | required | optional |\n| --- | --- | --- |')
console.log(row('**caching-proxy**', kind => tests.filter(test => isOf(kind, test) && expectations[test.id].outcome === 'pass').length))
for (const { file, name, type, version } of published) {
  if (type !== 'browser') {
    const results = read(`node_modules/http-cache-tests/results/${file}`)
    console.log(row(`${name} ${version}`, kind => tests.filter(test => isOf(kind, test) && determineTestResult(suites, test.id, results)[2] === '✅').length))
  }
}
