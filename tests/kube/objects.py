"""What the stand-in knows: objects by path, lists by selector and page, who may do what."""
import base64
import json
import time

#: kind: path of its group, plural.
KINDS = {
    "Pod": ("api/v1", "pods"), "Service": ("api/v1", "services"), "Node": ("api/v1", "nodes"),
    "ConfigMap": ("api/v1", "configmaps"), "Namespace": ("api/v1", "namespaces"), "Event": ("api/v1", "events"),
    "Endpoints": ("api/v1", "endpoints"),
    "Deployment": ("apis/apps/v1", "deployments"), "StatefulSet": ("apis/apps/v1", "statefulsets"),
    "DaemonSet": ("apis/apps/v1", "daemonsets"), "ReplicaSet": ("apis/apps/v1", "replicasets"),
    "PodDisruptionBudget": ("apis/policy/v1", "poddisruptionbudgets"),
    "HorizontalPodAutoscaler": ("apis/autoscaling/v2", "horizontalpodautoscalers"),
    "Job": ("apis/batch/v1", "jobs"), "CronJob": ("apis/batch/v1", "cronjobs"),
    "EndpointSlice": ("apis/discovery.k8s.io/v1", "endpointslices"),
}
CLUSTERED = {"nodes", "namespaces"}
PLURALS = {plural: (path, kind) for kind, (path, plural) in KINDS.items()}
#: What discovery tells besides the plural.
SHORT = {"pods": ["po"], "services": ["svc"], "nodes": ["no"], "deployments": ["deploy"], "statefulsets": ["sts"],
         "daemonsets": ["ds"], "replicasets": ["rs"], "poddisruptionbudgets": ["pdb"],
         "horizontalpodautoscalers": ["hpa"], "namespaces": ["ns"], "configmaps": ["cm"]}


class Refusal(Exception):
    """An answer that is a Status of failure."""

    def __init__(self, code, reason, message):
        super().__init__(message)
        self.code = code
        self.body = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message,
                     "reason": reason, "code": code}


def missing(plural, name):
    return Refusal(404, "NotFound", f'{plural} "{name}" not found')


def stamp(seconds=None):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def merged(base, over):
    """`over` laid on `base`: maps are merged, all else is replaced, null removes."""
    if not isinstance(base, dict) or not isinstance(over, dict):
        return over
    out = dict(base)
    for key, value in over.items():
        out[key] = merged(out.get(key), value) if isinstance(value, dict) else value
        if value is None:
            del out[key]
    return out


def selects(selector, labels):
    """Whether a label selector, as in a query, takes these labels."""
    for part in split(selector):
        part = part.strip()
        if " in " in part or " notin " in part:
            key, _, rest = part.partition(" ")
            word, _, values = rest.partition("(")
            chosen = labels.get(key) in {v.strip() for v in values.rstrip(")").split(",")}
            if chosen != (word.strip() == "in"):
                return False
        elif "!=" in part:
            key, _, value = part.partition("!=")
            if labels.get(key.strip()) == value.strip():
                return False
        elif "=" in part:
            key, _, value = part.replace("==", "=").partition("=")
            if labels.get(key.strip()) != value.strip():
                return False
        elif part.startswith("!"):
            if part[1:].strip() in labels:
                return False
        elif part and part not in labels:
            return False
    return True


def split(selector):
    """At commas that are not between brackets."""
    parts, depth = [""], 0
    for c in selector:
        depth += (c == "(") - (c == ")")
        if c == "," and not depth:
            parts.append("")
        else:
            parts[-1] += c
    return parts


class Objects:
    def __init__(self):
        #: (plural, namespace, name) -> object
        self.all = {}
        #: Objects of one page at most, whatever the client asks for.
        self.page = 500

    def put(self, thing):
        kind, meta = thing["kind"], thing.setdefault("metadata", {})
        path, plural = KINDS[kind]
        thing.setdefault("apiVersion", path.removeprefix("apis/").removeprefix("api/"))
        meta.setdefault("creationTimestamp", stamp())
        if plural not in CLUSTERED:
            meta.setdefault("namespace", "default")
        self.all[plural, meta.get("namespace", ""), meta["name"]] = thing

    def get(self, plural, namespace, name):
        try:
            return self.all[plural, namespace, name]
        except KeyError:
            raise missing(plural, name) from None

    def remove(self, plural, namespace, name):
        self.get(plural, namespace, name)
        del self.all[plural, namespace, name]

    def list(self, plural, namespace, query):
        path, kind = PLURALS[plural]
        found = sorted((key, o) for key, o in self.all.items() if key[0] == plural and namespace in ("", key[1]))
        found = [o for _, o in found if selects(query.get("labelSelector", ""), o["metadata"].get("labels", {}))]
        fields = dict(part.split("=", 1) for part in query.get("fieldSelector", "").split(",") if "=" in part)
        if "metadata.name" in fields:
            found = [o for o in found if o["metadata"]["name"] == fields["metadata.name"]]
        size = min(int(query.get("limit") or self.page), self.page)
        begin = 0
        if query.get("continue"):
            try:
                begin = int(base64.b64decode(query["continue"]))
            except ValueError:
                raise Refusal(410, "Expired", "The provided continue parameter is too old") from None
        meta = {"resourceVersion": "1"}
        if begin + size < len(found):
            meta["continue"] = base64.b64encode(str(begin + size).encode()).decode()
            meta["remainingItemCount"] = len(found) - begin - size
        return {"kind": f"{kind}List", "apiVersion": path.removeprefix("apis/").removeprefix("api/"), "metadata": meta,
                "items": found[begin:begin + size]}


def discovery(path):
    """What /api, /apis and what is below them say; None for another path."""
    groups = sorted({p for p, _ in KINDS.values()} - {"api/v1"} | {"apis/authorization.k8s.io/v1"})
    if path == "api":
        return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}
    if path == "apis":
        told = [p.split("/")[1:] for p in groups]
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [
            {"name": g, "versions": [{"groupVersion": f"{g}/{v}", "version": v}],
             "preferredVersion": {"groupVersion": f"{g}/{v}", "version": v}} for g, v in told]}
    if path == "version":
        return {"major": "1", "minor": "33", "gitVersion": "v1.33.0-stand-in", "platform": "linux/amd64"}
    if path != "api/v1" and path not in groups:
        return None
    verbs = ["get", "list", "watch", "create", "update", "patch", "delete"]
    known = [{"name": plural, "singularName": kind.lower(), "namespaced": plural not in CLUSTERED, "kind": kind,
              "verbs": verbs, "shortNames": SHORT.get(plural, [])} for kind, (p, plural) in KINDS.items() if p == path]
    if path == "api/v1":
        known.append({"name": "pods/exec", "singularName": "", "namespaced": True, "kind": "PodExecOptions",
                      "verbs": ["create", "get"]})
        known.append({"name": "pods/ephemeralcontainers", "singularName": "", "namespaced": True, "kind": "Pod",
                      "verbs": ["get", "patch", "update"]})
    if path == "apis/authorization.k8s.io/v1":
        known.append({"name": "selfsubjectaccessreviews", "singularName": "", "namespaced": False,
                      "kind": "SelfSubjectAccessReview", "verbs": ["create"]})
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": path.split("/", 1)[1], "resources": known}


def said(value):
    return json.dumps(value, separators=(",", ":")).encode()
