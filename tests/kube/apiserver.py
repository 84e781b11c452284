"""A small stand-in for a Kubernetes API server: enough for the real kubectl to get, list and exec.

    python3 apiserver.py DIRECTORY

It makes certificates and a kubeconfig (`config`, a context for each way to come) in DIRECTORY and prints
{"port": N}. Then it does what it is told on stdin, one JSON object a line, and answers each with one line:

    {"object": {…}}                        knows this object; {"delete": ["pods", "prod", "web-1"]} forgets it
    {"pod": {"name": "web-1", …}}          makes a pod (pod.py) and its object; says {"pid": its first process, "address"}
    {"kill": ["prod", "web-1"]}            ends its first process, and knows the pod further
    {"run": ["prod", "web-1"], "argv": […]}  runs it in the pod, as exec does but as root; says code, out, err
    {"fault": ["prod", "web-1"], "is": {…}}  what exec does there from now on (`Exec.faults`)
    {"deny": ["create pods/exec"], …}      verbs that are forbidden; with "tokens", "page", "protocols", "exec_wants"
    {"images": {"paramedic:1": {"binary": PATH}}, "pod_security": "restricted"}  what ephemeral containers can be of, and must be
    {"log": true}                          the requests since the last time, and the most execs at once

The end of its stdin ends it, and with it every pod.
"""
import asyncio
import copy
import ctypes
import http
import json
import os
import random
import sys
import urllib.parse

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
import ephemeral  # noqa: E402
import keys  # noqa: E402
import pod as pods  # noqa: E402
import websocket  # noqa: E402
from exec import Exec  # noqa: E402
from objects import CLUSTERED, PLURALS, Objects, Refusal, discovery, merged, missing, said, stamp  # noqa: E402

TOKEN = "t0ken-of-ada"


class Server:
    def __init__(self, at):
        self.at = at
        self.objects = Objects()
        self.pods = {}
        self.faults = {}
        self.settings = {"deny": [], "tokens": {TOKEN: "ada"}, "protocols": list(websocket.PROTOCOLS),
                         "exec_wants": ["get"], "slow": 0, "images": {}, "pod_security": None}
        #: (namespace, pod) -> name -> an ephemeral container
        self.beside = {}
        self.requests, self.most, self.now = [], 0, 0
        self.random = random.Random(6)
        self.switch = None

    # -- what it is told -----------------------------------------------------------------------------------------------

    async def told(self, order):
        if "object" in order:
            self.objects.put(order["object"])
        elif "delete" in order:
            self.objects.remove(*order["delete"])
        elif "pod" in order:
            return await self.make(order["pod"])
        elif "kill" in order:
            self.pods[tuple(order["kill"])].end()
        elif "run" in order:
            return await self.run(self.pods[tuple(order["run"])], order["argv"])
        elif "fault" in order:
            self.faults[tuple(order["fault"])] = order["is"]
        elif "log" in order:
            log = {"requests": self.requests, "most": self.most}
            self.requests, self.most = [], 0
            return log
        else:
            self.objects.page = order.pop("page", self.objects.page)
            unknown = set(order) - set(self.settings)
            if unknown:
                raise ValueError(f"unknown: {unknown}")
            self.settings.update(order)
        return {}

    async def make(self, spec):
        spec.setdefault("namespace", "prod")
        n = len(self.pods) + 1
        spec.setdefault("address", f"10.244.{n // 250}.{n % 250 + 1}")
        spec["uid_text"] = "{:08x}-0000-4000-8000-{:012x}".format(self.random.getrandbits(32), n)
        key = spec["namespace"], spec["name"]
        self.faults[key] = spec.get("fault", {})
        made = pods.Pod(spec, None)
        if "canned" not in spec:
            self.switch = made.switch = self.switch or pods.switch()
            await made.start()
        self.pods[key] = made
        self.objects.put({"kind": "Namespace", "metadata": {"name": spec["namespace"]}, "status": {"phase": "Active"}})
        self.objects.put(merged(self.described(spec), spec.get("object", {})))
        return {"pid": made.pid, "address": spec["address"], "uid": spec["uid_text"], "cgroup": bool(made.doors)}

    def described(self, spec):
        """The Pod object, as the API server would tell it."""
        container, image = spec.get("container", "app"), spec.get("image", "registry.example/web:1.4.2")
        resources = {}
        if spec.get("memory"):
            resources = {"limits": {"memory": str(spec["memory"])}}
        status = {"name": container, "image": image, "ready": True, "started": True, "restartCount": spec.get("restarts", 0),
                  "imageID": spec.get("image_id", "registry.example/web@sha256:" + "1f" * 32),
                  "containerID": f"containerd://{spec['uid_text'].replace('-', '') * 2}",
                  "state": {"running": {"startedAt": stamp()}}, "lastState": spec.get("last_state", {})}
        revision = spec.get("revision", "6f7d9c")
        return {
            "kind": "Pod", "apiVersion": "v1",
            "metadata": {"name": spec["name"], "namespace": spec["namespace"], "uid": spec["uid_text"],
                         "creationTimestamp": stamp(), "resourceVersion": "1",
                         "labels": {"app": "web", "pod-template-hash": revision, **spec.get("labels", {})},
                         "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": f"web-{revision}",
                                              "uid": "0-0", "controller": True}]},
            "spec": {"nodeName": spec.get("node", "node-1"), "restartPolicy": "Always", "terminationGracePeriodSeconds": 30,
                     # The real one always has it, and kubectl debug counts on that.
                     "securityContext": {},
                     "containers": [{"name": container, "image": image, "imagePullPolicy": "IfNotPresent", "resources": resources}]},
            "status": {"phase": "Running", "podIP": spec["address"], "podIPs": [{"ip": spec["address"]}], "startTime": stamp(),
                       "conditions": [{"type": "Ready", "status": "True"}], "containerStatuses": [status]},
        }

    async def run(self, pod, argv):
        null = os.open("/dev/null", os.O_RDONLY)
        ends = [os.pipe() for _ in range(2)]
        above, told = pod.enter(argv, [null, ends[0][1], ends[1][1]], 0)
        for fd in (null, ends[0][1], ends[1][1]):
            os.close(fd)
        readers = [await pods.reading(fd) for fd in (told, ends[0][0], ends[1][0])]
        trouble, out, err = await asyncio.gather(*(r.read() for r in readers))
        code = await pods.ended(above)
        if trouble:
            raise RuntimeError(f"{argv}: {trouble.decode()}")
        return {"code": code, "out": out.decode(errors="replace"), "err": err.decode(errors="replace")}

    # -- what it is asked ----------------------------------------------------------------------------------------------

    async def serve(self, reader, writer):
        try:
            while await self.one(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError, TimeoutError, ValueError):
            pass
        finally:
            writer.close()

    async def one(self, reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ")
        headers = {k.strip().lower(): v.strip() for k, _, v in (line.partition(":") for line in lines if line)}
        body = await reader.readexactly(int(headers.get("content-length") or 0))
        path, _, query = target.partition("?")
        path = urllib.parse.unquote(path).strip("/")
        self.requests.append(f"{method} /{path}" + (f"?{query}" if query else ""))
        if self.settings["slow"]:
            await asyncio.sleep(self.settings["slow"])
        try:
            user = self.user(headers, writer)
            if path.endswith("/exec"):
                _, _, _, namespace, _, name, _ = path.split("/")
                return await self.exec(reader, writer, method, headers, query, user, namespace, name)
            answer = self.answer(method, path, dict(urllib.parse.parse_qsl(query)), headers, body, user)
            code = 200 if method in ("GET", "PATCH") else 201
        except Refusal as e:
            code, answer = e.code, e.body
        self.say(writer, code, said(answer))
        await writer.drain()
        return headers.get("connection", "").lower() != "close"

    def say(self, writer, code, body, kind="application/json"):
        phrase = http.HTTPStatus(code).phrase
        writer.write(f"HTTP/1.1 {code} {phrase}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)

    def user(self, headers, writer):
        """Who asks: by certificate or token."""
        name = self.settings["tokens"].get(headers.get("authorization", "").removeprefix("Bearer "))
        certificate = writer.get_extra_info("peercert")
        if certificate and not headers.get("authorization"):
            common = [next(v for part in certificate[of] for k, v in part if k == "commonName") for of in ("subject", "issuer")]
            name = common[0] if common[1] == "ca" else None
        if not name:
            raise Refusal(401, "Unauthorized", "Unauthorized")
        return name

    def allow(self, user, verb, resource, namespace, name=""):
        if f"{verb} {resource}" in self.settings["deny"]:
            quoted = f'"{name}" ' if name else ""
            where = f' in the namespace "{namespace}"' if namespace else " at the cluster scope"
            raise Refusal(403, "Forbidden", f'{resource.split("/")[0]} {quoted}is forbidden: User "{user}" cannot {verb} '
                                            f'resource "{resource}" in API group ""{where}')

    def answer(self, method, path, query, headers, body, user):
        told = discovery(path)
        if told:
            return told
        if path.endswith("selfsubjectaccessreviews") and method == "POST":
            if not headers.get("content-type", "").startswith("application/json"):
                raise Refusal(415, "UnsupportedMediaType", "the body of the request was in an unknown format")
            review = json.loads(body)
            asked = review["spec"]["resourceAttributes"]
            resource = "/".join(filter(None, [asked.get("resource"), asked.get("subresource")]))
            denied = f"{asked['verb']} {resource}" in self.settings["deny"]
            return {**review, "status": {"allowed": not denied}}
        parts = path.split("/")
        group = "/".join(parts[:2] if parts[0] == "api" else parts[:3])
        rest = parts[2:] if parts[0] == "api" else parts[3:]
        namespace = ""
        if len(rest) > 2 and rest[0] == "namespaces":
            namespace, rest = rest[1], rest[2:]
        plural = rest[0] if rest else ""
        if method == "PATCH" and plural == "pods" and rest[2:] == ["ephemeralcontainers"]:
            self.allow(user, "patch", "pods/ephemeralcontainers", namespace, rest[1])
            patch = json.loads(body).get("spec", {}).get("ephemeralContainers", [])
            return ephemeral.patch(self, self.objects.get(plural, namespace, rest[1]), patch)
        if PLURALS.get(plural, ("",))[0] != group or len(rest) > 2 or method != "GET":
            raise Refusal(404, "NotFound", "the server could not find the requested resource")
        if plural in CLUSTERED:
            namespace = ""
        if len(rest) == 1:
            self.allow(user, "list", plural, namespace)
            return self.objects.list(plural, namespace, query)
        self.allow(user, "get", plural, namespace, rest[1])
        if self.faults.get((namespace, rest[1]), {}).get("vanished") and plural == "pods":
            raise missing(plural, rest[1])
        return self.objects.get(plural, namespace, rest[1])

    async def exec(self, reader, writer, method, headers, query, user, namespace, name):
        for verb in self.settings["exec_wants"] if method == "GET" else ["create"]:
            self.allow(user, verb, "pods/exec", namespace, name)
        fault = self.faults.get((namespace, name), {})
        if fault.get("vanished"):
            raise missing("pods", name)
        self.objects.get("pods", namespace, name)
        if fault.get("forbidden"):
            raise Refusal(403, "Forbidden", f'pods "{name}" is forbidden: User "{user}" cannot create resource "pods/exec" '
                                            f'in API group "" in the namespace "{namespace}"')
        if fault.get("bad_request") or method != "GET" or headers.get("upgrade", "").lower() != "websocket":
            raise Refusal(400, "BadRequest", "Upgrade request required")
        offered = [p.strip() for p in headers.get("sec-websocket-protocol", "").split(",")]
        chosen = next((p for p in self.settings["protocols"] if p in offered), None)
        if not chosen:
            raise Refusal(403, "Forbidden", "no common subprotocol")
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            asked = urllib.parse.parse_qs(query)
            beside = self.beside.get((namespace, name), {})
            pod = beside.get(asked.get("container", [""])[0], self.pods[namespace, name])
            exec = Exec(pod, copy.deepcopy(fault), reader, writer, chosen, asked)
            await exec.begin(headers["sec-websocket-key"])
        finally:
            self.now -= 1
        return False


async def main(at):
    loop = asyncio.get_running_loop()
    # A terminal's interrupt is for the test, which ends us by our input.
    ctypes.CDLL(None).prctl(1, 9)
    server = Server(at)
    await loop.run_in_executor(None, keys.make, at)
    # After the only thread that we ever had: a fork that enters namespaces must have one.
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=keys.context(at), limit=1 << 20, backlog=256)
    port = listening.sockets[0].getsockname()[1]
    keys.kubeconfig(at, port, TOKEN)
    print(json.dumps({"port": port}), flush=True)
    orders = await pods.reading(os.dup(0))
    while line := await orders.readline():
        try:
            answer = await server.told(json.loads(line))
        except Exception as e:  # the one who ordered shall hear it
            answer = {"error": f"{e!r}"}
        print(json.dumps(answer), flush=True)
    all_pods = [*(b for of in server.beside.values() for b in of.values()), *server.pods.values()]
    for pod in all_pods:
        pod.end()
    await asyncio.sleep(0.05)
    for pod in all_pods:
        pod.remove_group()
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(main(os.path.realpath(sys.argv[1])))
