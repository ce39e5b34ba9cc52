"""Holds JSON reports against docs/report.schema.json: report.py SCHEMA REPORT

The schema lets readers meet fields that they do not know. What writes reports may have none that the schema does not
know: here every object is closed. Prints how many runs and findings were in it, and how many ways of breaking it were
refused.
"""

import copy
import json
import sys

import jsonschema


def closed(schema):
    """The same schema with no room for fields that it does not name."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    copied = {key: closed(value) for key, value in schema.items()}
    if isinstance(copied.get("properties"), dict) and "additionalProperties" not in copied:
        copied["additionalProperties"] = False
    return copied


def breaks(report):
    """The report with one thing wrong, in many ways."""
    for run, value in enumerate(report["runs"]):
        for key in value:
            other = copy.deepcopy(report)
            del other["runs"][run][key]
            yield f"without {key}", other
            other = copy.deepcopy(report)
            other["runs"][run][key] = {"what": "nobody expects"}
            yield f"{key} of another kind", other
        other = copy.deepcopy(report)
        other["runs"][run]["unknown"] = 1
        yield "with one more field", other
        for finding, fields in enumerate(value["findings"]):
            for key in fields:
                other = copy.deepcopy(report)
                del other["runs"][run]["findings"][finding][key]
                yield f"a finding without {key}", other
    yield "of format 2", {**report, "format": 2}


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        schema = json.load(file)
    with open(sys.argv[2], encoding="utf-8") as file:
        report = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(report)
    strict = jsonschema.Draft202012Validator(closed(schema))
    strict.validate(report)
    refused = 0
    for what, broken in breaks(report):
        if strict.is_valid(broken):
            sys.exit(f"a report {what} is valid, too")
        refused += 1
    findings = sum(len(run["findings"]) for run in report["runs"])
    print(f"{len(report['runs'])} runs, {findings} findings, {refused} refused")


if __name__ == "__main__":
    main()
