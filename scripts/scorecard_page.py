"""The scorecard as JSON, as Markdown and as one page of HTML that asks the network for nothing."""

import collections
import html
import json
import os
import re
import textwrap

MARKS = {"pass": "✓", "fail": "✗", "void": "–", "unsupported": "∅", "error": "!"}
WORDS = {
    "pass": "passed", "fail": "an expectation did not hold", "void": "proves nothing: the reason stands in the cell",
    "unsupported": "the client or its driver lacks something", "error": "our own error"}
# Worst first: a cell of several seeds shows its worst run.
RANK = ["error", "fail", "unsupported", "void", "pass"]
COLUMNS = [
    ("delivery", "promises"), ("pass", "pass"), ("fail", "fail"), ("void", "void"), ("unsupported", "unsup."),
    ("silence_noticed", "silence noticed"), ("back_after_hang_up", "back after a hang-up"),
    ("back_after_five_minutes", "back after 5 min"),
    ("lost", "lost"), ("twice", "twice"), ("waits", "waits when refused"), ("herd", "herd"), ("leaks", "leaks")]
LEGEND = [
    "*silence noticed*: from the server's loss of power to the first sign that the client knows (server-lost-power).",
    "*back after a hang-up*: to the first new message (server-hangs-up). *back after 5 min*: from the heal of five",
    "minutes without a network to the first new message (five-minutes). *lost*, *twice*: messages of those five",
    "minutes that never came, and that came twice; who promises delivery at least once may lose none. *waits when",
    "refused*: between attempts that are refused at once, for eight minutes (broker-api-nightly-reset): constant or",
    "growing, from the first to the longest; with jitter, when the waits of two seeds differ. *herd*: the largest",
    "share of sixteen clients and more that came back within a tenth of the time over which they should spread",
    "(storms). *leaks*: what was left behind over six reconnects and more. Of several runs the worst. — was not",
    "measured.",
]


def write(folder, whole, themes):
    folder.mkdir(parents=True, exist_ok=True)
    put(folder / "scorecard.json", as_json(whole))
    put(folder / "scorecard.md", markdown(whole, themes))
    put(folder / "scorecard.html", page(whole, themes))


def put(path, text):
    """Whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(text)
    temporary.replace(path)


def as_json(whole):
    """A line for each cell, so that a difference can be read."""
    head = {key: value for key, value in whole.items() if key != "cells"}
    lines = json.dumps(head, indent=1)[:-2]
    cells = ",\n".join("  " + json.dumps(cell, sort_keys=True) for cell in whole["cells"])
    return f"{lines},\n \"cells\": [\n{cells}\n ]\n}}\n"


def seconds(value):
    if value < 1:
        return f"{value * 1000:.0f} ms"
    return f"{value:.1f} s" if value < 100 else f"{value:.0f} s"


def shown(row, key):
    value = row[key]
    if value is None:
        return "—"
    if key in ("silence_noticed", "back_after_hang_up", "back_after_five_minutes"):
        return seconds(value)
    if key == "herd":
        return f"{value:.0f} %"
    if key == "waits":
        jitter = {True: ", jitter", False: ", no jitter", None: ""}[value["jitter"]]
        if value["class"] == "constant":
            return f"constant {seconds(value['longest'])}{jitter}"
        return f"growing {seconds(value['first'])} to {seconds(value['longest'])}{jitter}"
    return value if isinstance(value, str) else f"{value:g}"


def grouped(whole):
    """(client, settings, scenario) -> its runs, the worst first."""
    groups = collections.defaultdict(list)
    for cell in whole["cells"]:
        groups[cell["client"], cell["settings"], cell["scenario"]].append(cell)
    for runs in groups.values():
        runs.sort(key=lambda cell: (RANK.index(cell["verdict"]), cell["seed"]))
    return groups


def introduction(whole):
    packages = ", ".join(f"{name} {version}" for name, version in sorted(whole["packages"].items()))
    seeds = f"seed 1 to {whole['seeds']}" if whole["seeds"] > 1 else "seed 1"
    all_scenarios = whole.get("library", len(whole["scenarios"]))
    return [
        f"{len(whole['cells'])} runs: {len(whole['rows'])} clients with their settings in {len(whole['scenarios'])} of",
        f"the library's {all_scenarios} scenarios, in {whole['minutes']:.0f} minutes on {whole['processors']}",
        "processors.",
        f"Each is played with {seeds}: a seed repeats to the byte. Those where luck has a part, because packets are",
        "lost at random or the waits of two runs are compared, are played with seed 1 to",
        f"{whole['lucky_seeds']}: {', '.join(whole.get('lucky', []))}. Every run has its recording, its SHA-256 and",
        "the command that repeats it in scorecard.json, and in scorecard.html behind its cell. An empty cell: the",
        "scenario needs what the client cannot.",
        *left_out(whole),
        f"Lab kernel {whole['lab_kernel']}; of Debian: {packages}."]


def left_out(whole):
    clients = whole.get("left_out", [])
    if not clients:
        return []
    names = ", ".join(f"{client['name']} {client['version']}" for client in clients)
    servers = ", ".join(sorted({client["server"] for client in clients}))
    return [
        f"Left out: {names}. A run of theirs costs more than ten times as much as others, nearly all of it for",
        f"{servers}."]


def markdown(whole, themes):
    made = "Made by `scripts/scorecard` (`make scorecard` plays all of it)."
    lines = ["# The scorecard", "", made, ""] + wrapped(introduction(whole)) + [
        "", "The scenarios and where their bounds come from: [docs/scenario-library.md](../docs/scenario-library.md).",
        "What was looked at by hand: [scorecard-notes.md](scorecard-notes.md).", "", "## Clients", "",
        "| client | library | language, protocol | server |", "|---|---|---|---|"]
    for client in whole["clients"]:
        lines.append(
            f"| {client['name']} | {client['library']} {client.get('version', '')} "
            f"| {client['language']}, {client['protocol']} | {client['server']} |")
    lines += ["", "## Figures", ""] + wrapped(LEGEND) + [
        "", "| client | settings | " + " | ".join(title for _, title in COLUMNS) + " |",
        "|---|---|" + "---|" * len(COLUMNS)]
    for row in whole["rows"]:
        lines.append(
            f"| {row['client']} | {row['settings']} | " + " | ".join(shown(row, key) for key, _ in COLUMNS) + " |")
    groups = grouped(whole)
    marks = "; ".join(f"{mark} {WORDS[word]}" for word, mark in MARKS.items())
    lines += ["", "## Verdicts", ""] + wrapped([marks + "."])
    for theme, title in themes.items():
        chosen = [one for one in whole["scenarios"] if one["theme"] == theme]
        if chosen:
            lines += ["", f"### {title}", ""] + table(whole, chosen, groups)
    lines += [
        "", "## Why cells are void or unsupported", "", "| client | settings | scenario | why |", "|---|---|---|---|"]
    for key, runs in groups.items():
        if runs[0]["verdict"] in ("void", "unsupported", "error"):
            lines.append(f"| {' | '.join(key)} | {plain(why(runs[0]))} |")
    return "\n".join(lines) + "\n"


def wrapped(lines):
    return textwrap.wrap(" ".join(lines), 120, break_long_words=False, break_on_hyphens=False)


def table(whole, chosen, groups):
    lines = [
        "| client | settings | " + " | ".join(one["name"] for one in chosen) + " |",
        "|---|---|" + "---|" * len(chosen)]
    for row in whole["rows"]:
        marks = []
        for one in chosen:
            runs = groups.get((row["client"], row["settings"], one["name"]))
            marks.append(in_a_cell(runs) if runs else " ")
        lines.append(f"| {row['client']} | {row['settings']} | " + " | ".join(marks) + " |")
    return lines


def in_a_cell(runs):
    """`✗ 2/3 recovery`: two of three seeds fail, by that expectation."""
    bad = [run for run in runs if run["verdict"] == runs[0]["verdict"]]
    some = f" {len(bad)}/{len(runs)}" if len(runs) > 1 and len(bad) < len(runs) else ""
    return f"{MARKS[runs[0]['verdict']]}{some} {', '.join(runs[0]['failed'])}".strip()


def why(run):
    reasons = run["reasons"] or [finding.get("summary", "") for finding in run["findings"]]
    return next((reason for reason in reasons if reason), "")


def plain(text):
    """Nothing of a stranger's becomes markup."""
    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", text.replace("\n", " "))[:300]


def page(whole, themes):
    groups = grouped(whole)
    body = ["<h1>The scorecard</h1>", "<p>" + html.escape(" ".join(introduction(whole))) + "</p>"]
    legend = re.sub(r"\*(.*?)\*", r"<em>\1</em>", html.escape(" ".join(LEGEND)))
    body += ["<h2>Figures</h2>", f"<p>{legend}</p>", "<div class=wide><table><tr><th>client<th>settings"
             + "".join(f"<th>{title}" for _, title in COLUMNS)]
    for row in whole["rows"]:
        body.append(
            f"<tr><th>{html.escape(row['client'])}<td>{html.escape(row['settings'])}"
            + "".join(f"<td>{html.escape(shown(row, key))}" for key, _ in COLUMNS))
    body.append("</table></div><h2>Verdicts</h2><p>" + "; ".join(
        f"<b class={word}>{mark}</b> {WORDS[word]}" for word, mark in MARKS.items())
        + ". A cell is a button: it shows its runs.</p>")
    keys = []
    for theme, title in themes.items():
        chosen = [one for one in whole["scenarios"] if one["theme"] == theme]
        if not chosen:
            continue
        body.append(f"<h3>{title}</h3><div class=wide><table class=marks><tr><th><th>" + "".join(
            f"<th title=\"{html.escape(one['summary'])}\"><span>{one['name']}</span>" for one in chosen))
        for row in whole["rows"]:
            body.append(f"<tr><th>{html.escape(row['client'])}<td>{html.escape(row['settings'])}")
            for one in chosen:
                runs = groups.get((row["client"], row["settings"], one["name"]))
                if not runs:
                    body.append("<td>")
                    continue
                word = runs[0]["verdict"]
                label = html.escape(
                    f"{row['client']}, {row['settings']}, {one['name']}: {' '.join([word, *runs[0]['failed']])}")
                body.append(
                    f"<td class={word}><button data-cell={len(keys)} aria-label=\"{label}\" title=\"{label}\">"
                    f"{MARKS[word]}</button>")
                keys.append(runs)
        body.append("</table></div>")
    # No text of a stranger can end the script.
    data = json.dumps([[slim(run) for run in runs] for runs in keys], separators=(",", ":")).replace("<", "\\u003c")
    return HEAD + "\n".join(body) + TAIL.replace("DATA", data)


def slim(run):
    keys = ("scenario", "client", "settings", "seed", "verdict", "reasons", "recording", "recording_sha256", "command")
    return {key: run[key] for key in keys} | {"findings": [
        [finding["verdict"], finding["expectation"], finding["measured"], finding["bound"], finding["unit"],
         finding.get("summary", "")] for finding in run["findings"]]}


HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Halfopen: the scorecard</title>
<style>
:root { color-scheme: light dark }
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem; max-width: 110rem }
.wide { overflow-x: auto }
table { border-collapse: collapse; margin: .5rem 0 1.5rem }
th, td { border: 1px solid color-mix(in srgb, currentColor 25%, transparent); padding: .2rem .5rem; text-align: left;
  font-weight: normal; white-space: nowrap }
th:first-child { font-weight: 600 }
.marks th span { writing-mode: vertical-rl; transform: rotate(180deg) }
.marks td { padding: 0; text-align: center } .marks td:nth-child(2) { padding: .2rem .5rem; text-align: left }
button { font: inherit; color: inherit; background: none; border: 0; width: 100%; min-width: 1.9rem; padding: .2rem }
button { cursor: pointer }
.pass { background: #2e8b5740 } .fail { background: #c0392b70 } .void { background: #88888840 }
.unsupported { background: #7d5fb540 } .error { background: #e67e22 }
b.pass, b.fail, b.void, b.unsupported, b.error { padding: 0 .4rem }
#runs { position: sticky; bottom: 0; max-height: 45vh; overflow: auto; background: Canvas; padding: .5rem 1rem;
  border-top: 2px solid currentColor }
#runs:empty { display: none }
code { overflow-wrap: anywhere } #runs td, #runs th { white-space: normal }
</style></head><body>
"""

TAIL = """
<div id="runs" aria-live="polite"></div>
<script>
const cells = DATA;
const runs = document.getElementById("runs");
function add(parent, name, text) {
  const node = parent.appendChild(document.createElement(name));
  if (text !== undefined) node.textContent = text;
  return node;
}
function show(list) {
  runs.replaceChildren();
  for (const run of list) {
    add(runs, "h3", `${run.client}, ${run.settings}, ${run.scenario}, seed ${run.seed}: ${run.verdict}`);
    for (const reason of run.reasons) add(runs, "p", reason);
    const table = add(runs, "table");
    for (const [verdict, expectation, measured, bound, unit, summary] of run.findings) {
      const row = add(table, "tr");
      row.className = verdict;
      add(row, "td", verdict);
      add(row, "td", expectation);
      add(row, "td", measured === null ? "" : `${Math.round(measured * 1000) / 1000} ${unit}`);
      add(row, "td", bound === null ? "" : `${bound} ${unit}`);
      add(row, "td", summary);
    }
    add(add(runs, "p", "again: "), "code", run.command);
    add(add(runs, "p", "recording: "), "code", `${run.recording}, SHA-256 ${run.recording_sha256}`);
  }
}
document.addEventListener("click", event => {
  const button = event.target.closest("button[data-cell]");
  if (button) show(cells[Number(button.dataset.cell)]);
});
document.addEventListener("keydown", event => { if (event.key === "Escape") runs.replaceChildren(); });
</script></body></html>
"""
