/**
 * The very request that the page sends, in other languages. `cells` are the names and values of the instance
 * as JSON text. The key or token (`credential`, null for none) is read from the environment, so that no copied
 * line carries it.
 */
export const languages = {
  curl: (url, cells, credential) => `curl ${quoted(url)} \\
${credential ? `  -H "${credential.header}: ${credential.before}$${credential.variable}" \\\n` : ""}\
  -H "content-type: application/json" \\
  -d ${quoted(`{"instances": [${object(cells, "  ")}]}`)}`,

  Python: (url, cells, credential) => `import json
${credential ? "import os\n" : ""}from urllib.request import Request, urlopen

body = {"instances": [${object(cells.map(([name, value]) => [name, inPython[value] ?? value]), "")}]}
request = Request(
    ${JSON.stringify(url)},
    data=json.dumps(body).encode(),
    headers={${credential ? `"${credential.header}": ${plus(credential.before)}os.environ["${credential.variable}"], ` : ""}"content-type": "application/json"},
)
with urlopen(request) as response:
    print(json.load(response))`,

  JavaScript: (url, cells, credential) => `const body = {"instances": [${object(cells, "")}]};
const response = await fetch(${JSON.stringify(url)}, {
  method: "POST",
  headers: {${credential ? `"${credential.header}": ${plus(credential.before)}process.env.${credential.variable}, ` : ""}"content-type": "application/json"},
  body: JSON.stringify(body),
});
console.log(await response.json());`,
};

// A JSON string or number is a Python literal as it stands.
const inPython = { null: "None", true: "True", false: "False" };

const plus = (text) => (text ? `${JSON.stringify(text)} + ` : "");
const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`;

function object(cells, margin) {
  const lines = cells.map(([name, value]) => `${margin}  ${name}: ${value}`);
  return lines.length > 1 ? `{\n${lines.join(",\n")}\n${margin}}` : `{${lines.join("").trim()}}`;
}
