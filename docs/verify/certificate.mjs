#!/usr/bin/env node
// Checks an honour of Xinyi without Xinyi: a compact SD-JWT VC, the issuer's public keys and its status list, all from files.
// It needs Node's built-in modules and nothing else, and no network.
//
//   node certificate.mjs CREDENTIAL ISSUER.json STATUS [--fresh HOURS] [--now TIME] [--issuer ADDRESS]
//
//   CREDENTIAL  the text the holder shows
//   ISSUER      GET /.well-known/jwt-vc-issuer, fetched once over a connection you trust: whose keys are good is your decision
//   STATUS      GET of the address in the credential (status.status_list.uri), fetched not longer ago than you dare go by
//
// Exit 0: genuine and standing. 1: do not go by it, with the reason. 2: wrong use.
// Written from RFC 9901, RFC 8037, draft-ietf-oauth-sd-jwt-vc and draft-ietf-oauth-status-list.

import { createHash, createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { inflateSync } from 'node:zlib';

class Refused extends Error {}
const refuse = (why) => { throw new Refused(why); };

// base64url in its one canonical form: what decodes and is written otherwise is refused.
function bytes(text, what) {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) refuse(`${what} is not base64url`);
  const raw = Buffer.from(text, 'base64url');
  if (raw.toString('base64url') !== text) refuse(`${what} is not base64url in its canonical form`);
  return raw;
}

function json(raw, what) {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(raw));
  } catch {
    return refuse(`${what} is not JSON`);
  }
}

const isObject = (v) => typeof v === 'object' && v !== null && !Array.isArray(v);

// A signed text of one type under one of the issuer's keys: its claims.
function signed(text, type, keys, what) {
  const parts = text.split('.');
  if (parts.length !== 3) refuse(`${what} is not a signed text`);
  const head = json(bytes(parts[0], 'the header'), 'the header');
  if (!isObject(head) || head.alg !== 'EdDSA' || head.typ !== type || 'crit' in head) refuse(`${what} has another header than ${type} with EdDSA`);
  const jwk = keys.find((k) => k.kid === head.kid && k.kty === 'OKP' && k.crv === 'Ed25519');
  if (!jwk) refuse(`${what} is signed by a key that is not the issuer's`);
  const key = createPublicKey({ key: { kty: jwk.kty, crv: jwk.crv, x: jwk.x }, format: 'jwk' });
  if (!verify(null, Buffer.from(`${parts[0]}.${parts[1]}`, 'ascii'), key, bytes(parts[2], 'the signature'))) refuse(`the signature of ${what} does not fit: it was altered`);
  const claims = json(bytes(parts[1], 'the content'), 'the content');
  if (!isObject(claims)) refuse(`${what} holds no claims`);
  return claims;
}

// The claims a credential shows: those that were always there, and those whose disclosure has its digest in the signed text.
function opened(text, keys) {
  const parts = text.trim().split('~');
  if (parts.length < 2) refuse('this is no SD-JWT');
  if (parts.at(-1) !== '') refuse('there is something after the last ~: a key binding, which these credentials do not have');
  const claims = signed(parts[0], 'dc+sd-jwt', keys, 'the credential');
  if (claims._sd_alg !== 'sha-256' || !Array.isArray(claims._sd)) refuse('the credential names no digests that can be checked');
  if (new Set(claims._sd).size !== claims._sd.length) refuse('a digest is there twice');
  const left = new Set(claims._sd);
  const shown = {};
  for (const d of parts.slice(1, -1)) {
    const digest = createHash('sha256').update(d, 'ascii').digest('base64url');
    if (!left.delete(digest)) refuse('a disclosed claim does not belong to this credential');
    const list = json(bytes(d, 'a disclosure'), 'a disclosure');
    if (!Array.isArray(list) || list.length !== 3 || typeof list[1] !== 'string') refuse('a disclosure is not [salt, name, value]');
    const [, name, value] = list;
    if (name === '_sd' || name === '...' || Object.hasOwn(claims, name) || Object.hasOwn(shown, name)) refuse(`the claim ${name} is there twice`);
    if (isObject(value) && '_sd' in value) refuse('a disclosure holds digests, which these credentials do not');
    shown[name] = value;
  }
  return { claims, shown };
}

// Whether the bit of a credential is set, by a list that is fresh enough.
function gone(claims, text, keys, now, freshSeconds) {
  const ref = claims.status?.status_list;
  if (!isObject(ref) || !Number.isSafeInteger(ref.idx) || ref.idx < 0) refuse('the credential names no status list');
  const list = signed(text.trim(), 'statuslist+jwt', keys, 'the status list');
  if (list.sub !== ref.uri) refuse(`the status list is ${list.sub}, not ${ref.uri}`);
  if (!Number.isFinite(list.iat) || !Number.isFinite(list.exp)) refuse('the status list does not say how old it is');
  if (now >= list.exp) refuse('the status list is stale: its own time is over');
  if (now - list.iat > freshSeconds) refuse(`the status list is stale: ${Math.floor((now - list.iat) / 3600)} hours old`);
  if (list.iat - now > 300) refuse('the status list is of a time to come: one of the clocks is wrong');
  const { bits, lst } = list.status_list ?? {};
  if (bits !== 1 || typeof lst !== 'string') refuse('the status list is not of one bit each');
  let raw;
  try {
    raw = inflateSync(bytes(lst, 'the status list'), { maxOutputLength: 1 << 24 });
  } catch {
    refuse('the status list cannot be unpacked');
  }
  if (ref.idx >= raw.length * 8) refuse('the credential is not in its status list');
  return { set: ((raw[ref.idx >> 3] >> (ref.idx & 7)) & 1) === 1, iat: list.iat, until: Math.min(list.exp, list.iat + freshSeconds) };
}

function read(args) {
  const files = [];
  const opt = { fresh: '24' };
  for (let i = 0; i < args.length; i++) {
    const m = /^--(fresh|now|issuer)$/.exec(args[i]);
    if (m) opt[m[1]] = args[++i];
    else files.push(args[i]);
  }
  const now = opt.now === undefined ? Date.now() / 1000 : Date.parse(opt.now) / 1000;
  if (files.length !== 3 || !(Number(opt.fresh) > 0) || Number.isNaN(now)) {
    console.error('use: node certificate.mjs CREDENTIAL ISSUER.json STATUS [--fresh HOURS] [--now TIME] [--issuer ADDRESS]');
    process.exit(2);
  }
  const [credential, issuer, status] = files.map((f) => readFileSync(f, 'utf8'));
  return { credential, issuer, status, now, fresh: Number(opt.fresh) * 3600, wanted: opt.issuer };
}

const day = (seconds) => new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');

try {
  const given = read(process.argv.slice(2));
  const meta = json(Buffer.from(given.issuer), 'the issuer file');
  const keys = meta?.jwks?.keys;
  if (!Array.isArray(keys)) refuse('the issuer file has no keys');
  const { claims, shown } = opened(given.credential, keys);
  if (claims.iss !== meta.issuer || (given.wanted !== undefined && claims.iss !== given.wanted)) refuse(`the credential is of ${claims.iss}`);
  if (typeof claims.vct !== 'string' || !Number.isFinite(claims.exp)) refuse('the credential has no type or no end');
  if (Number.isFinite(claims.iat) && claims.iat - given.now > 300) refuse('the credential is of a time to come');
  if (given.now >= claims.exp) refuse(`the honour expired on ${claims.valid_until}`);
  const status = gone(claims, given.status, keys, given.now, given.fresh);
  if (status.set) refuse('the honour was revoked, or a newer certificate takes its place');

  console.log('GENUINE AND STANDING');
  for (const name of ['iss', 'kind', 'holder_kind', 'title', 'level', 'number', 'valid_from', 'valid_until']) console.log(`  ${name}: ${claims[name]}`);
  for (const [name, value] of Object.entries(shown)) console.log(`  ${name} (disclosed): ${isObject(value) ? `${value.name ?? ''} ${value.code ?? ''}`.trim() : value}`);
  console.log(`  status as of ${day(status.iat)}; check anew after ${day(status.until)}`);
} catch (e) {
  if (!(e instanceof Refused)) throw e;
  console.log(`REFUSED: ${e.message}`);
  process.exitCode = 1;
}
