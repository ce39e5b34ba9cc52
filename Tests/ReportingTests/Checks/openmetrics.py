"""Reads a file with the Python client's OpenMetrics parser, which is strict, and says what is in it."""
import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families

# Bytes as they are: what ends a line is for the parser to say.
with open(sys.argv[1], "rb") as file:
    for family in text_string_to_metric_families(file.read().decode()):
        print(family.name, family.type, len(family.samples))
print("end")
