"""What the last run of a check has found, in a few lines; the exit code is 1 if it found nothing."""

import json
import sys

with open(sys.argv[1]) as file:
    text = file.read()
if not text.strip():
    sys.exit("the check has printed nothing")
runs = json.loads(text)["runs"]
run = runs[-1]
topology = run["topology"] or {"components": [], "relations": []}
names = sorted({metric["name"] for metric in run["metrics"]})
parts = {
    "metrics": f"{len(run['metrics'])} of {len(names)} names",
    "service checks": ", ".join(sorted({f"{check['name']} {check['status']}" for check in run["service_checks"]})),
    "events": sum(len(each["events"]) for each in runs) or "",
    "logs": sum(len(each["logs"]) for each in runs) or "",
    "components": len(topology["components"]) or "",
    "relations": len(topology["relations"]) or "",
    "health": len(run["health"]) or "",
}
print(f"{run['status']}: " + "; ".join(f"{what}: {found}" for what, found in parts.items() if found))
for metric in run["metrics"][:3]:
    print(f"  {metric['name']} {metric['value']} {' '.join(metric['tags'][:3])}")
for warning in run["warnings"]:
    print("  warning:", warning)
if run["error"]:
    print("  error:", run["error"])
something = run["metrics"] or run["events"] or topology["components"] or any(each["events"] for each in runs)
sys.exit(0 if run["status"] == "ok" and something else 1)
