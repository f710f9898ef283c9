// Runs the public cache tests against the proxy and prints their outcomes as JSON.
//   node run.mjs [--suite FOLDER] COMMAND [ARGUMENT...]      for example: node run.mjs ../../../caching-proxy
// FOLDER is a checkout of https://github.com/http-tests/cache-tests; without one it is the release that npm has.
import { spawn } from 'node:child_process'
import { writeSync } from 'node:fs'
import http from 'node:http'
import { createInterface } from 'node:readline'
import fetch from 'node-fetch'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const [folder, command] = process.argv[2] === '--suite' ? [process.argv[3], process.argv.slice(4)] : [undefined, process.argv.slice(2)]
const load = file => import(folder ? pathToFileURL(resolve(folder, file)) : `http-cache-tests/${file}`)
const { runTests, getResults } = await load('client/runner.mjs')
const { determineTestResult } = await load('lib/display.mjs')
const { default: handleConfig } = await load('server/handle-config.mjs')
const { default: handleState } = await load('server/handle-state.mjs')
const { default: handleTest } = await load('server/handle-test.mjs')
const { default: suites } = await load('tests/index.mjs')

const settings = ['--ttl', '0', '--ttl-mode', 'respect', '--set-cookie', 'store']

const outcomes = new Map([
  ['✅', 'pass'], ['Y', 'pass'], ['⛔️', 'fail'], ['⚠️', 'fail'], ['N', 'fail'],
  ['🔹', 'setup failed'], ['⚪️', 'dependency failed'], ['↻', 'retried'], ['⁉️', 'harness failed'], ['-', 'not run']
])

// The suite's own server listens on every address; this one is for this machine alone.
function startOrigin () {
  const handlers = { config: handleConfig, state: handleState, test: handleTest }
  const server = http.createServer((request, response) => {
    const [, kind, ...rest] = new URL(request.url, 'http://localhost').pathname.split('/')
    if (kind in handlers) {
      handlers[kind](rest, request, response)
    } else {
      response.writeHead(404).end()
    }
  })
  return new Promise(resolve => server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${server.address().port}`)))
}

function startProxy (command, origin) {
  const proxy = spawn(command[0], [...command.slice(1), '--port', '0', '--origin', origin, ...settings], { stdio: ['ignore', 'pipe', 'inherit'] })
  process.on('exit', () => proxy.kill('SIGKILL'))
  return new Promise((resolve, reject) => {
    proxy.on('exit', code => reject(new Error(`The proxy ended with ${code}.`)))
    createInterface({ input: proxy.stdout }).on('line', line => {
      const address = /http:\/\/127\.0\.0\.1:\d+/.exec(line)
      if (address && address[0] !== origin) resolve(address[0])
    })
  })
}

console.log = () => {}
const proxy = await startProxy(command, await startOrigin())
await runTests(suites, fetch, false, proxy)
const results = getResults()
const table = {}
for (const test of suites.flatMap(suite => suite.tests).filter(test => test.id in results)) {
  const detail = results[test.id] === true ? '' : results[test.id].join(': ')
  table[test.id] = { kind: test.kind ?? 'required', outcome: outcomes.get(determineTestResult(suites, test.id, results)[2]), detail }
}
// What is written to a pipe and not waited for is cut off by the exit; a pipe that is full takes a part.
const text = Buffer.from(JSON.stringify(table, null, 2) + '\n')
for (let written = 0; written < text.length;) {
  try {
    written += writeSync(1, text, written)
  } catch (error) {
    if (error.code !== 'EAGAIN') throw error
  }
}
process.exit(0)
