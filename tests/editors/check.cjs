// The schemas as the language server for YAML uses them: no problem in any file that is right, one in
// files that are wrong, and words on every key that somebody points at or is offered.
//
//   node check.cjs PACKAGES ROOT

const fs = require('node:fs');
const path = require('node:path');

const [packages, root] = process.argv.slice(2);
const server = require(path.join(packages, 'node_modules/yaml-language-server'));
const { TextDocument } = require(path.join(packages, 'node_modules/vscode-languageserver-textdocument'));

const KINDS = { spec: 'specs', conf: 'conf.d', test: 'tests', engine: 'engine' };

function files(folder) {
  const at = path.join(root, folder);
  if (!fs.existsSync(at)) return [];
  return fs.readdirSync(at, { recursive: true }).map((name) => path.join(folder, String(name))).filter((name) => /\.ya?ml$/.test(name));
}

/** The schema that a file of the repository has. */
function kind(file) {
  if (/(^|\/)engine\.ya?ml$/.test(file)) return 'engine';
  if (/\/fragments\//.test(file)) return null;
  if (/\/tests\/[^/]*\.ya?ml$/.test(file)) return 'test';
  if (/(^|\/)conf\.d\//.test(file)) return 'conf';
  if (/^specs\/[^/]+\.ya?ml$/.test(file) || /\/spec\.ya?ml$/.test(file)) return 'spec';
  return null;
}

const telemetry = { send() {}, sendError() {}, sendTrack() {} };
const context = { resolveRelativePath: (relative, resource) => new URL(relative, resource).toString() };
const service = server.getLanguageService({
  schemaRequestService: async (uri) => fs.readFileSync(new URL(uri), 'utf8'),
  workspaceContext: context,
  telemetry,
});
service.configure({
  validate: true,
  hover: true,
  completion: true,
  format: false,
  customTags: [],
  schemas: Object.keys(KINDS).map((name) => ({
    uri: new URL(`file://${root}/schema/${name}.schema.json`).toString(),
    fileMatch: [`*.${name}.yaml`],
  })),
});

let bad = 0;
const wrong = (words) => {
  bad += 1;
  console.log(`!! ${words}`);
};
// What was parsed is kept by name and version.
let version = 0;
const document = (text, name, schema) => TextDocument.create(`file:///${name}.${schema}.yaml`, 'yaml', ++version, text);

async function problems(text, name, schema) {
  return service.doValidation(document(text, name, schema), false);
}

/** Every right file is right for the editor, too. */
async function rightFiles() {
  let count = 0;
  for (const file of ['specs', 'examples', 'conf.d', 'packaging'].flatMap(files)) {
    const schema = kind(file);
    if (!schema) continue;
    count += 1;
    const found = await problems(fs.readFileSync(path.join(root, file), 'utf8'), file.replaceAll('/', '-'), schema);
    for (const problem of found) wrong(`${file}:${problem.range.start.line + 1}: ${problem.message}`);
  }
  console.log(`${count} files read`);
}

const WRONG = [
  ['spec', 'name: a\nversion: 1.0.0\nmetrcs: []\n'],
  ['spec', 'name: a\nversion: 1.0.0\nmetrics:\n  - {name: a.b, value: 1, optional: sometimes}\n'],
  ['spec', 'name: a\nversion: 1.0.0\nmetrics:\n  - {name: a.b, type: guage, value: 1}\n'],
  ['spec', 'name: a\nversion: 1.0.0\nsources:\n  page: {htpp: {url: "http://h/"}}\n'],
  ['conf', 'instance:\n  - {}\n'],
  ['engine', 'intervall: 15s\n'],
  ['test', 'expcet: {}\n'],
];

async function wrongFiles() {
  for (const [schema, text] of WRONG) {
    if ((await problems(text, 'wrong', schema)).length === 0) wrong(`nothing is found in ${JSON.stringify(text)}`);
  }
}

/** Text with a mark where somebody points, and words that must be shown. */
const HOVERS = [
  ['spec', 'name: a\nversion: 1.0.0\nsou|rces: {}\n', /source/i],
  ['spec', 'name: a\nversion: 1.0.0\nsources:\n  page:\n    ht|tp: {url: "http://h/"}\n', /Requests a URL/],
  ['spec', 'name: a\nversion: 1.0.0\nsources:\n  page:\n    http: {url: "http://h/", time|out: 5s}\n', /./],
  ['spec', 'name: a\nversion: 1.0.0\nmetrics:\n  - {name: a.b, val|ue: 1}\n', /number/i],
  ['spec', 'name: a\nversion: 1.0.0\nconfig:\n  instance:\n    url: {ty|pe: url}\n', /type/i],
  ['conf', 'inst|ances: []\n', /./],
  ['engine', 'inter|val: 15s\n', /./],
];

async function hovers() {
  for (const [schema, marked, words] of HOVERS) {
    const text = marked.replace('|', '');
    const shown = await service.doHover(document(text, 'hover', schema), TextDocument.create('', 'yaml', 1, text).positionAt(marked.indexOf('|')));
    const said = shown && (shown.contents.value ?? String(shown.contents));
    if (!said || !words.test(said)) wrong(`pointing at ${JSON.stringify(marked)} shows ${JSON.stringify(said)}`);
  }
}

/** Text with a mark where somebody types, and a key or word that must be offered with words. */
const COMPLETIONS = [
  ['spec', 'name: a\nversion: 1.0.0\n|', 'sources'],
  ['spec', 'name: a\nversion: 1.0.0\nsources:\n  page:\n    |', 'http'],
  ['spec', 'name: a\nversion: 1.0.0\nsources:\n  page:\n    http:\n      url: "http://h/"\n      |', 'timeout'],
  ['spec', 'name: a\nversion: 1.0.0\nmetrics:\n  - name: a.b\n    |', 'value'],
  ['spec', 'name: a\nversion: 1.0.0\nmetrics:\n  - name: a.b\n    type: |', 'gauge'],
  ['conf', '|', 'instances'],
  ['engine', '|', 'sinks'],
  ['test', '|', 'expect'],
];

async function completions() {
  for (const [schema, marked, wanted] of COMPLETIONS) {
    const text = marked.replace('|', '');
    const list = await service.doComplete(document(text, 'complete', schema), TextDocument.create('', 'yaml', 1, text).positionAt(marked.indexOf('|')), false);
    const item = list.items.find((item) => item.label === wanted);
    const docs = item && (item.documentation?.value ?? item.documentation);
    if (!item) wrong(`${wanted} is not offered at ${JSON.stringify(marked)}: ${list.items.map((item) => item.label).slice(0, 20)}`);
    else if (!docs && wanted !== 'gauge') wrong(`${wanted} is offered without words at ${JSON.stringify(marked)}`);
  }
}

/** Every key that is declared says what it is. */
function described(schema, node, at, seen) {
  if (node === null || typeof node !== 'object') return;
  for (const [key, value] of Object.entries(node.properties ?? {})) {
    const place = `${at}.${key}`;
    if (typeof value === 'object' && !value.description && !seen.has(place)) wrong(`${schema}: ${place} has no description`);
    seen.add(place);
  }
  for (const [key, value] of Object.entries(node)) {
    if (key === 'properties') for (const [name, inner] of Object.entries(value)) described(schema, inner, `${at}.${name}`, seen);
    else if (key !== 'default' && key !== 'examples' && key !== 'enum') described(schema, value, `${at}/${key}`, seen);
  }
}

(async () => {
  await rightFiles();
  await wrongFiles();
  await hovers();
  await completions();
  for (const name of Object.keys(KINDS)) {
    described(name, JSON.parse(fs.readFileSync(path.join(root, `schema/${name}.schema.json`), 'utf8')), name, new Set());
  }
  if (bad === 0) console.log('the language server has nothing against them');
  process.exit(bad > 0 ? 1 : 0);
})();
