/** The records of a CSV text (RFC 4180) as they stand, without their line ends; quoted line ends stay inside. */
export function* records(text) {
  const all = [...lines(text)];
  while (all.length > 0 && all[all.length - 1] === "") all.pop();
  // In a table of one column a blank line is a row; elsewhere it is none.
  const single = all.length > 0 && cells(all[0]).length === 1;
  for (const record of all) if (single || record !== "") yield record;
}

function* lines(text) {
  let start = text.startsWith("\ufeff") ? 1 : 0;
  let quoted = false;
  for (let at = start; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') quoted = !quoted;
    else if (!quoted && (character === "\n" || character === "\r")) {
      yield text.slice(start, at);
      if (character === "\r" && text[at + 1] === "\n") at += 1;
      start = at + 1;
    }
  }
  if (start < text.length) yield text.slice(start);
}

/** The cells of one record. */
export function cells(record) {
  const found = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^,]*))(,|$)/gy;
  for (let match = cell.exec(record); match; match = cell.exec(record)) {
    found.push(match[1] === undefined ? match[2] : match[1].replaceAll('""', '"'));
    if (match[3] === "") break;
  }
  return found;
}

export const cell = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
