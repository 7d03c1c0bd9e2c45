#!/usr/bin/env node
// Checks what is published of a credit village or town, with nothing but Node's own modules: no package, no network, and no code of
// the system that published it.   node village.mjs BUNDLE SEALS [PROOF]
// It prints PROVEN (only the published grade is possible), CONSISTENT (hidden counts leave others possible) or WRONG, and ends with 0, 0 or 1.
import { createHash, createPublicKey, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'

const faults = []
const check = (ok, what) => { if (!ok) faults.push(what) }
const sha256 = (...parts) => { const h = createHash('sha256'); parts.forEach((p) => h.update(p)); return h.digest() }
const read = (path) => JSON.parse(readFileSync(path, 'utf8'))

// JSON in canonical form (RFC 8785): names sorted, no space. All numbers here are whole.
const canonical = (v) => Array.isArray(v) ? `[${v.map(canonical).join(',')}]`
  : v && typeof v === 'object' ? `{${Object.keys(v).sort().map((k) => `${JSON.stringify(k)}:${canonical(v[k])}`).join(',')}}`
    : JSON.stringify(v)

// The seal: Ed25519 over the format, a line feed, and the SHA-256 of the content in hex.
function checkSeal(bundle, seals) {
  const hash = sha256(canonical(bundle.content)).toString('hex')
  check(hash === bundle.sha256, 'sha256: it is not of this content')
  const spki = Buffer.from('302a300506032b6570032100', 'hex') // what precedes the 32 bytes of an Ed25519 key
  const signed = Buffer.from(`xinyi-village/1\n${hash}`)
  const key = seals.items.map((s) => Buffer.from(s.public, 'base64'))
    .find((raw) => sha256(raw).subarray(0, 8).toString('hex') === bundle.seal)
  check(key && verify(null, signed, createPublicKey({ key: Buffer.concat([spki, key]), format: 'der', type: 'spki' }),
    Buffer.from(bundle.signature, 'base64')), 'seal: it is of none of these keys, or of another content')
}

// Shares are compared as fractions {n, d} of whole numbers; d = 0 is more than anything. A share counts in hundredths of a per cent.
const cmp = (a, b) => a.d === 0n ? (b.d === 0n ? 0 : 1) : b.d === 0n ? -1 : Number(a.n * b.d > b.n * a.d) - Number(a.n * b.d < b.n * a.d)
const floor = (a, b) => a / b - (a % b !== 0n && (a < 0n) !== (b < 0n) ? 1n : 0n)

// What an indicator gives for a value: the first band that fits; on a straight one, between two bands' lower bounds, rounded half up.
function points(ind, v) {
  const i = ind.bands.findIndex((b) => !(b.least !== undefined && cmp(v, { n: BigInt(b.least), d: 1n }) < 0) &&
    !(b.most !== undefined && cmp(v, { n: BigInt(b.most), d: 1n }) > 0))
  if (i < 0) return { p: 0, fails: false }
  const band = ind.bands[i]
  let p = band.points
  if (ind.linear && i > 0) {
    const above = ind.bands[i - 1]
    const span = BigInt(above.least - band.least)
    const at = floor(v.n, v.d) - BigInt(band.least)
    p += Number(floor(2n * BigInt(above.points - band.points) * at + span, 2n * span))
  }
  return { p, fails: !!band.fails }
}

// The least and the most an indicator can give while its facts lie in their ranges. Between two bounds of bands points are even or run
// straight; so it is enough to try both ends, and around each bound the bound and what is right below and above it.
function reach(ind, facts) {
  const out = []
  const of = facts[ind.of]
  const over = ind.over ? facts[ind.over] : { least: 1, most: 1 }
  const unknown = { p: ind.unknown, fails: false }
  if (!of || !over || ind.restricted) return [unknown]
  if (of.absent || over.absent) out.push(unknown)
  const share = (a, b) => ({ n: BigInt(a) * (ind.over ? 10000n : 1n), d: a === 0 && b === 0 ? 1n : BigInt(b) })
  const low = share(of.least, over.most)
  const high = share(of.most, over.least)
  out.push(points(ind, low), points(ind, high))
  for (const bound of ind.bands.flatMap((b) => [b.least, b.most]).filter((b) => b !== undefined)) {
    for (let half = 2n * BigInt(bound) - 2n; half <= 2n * BigInt(bound) + 2n; half++) {
      const v = { n: half, d: 2n }
      if (cmp(low, v) <= 0 && cmp(v, high) <= 0) out.push(points(ind, v))
    }
  }
  return out
}

// Everything again, from the facts and the scheme alone.
function recompute(c) {
  check(sha256(c.scheme).toString('hex') === c.schemeHash, 'schemeHash: it is not of the scheme')
  const set = JSON.parse(c.scheme)
  for (const [name, s] of Object.entries(c.facts)) check(s.least >= 0 && s.least <= s.most, `facts: ${name} has no such range`)
  for (const [part, whole] of [['filed', 'households'], ['credit', 'filed'], ['credit', 'households'], ['clean', 'borrowers'], ['survey/satisfied', 'survey/answers']]) {
    const [a, b] = [c.facts[part], c.facts[whole]]
    check(!a || !b || a.least <= b.most, `facts: ${part} are more than ${whole}`)
  }
  check(!c.size || !c.facts.filed || canonical(c.size) === canonical(c.facts.filed), 'size: it is not the households on file')
  const total = { least: 0, most: 0 }
  let may = false
  let must = false
  const inds = set.dimensions.flatMap((d) => d.indicators)
  check(inds.length === c.items.length, 'items: not one for each indicator')
  inds.forEach((ind, i) => {
    const all = reach(ind, c.facts)
    const made = { code: ind.code, least: Math.min(...all.map((x) => x.p)), most: Math.max(...all.map((x) => x.p)), max: ind.max }
    check(c.items[i] && canonical(c.items[i]) === canonical(made), `items: ${ind.code} comes to ${made.least} to ${made.most}`)
    total.least += made.least
    total.most += made.most
    may ||= all.some((x) => x.fails)
    must ||= all.every((x) => x.fails)
    console.log(`  ${ind.code}: ${(made.least / 100).toFixed(2)}–${(made.most / 100).toFixed(2)} / ${(made.max / 100).toFixed(2)}  ${ind.name.zh} ${ind.name.en}`)
  })
  check(canonical(total) === canonical(c.total), `total: it comes to ${total.least} to ${total.most}`)
  const grades = set.grades.filter((g, i) => (!must && total.most >= g.least && (i === 0 || total.least < set.grades[i - 1].least)) ||
    (i === set.grades.length - 1 && may)).map((g) => g.name)
  check(grades.includes(c.grade), `grade: only ${grades} is possible`)
  check(c.stars === [...c.grade].filter((x) => x === '★').length, 'stars: not those of the grade')
  return { total, grades }
}

// A household's row in the tree of RFC 6962: leaves are hashed after a byte 0, nodes after a byte 1.
function checkProof(c, p) {
  const lines = p.row.split('\n')
  check(c.root && p.row.startsWith('xinyi-village-row/1\n') && lines[1] === `round ${c.round}` && lines[2] === `village ${c.place}`, 'proof: the row is of another round or village')
  check(c.size && p.size >= c.size.least && p.size <= c.size.most && p.index >= 0 && p.index < p.size, 'proof: there is no such place')
  let hash = sha256(Buffer.from([0]), p.row)
  let [at, last] = [p.index, p.size - 1] // RFC 9162, 2.1.3.2
  for (const sibling of p.path.map((x) => Buffer.from(x, 'base64'))) {
    if (last === 0) return check(false, 'proof: the way is too long')
    if (at % 2 === 1 || at === last) {
      hash = sha256(Buffer.from([1]), sibling, hash)
      while (at % 2 === 0 && at !== 0) [at, last] = [at >> 1, last >> 1]
    } else hash = sha256(Buffer.from([1]), hash, sibling)
    ;[at, last] = [at >> 1, last >> 1]
  }
  check(last === 0 && hash.toString('base64') === c.root, 'proof: the row is not under the root')
  if (!faults.length) console.log(`row ${p.index} is under the root:\n${p.row}`)
}

const [bundlePath, sealsPath, proofPath] = process.argv.slice(2)
if (!sealsPath) {
  console.error('node village.mjs BUNDLE SEALS [PROOF]')
  process.exit(2)
}
let result = { grades: [] }
try {
  const bundle = read(bundlePath)
  const c = bundle.content
  check(c.format === 'xinyi-village/1' && c.k >= 2, 'format: unknown')
  checkSeal(bundle, read(sealsPath))
  console.log(`${c.place} ${c.name}, ${c.round}: ${c.grade}`)
  result = recompute(c)
  if (proofPath) checkProof(c, (({ proof, ...own }) => proof ?? own)(read(proofPath)))
} catch (e) {
  check(false, `it cannot be read: ${e.message}`)
}
if (faults.length) {
  console.log(`WRONG 不符\n  ${faults.join('\n  ')}`)
  process.exit(1)
}
console.log(result.grades.length === 1 ? 'PROVEN 可证' : `CONSISTENT 相符; also possible 也可能: ${result.grades.filter((g) => g !== read(bundlePath).content.grade).join(' ')}`)
