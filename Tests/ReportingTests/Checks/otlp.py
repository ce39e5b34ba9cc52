"""Reads OTLP JSON lines with the protobuf definitions, unknown fields refused, and says what is in them."""
import base64
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../../.build/checks/python"))

from google.protobuf import json_format  # noqa: E402
from opentelemetry.proto.metrics.v1.metrics_pb2 import MetricsData  # noqa: E402
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData  # noqa: E402


def identifiers(span):
    """OTLP writes identifiers in hexadecimal, where protobuf's JSON has base64."""
    for key, length in (("traceId", 16), ("spanId", 8), ("parentSpanId", 8)):
        raw = bytes.fromhex(span[key])
        assert len(raw) == length or (key == "parentSpanId" and not raw), span
        assert not raw or any(raw), span
        span[key] = base64.b64encode(raw).decode()


spans, metrics, events = [], [], []
for line in open(sys.argv[1], encoding="utf-8"):
    value = json.loads(line)
    for resource in value.get("resourceSpans", []):
        for scope in resource["scopeSpans"]:
            for span in scope["spans"]:
                identifiers(span)
    if "resourceSpans" in value:
        for resource in json_format.ParseDict(value, TracesData()).resource_spans:
            spans += resource.scope_spans[0].spans
    else:
        for resource in json_format.ParseDict(value, MetricsData()).resource_metrics:
            metrics += resource.scope_metrics[0].metrics

assert len({span.span_id for span in spans}) == len(spans)
known = {span.span_id for span in spans}
for span in spans:
    assert span.start_time_unix_nano <= span.end_time_unix_nano, span
    assert not span.parent_span_id or span.parent_span_id in known, span
    events += [event.name for event in span.events]
print(" ".join(event for event in events if event.startswith(("fault", "finding"))))
print("spans", len(spans), "metrics", len(metrics))
