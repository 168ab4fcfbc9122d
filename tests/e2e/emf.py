"""CloudWatch's embedded metric format, as its specification has it: what is no such document raises AssertionError.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html: the
rules of its text and of its JSON schema.
"""
import json
import math
import time

LINE_BYTES_MAX = 262_144
METRICS_MAX, DIMENSIONS_MAX, VALUES_MAX, NAME_MAX = 100, 30, 100, 255
UNITS = {"Seconds", "Microseconds", "Milliseconds", "Percent", "Count", "None", "Count/Second"}
for unit in ("Bytes", "Kilobytes", "Megabytes", "Gigabytes", "Terabytes",
             "Bits", "Kilobits", "Megabits", "Gigabits", "Terabits"):
    UNITS |= {unit, f"{unit}/Second"}


def demand(holds, why):
    if not holds:
        raise AssertionError(f"no embedded metrics: {why}")


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def metrics_of(text):
    """{(namespace, dimensions): {name: (unit, [values])}} of a line; the dimensions as ((name, value), …)."""
    demand(len(text.encode()) <= LINE_BYTES_MAX, f"{len(text)} bytes")
    root = json.loads(text, object_pairs_hook=once_each)
    demand(isinstance(root, dict), "no object")
    meta = root.get("_aws")
    demand(isinstance(meta, dict) and set(meta) == {"Timestamp", "CloudWatchMetrics"}, "_aws")
    demand(isinstance(meta["Timestamp"], int), "Timestamp is no integer")
    demand(abs(meta["Timestamp"] / 1000 - time.time()) < 3600, "Timestamp is not in milliseconds of now")
    demand(isinstance(meta["CloudWatchMetrics"], list) and meta["CloudWatchMetrics"], "no directives")
    found = {}
    for directive in meta["CloudWatchMetrics"]:
        for place, metrics in of_directive(directive, root).items():
            demand(place not in found, "two directives of the same dimensions")
            found[place] = metrics
    return found


def once_each(pairs):
    names = [name for name, _ in pairs]
    demand(len(names) == len(set(names)), f"a member is there twice: {names}")
    return dict(pairs)


def of_directive(directive, root):
    demand(set(directive) == {"Namespace", "Dimensions", "Metrics"}, f"members {set(directive)}")
    namespace = directive["Namespace"]
    demand(isinstance(namespace, str) and 1 <= len(namespace) <= NAME_MAX, "Namespace")
    demand(isinstance(directive["Dimensions"], list) and directive["Dimensions"], "Dimensions")
    metrics = {metric["Name"]: of_metric(metric, root) for metric in directive["Metrics"]}
    demand(0 < len(metrics) == len(directive["Metrics"]) <= METRICS_MAX, "a metric twice, none, or too many")
    found = {}
    for names in directive["Dimensions"]:
        demand(isinstance(names, list) and len(names) <= DIMENSIONS_MAX, "a DimensionSet")
        for name in names:
            demand(isinstance(name, str) and 1 <= len(name) <= NAME_MAX, "a dimension's name")
            value = root.get(name)
            demand(isinstance(value, str) and 1 <= len(value) <= 1024, f"dimension {name}: {value!r}")
        found[namespace, tuple((name, root[name]) for name in sorted(names))] = metrics
    return found


def of_metric(metric, root):
    demand(set(metric) <= {"Name", "Unit", "StorageResolution"}, f"members {set(metric)}")
    name = metric["Name"]
    demand(isinstance(name, str) and 1 <= len(name) <= NAME_MAX, "a metric's name")
    demand(metric.get("Unit", "None") in UNITS, f"{name}: unit {metric.get('Unit')}")
    demand(name in root, f"{name} is no member")
    values = root[name] if isinstance(root[name], list) else [root[name]]
    demand(1 <= len(values) <= VALUES_MAX and all(map(is_number, values)), f"{name}: {root[name]}")
    return metric.get("Unit"), values
