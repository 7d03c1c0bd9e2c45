"use strict";
const words = {
  zh: { search: "搜索接口…", token: "访问令牌", other: "English", params: "参数", body: "请求内容", answers: "返回", roles: "谁可以用", open: "无需登录", perms: "权限表",
        action: "操作", tryit: "试一试", send: "发送", none: "没有符合的接口", required: "必填", about: "说明", failed: "请求没有发出：" },
  en: { search: "Search…", token: "Access token", other: "中文", params: "Parameters", body: "Request body", answers: "Answers", roles: "Who may", open: "nobody needs to sign in", perms: "Permissions",
        action: "Action", tryit: "Try it", send: "Send", none: "No operation matches", required: "required", about: "About", failed: "The request was not sent: " },
};
const roles = { resident: "居民", hospital: "医院系统", bank: "银行系统", provider: "服务商系统", department: "部门系统", hospital_finance: "医院财务", town_staff: "乡镇工作人员",
  county_health: "县卫健", credit_office: "信用办", auditor: "审计", operator: "运维" };
let lang = localStorage.getItem("lang") || ((navigator.language || "zh").startsWith("zh") ? "zh" : "en");
let doc = null;
const $ = (id) => document.getElementById(id);
const say = (key) => words[lang][key];
const text = (of) => (lang === "zh" && of["x-zh"]) || of; // summary and description in the language chosen
const group = (name) => { const t = (doc.tags || []).find((t) => t.name === name) || {}; return (lang === "zh" && t["x-zh"] ? t["x-zh"].summary : t["x-displayName"]) || name; };
const role = (r) => (lang === "zh" && roles[r]) || r;

function el(tag, attrs, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attrs || {})) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value);
  }
  node.append(...children.flat().filter((c) => c !== null && c !== undefined && c !== ""));
  return node;
}

function resolve(schema) {
  let s = schema || {};
  for (let i = 0; s.$ref && i < 9; i++) {
    const { $ref, ...rest } = s;
    s = { ...doc.components.schemas[$ref.split("/").pop()], ...rest };
  }
  return s;
}

function typeOf(schema) {
  const s = resolve(schema);
  const kinds = [].concat(s.type || []).filter((t) => t !== "null");
  const notes = [];
  if (s.format && s.format !== "int64") notes.push(s.format);
  if (s.enum) notes.push(s.enum.join(" | "));
  for (const [key, sign] of [["minimum", "≥"], ["maximum", "≤"], ["exclusiveMinimum", ">"], ["exclusiveMaximum", "<"], ["minLength", "length ≥"], ["maxLength", "length ≤"], ["minItems", "items ≥"], ["maxItems", "items ≤"]]) {
    if (s[key] !== undefined) notes.push(sign + " " + s[key]);
  }
  if (s.pattern) notes.push(s.pattern);
  const name = kinds[0] === "array" ? typeOf(s.items).split(" · ")[0] + "[]" : kinds[0] || "object";
  return [name, ...notes].join(" · ");
}

function fields(schema, prefix, depth) {
  const s = resolve(schema);
  if ([].concat(s.type || []).includes("array")) return fields(s.items, prefix + "[]", depth);
  if (!s.properties || depth > 4) return [];
  return Object.entries(s.properties).flatMap(([name, prop]) => {
    const path = prefix ? prefix + "." + name : name;
    const must = (s.required || []).includes(name);
    return [row(path, prop, must), ...fields(prop, path, depth + 1)];
  });
}

function row(name, schema, must, says) {
  return el("tr", {}, el("td", { class: "mono" }, name, must ? el("span", { class: "req", title: say("required") }, " *") : ""),
    el("td", { class: "t" }, typeOf(schema)), el("td", {}, says || resolve(schema).description || ""));
}

function sample(schema, depth) {
  const s = resolve(schema);
  if (s.examples && s.examples.length) return s.examples[0];
  if (s.enum) return s.enum[0];
  const kind = [].concat(s.type || []).filter((t) => t !== "null")[0];
  if (s.properties && depth < 5) return Object.fromEntries(Object.entries(s.properties).map(([k, v]) => [k, sample(v, depth + 1)]));
  if (kind === "array") return depth < 5 ? [sample(s.items, depth + 1)] : [];
  if (kind === "integer" || kind === "number") return s.minimum || 0;
  if (kind === "boolean") return false;
  return kind === "object" ? {} : "";
}

function tryIt(path, method, op) {
  const inputs = (op.parameters || []).map((p) => {
    const input = el("input", { spellcheck: "false" });
    if (p.name === "Idempotency-Key") input.value = Date.now().toString(36) + Math.random().toString(36).slice(2); // randomUUID is missing where the page comes by plain http
    return { p, input };
  });
  const media = op.requestBody && op.requestBody.content["application/json"];
  const body = media ? el("textarea", { spellcheck: "false" }) : null;
  if (body) body.value = JSON.stringify(sample(media.schema, 0), null, 2);
  const out = el("pre", { hidden: "" });
  const send = async () => {
    let url = path;
    const query = new URLSearchParams(), headers = { "Accept-Language": lang };
    for (const { p, input } of inputs) {
      if (p.in === "path") url = url.replace("{" + p.name + "}", encodeURIComponent(input.value));
      else if (input.value && p.in === "query") query.append(p.name, input.value);
      else if (input.value) headers[p.name] = input.value;
    }
    if ($("token").value) headers.Authorization = "Bearer " + $("token").value.trim();
    if (body) headers["Content-Type"] = "application/json";
    out.hidden = false;
    try {
      const res = await fetch(url + (query.size ? "?" + query : ""), { method, headers, body: body ? body.value : undefined });
      const raw = await res.text();
      let shown = raw;
      try { shown = JSON.stringify(JSON.parse(raw), null, 2); } catch { /* not JSON: shown as it is */ }
      out.textContent = res.status + " " + res.statusText + "\n\n" + shown;
    } catch (err) { out.textContent = say("failed") + err.message; }
  };
  return [el("h3", {}, say("tryit")),
    ...inputs.map(({ p, input }) => el("div", { class: "row" }, el("label", { class: "mono" }, p.name, p.required ? " *" : ""), input)),
    body, el("p", {}, el("button", { class: "go", type: "button", onclick: send }, say("send"))), out];
}

function operation(path, method, op) {
  const verb = method.toUpperCase();
  const inner = el("div", {});
  const box = el("details", { class: "op", id: op.operationId }, el("summary", {}, el("span", { class: "m " + verb }, verb), el("code", {}, path), el("span", { class: "says" }, text(op).summary || "")), inner);
  box.addEventListener("toggle", () => {
    if (!box.open || inner.childElementCount) return;
    const media = op.requestBody && op.requestBody.content["application/json"];
    const answers = Object.entries(op.responses).map(([status, answer]) => {
      const a = answer.$ref ? doc.components.responses[answer.$ref.split("/").pop()] : answer;
      const kind = Object.keys(a.content || {})[0];
      const rows = kind === "application/json" ? fields(a.content[kind].schema, "", 0) : [];
      return rows.length ? [el("p", {}, el("span", { class: "chip" }, status)), el("table", {}, rows)] : el("span", { class: "chip" }, status + " " + (a.description || ""));
    });
    inner.append(...[
      ...(text(op).description || "").split("\n\n").map((p) => p && el("p", {}, p)),
      el("h3", {}, say("roles")), el("p", {}, (op["x-roles"] || []).map((r) => el("span", { class: "chip" }, role(r))), op["x-roles"] ? "" : say("open")),
      ...(op.parameters ? [el("h3", {}, say("params")), el("table", {}, op.parameters.map((p) => row(p.name + " (" + p.in + ")", p.schema, p.required, p.description)))] : []),
      ...(media ? [el("h3", {}, say("body")), el("table", {}, fields(media.schema, "", 0))] : []),
      el("h3", {}, say("answers")), ...answers.flat(), ...tryIt(path, verb, op),
    ].filter((c) => c));
  });
  return box;
}

function permissions() {
  const table = doc["x-permissions"] || {};
  const all = [...new Set(Object.values(table).flat())];
  if (!all.length) return [];
  return [el("h2", { id: "permissions" }, say("perms")), el("div", { class: "wide" }, el("table", {},
    el("tr", {}, el("th", {}, say("action")), all.map((r) => el("th", {}, role(r)))),
    Object.keys(table).sort().map((a) => el("tr", {}, el("td", { class: "mono" }, a), all.map((r) => el("td", {}, table[a].includes(r) ? "●" : ""))))))];
}

function render() {
  document.documentElement.lang = lang;
  $("search").placeholder = say("search"); $("search").setAttribute("aria-label", say("search"));
  $("token").placeholder = say("token"); $("token").setAttribute("aria-label", say("token"));
  $("lang").textContent = say("other");
  $("version").textContent = doc.info.version;
  const want = $("search").value.trim().toLowerCase();
  const groups = new Map();
  for (const [path, item] of Object.entries(doc.paths || {})) for (const [method, op] of Object.entries(item)) {
    const all = [path, method, op.summary, op.description, ...Object.values(op["x-zh"] || {}), op["x-action"]].join(" ").toLowerCase();
    if (want && !all.includes(want)) continue;
    const tag = (op.tags || ["other"])[0];
    groups.set(tag, [...(groups.get(tag) || []), operation(path, method, op)]);
  }
  const tags = [...groups.keys()].sort();
  $("nav").replaceChildren(...tags.map((t) => el("a", { href: "#tag-" + t }, group(t), el("i", {}, String(groups.get(t).length)))), el("a", { href: "#permissions" }, say("perms")));
  $("main").replaceChildren(...(want ? [] : [el("h2", {}, say("about")), el("p", { class: "about" }, text(doc.info).description || "")]),
    ...tags.flatMap((t) => [el("h2", { id: "tag-" + t }, group(t)), ...groups.get(t)]), ...(tags.length ? [] : [el("p", {}, say("none"))]), ...(want ? [] : permissions()));
}

$("lang").addEventListener("click", () => { lang = lang === "zh" ? "en" : "zh"; localStorage.setItem("lang", lang); render(); });
$("search").addEventListener("input", render);
fetch("/openapi.json").then((res) => res.json()).then((d) => { doc = d; render(); }).catch((err) => { $("main").textContent = err.message; });
