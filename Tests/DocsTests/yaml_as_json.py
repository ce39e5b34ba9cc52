"""A YAML file as JSON: yaml_as_json.py FILE. `on` stays a word, which YAML 1.1 takes for true."""

import json
import sys

import yaml


class Loader(yaml.SafeLoader):
    """Without truth values: every word is a text."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}

with open(sys.argv[1], encoding="utf-8") as file:
    json.dump(yaml.load(file, Loader), sys.stdout)
