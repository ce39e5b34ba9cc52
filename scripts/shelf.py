"""The scenario library, for the scripts that play it: its scenarios, its clients, and one door to the program."""

import json
import re
import subprocess
import sys
from pathlib import Path

LIBRARY = Path("scenarios/library")
THEMES = {
    "nat": "NATs and middleboxes", "half-open": "Half-open connections", "hang-up": "Servers that hang up",
    "partition": "Networks that vanish", "lossy": "Paths that lose, delay and reorder", "storms": "Storms",
    "names": "Names", "tls": "TLS", "overload": "Overload and draining", "machine": "Machines", "roles": "Roles",
    "conformance": "Conformance"}


class Scenario:
    """What a file of the library says of itself, as far as it can be read line by line."""

    def __init__(self, path):
        text = path.read_text()
        self.path = path
        self.name = re.search(r"^name: (\S+)", text, re.M).group(1)
        self.theme = path.parent.name
        tags = re.search(r"^tags: \[(.*?)\]", text, re.M | re.S).group(1)
        self.roles = re.findall(r'"role:([a-z-]+)"', tags)
        self.needs = re.findall(r'"needs:([a-z-]+)"', tags)
        matrix = re.search(r"^matrix: \{(.*?)\}", text, re.M | re.S).group(1)
        self.names_sender = "sender:" in matrix
        summary = re.search(r"^summary: (?:>-\n)?(.*?)^\S", text, re.M | re.S).group(1)
        self.summary = " ".join(summary.split())

    @property
    def first_sentence(self):
        return re.match(r".*?[.](?= |$)", self.summary).group(0)


def scenarios():
    """Those that any client can be played in."""
    found = [
        Scenario(path) for path in sorted(LIBRARY.glob("*/*.yaml"))
        if path.parent.name not in ("clients", "paths", "servers") and "\nmatrix:" in path.read_text()
        and '"client:${client}"' in path.read_text()]
    order = list(THEMES)
    return sorted(found, key=lambda one: (order.index(one.theme), one.name))


class Client:
    """What clients/NAME/client.json says; client.slow.json of one whose runs are dear: the scorecard leaves it out."""

    def __init__(self, name):
        self.name = name
        folder = LIBRARY / "clients" / name
        files = [folder / "client.json", folder / "client.slow.json"]
        self.facts = json.loads(next((file for file in files if file.exists()), files[0]).read_text())
        self.settings = self.facts["settings"]

    def fact(self, name, settings):
        """What it says of this; where settings have a word of their own, theirs."""
        return self.facts.get(settings, {}).get(name, self.facts.get(name))

    def fits(self, scenario, settings):
        # A contract is something that it can, too.
        can = {*self.fact("can", settings), self.fact("delivery", settings)}
        return set(scenario.needs) <= can

    def words(self, settings, scenario):
        """The words of a command line that choose this client in this scenario."""
        chosen = [f"client={self.name}", f"settings={settings}"]
        if scenario.names_sender:
            chosen.append(f"sender={self.fact('sender', settings)}")
        return [word for choice in chosen for word in ("--with", choice)]


def halfopen(binary, *words):
    """Runs the command line; returns the JSON object that ends its standard output."""
    done = subprocess.run([binary, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        return json.loads(done.stdout.strip().splitlines()[-1])
    except (ValueError, IndexError):
        sys.exit(f"{binary} {' '.join(words)}: exit status {done.returncode}\n{done.stderr[-4000:]}")


def verdict(run):
    """One word, and the kinds of expectations that fail: `fail detection recovery`."""
    failed = {finding["expectation"].split(":")[0] for finding in run["findings"] if finding["verdict"] == "fail"}
    return " ".join([run["verdict"], *sorted(failed)]) if run["verdict"] == "fail" else run["verdict"]


def progress(text):
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def is_installed(client):
    """Whether all that its actors name below .build is there."""
    texts = [path.read_text() for path in (LIBRARY / "clients" / client.name).glob("*.yaml")]
    named = {found for text in texts for found in re.findall(r"[.]build/clients/[A-Za-z0-9_./-]+", text)}
    return all(Path(path).exists() for path in named)
