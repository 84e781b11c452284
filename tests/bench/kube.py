"""The load of `kube`: execs into pods by paramedic beside a plain loop of `kubectl exec`, and `clush -b` on the same five.

Started by `run` like dns.py, in namespaces of its own; prints its result as JSON. The API server is the stand-in of
tests/kube. Most of its pods are canned: each exec is answered with the same recorded snapshot, so that what is measured is
the way there. It runs on the same cores; what it takes of them is told.
"""

import json
import os
import pathlib
import subprocess
import sys
import threading
import time

from inside import prepare, say

KUBE = pathlib.Path(__file__).resolve().parents[1] / "kube"
TICKS = os.sysconf("SC_CLK_TCK")
# What the goals say: the whole command, and the memory of the largest process of ours.
MOST_S, MOST_MB, MOST_RATIO = 1.5, 64, 1.2
# As many as paramedic asks at once.
AT_ONCE = 16
RUN_LIMIT_S = 120


class Size:
    def __init__(self, full):
        self.pods = 200 if full else 40
        # Below the number from which paramedic starts a proxy.
        self.few = 30 if full else 10
        self.runs = 5 if full else 1


class Cluster:
    """A running stand-in."""

    def __init__(self, folder, kubectl):
        self.folder = folder
        self.server = subprocess.Popen(["/usr/bin/python3", "-I", KUBE / "apiserver.py", folder],
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        json.loads(self.server.stdout.readline())
        self.env = {"PATH": f"{kubectl.parent}:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": folder,
                    "KUBECONFIG": f"{folder}/config"}

    def tell(self, order):
        self.server.stdin.write(json.dumps(order) + "\n")
        self.server.stdin.flush()
        answer = json.loads(self.server.stdout.readline())
        if "error" in answer:
            raise SystemExit(f"bench: {order}: {answer['error']}")
        return answer

    def cpu(self):
        fields = pathlib.Path(f"/proc/{self.server.pid}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, fields[11:15])) / TICKS

    def end(self):
        self.server.stdin.close()
        self.server.wait(timeout=30)


class Watch(threading.Thread):
    """The most memory that each program below a process had at a time, alone and together, by its own marks."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.over = pid, False
        self.peaks, self.together, self.most = {}, 0, {}

    def below(self):
        found, queue = [], [self.pid]
        while queue:
            pid = queue.pop()
            found.append(pid)
            try:
                for task in os.listdir(f"/proc/{pid}/task"):
                    queue += map(int, pathlib.Path(f"/proc/{pid}/task/{task}/children").read_text().split())
            except (FileNotFoundError, ProcessLookupError):
                pass
        return found

    def run(self):
        while not self.over:
            now, count = 0, {}
            for pid in self.below():
                try:
                    status = dict(line.split(":\t", 1) for line in open(f"/proc/{pid}/status") if ":\t" in line)
                    name, peak, rss = (status[k].split()[0] for k in ("Name", "VmHWM", "VmRSS"))
                except (FileNotFoundError, ProcessLookupError, KeyError):
                    continue
                self.peaks[name] = max(self.peaks.get(name, 0), int(peak))
                count[name] = count.get(name, 0) + 1
                now += int(rss)
            self.together = max(self.together, now)
            for name, n in count.items():
                self.most[name] = max(self.most.get(name, 0), n)
            time.sleep(0.01)


def measured(cluster, command, within=(0, 1, 2)):
    """One run: wall and CPU of it and all that it started, memory of each."""
    served = cluster.cpu()
    begun = time.monotonic()
    child = subprocess.Popen(command, env=cluster.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    watch = Watch(child.pid)
    watch.start()
    errors = []
    reader = threading.Thread(target=lambda: errors.append(child.stderr.read()))
    reader.start()
    out = child.stdout.read()
    reader.join()
    _, status, used = os.wait4(child.pid, 0)
    wall = time.monotonic() - begun
    watch.over = True
    watch.join()
    code = child.returncode = os.waitstatus_to_exitcode(status)
    if code not in within:
        raise SystemExit(f"bench: {command}: exit {code}: {errors[0].decode()[-600:]}")
    # The program itself by what it is, whatever its file is called.
    watch.peaks["paramedic"] = watch.peaks.pop(pathlib.Path(command[0]).name[:15], 0) if command[0] != "sh" else 0
    return {"wall_s": wall, "cpu_s": used.ru_utime + used.ru_stime, "served_s": cluster.cpu() - served, "out": out,
            "mb": {name: kib * 1024 / 1e6 for name, kib in watch.peaks.items()}, "together_mb": watch.together * 1024 / 1e6,
            "processes": watch.most}


def best(runs):
    """The run with the least wall time: what disturbs only ever adds to it."""
    return min(runs, key=lambda r: r["wall_s"])


def ours(cluster, binary, size, selector):
    return measured(cluster, [binary, "-n", "prod", "-l", selector, "check", "--json"])


def loop(cluster, names):
    line = f"printf '%s\\n' {' '.join(names)} | xargs -P{AT_ONCE} -I{{}} kubectl exec --namespace=prod {{}} -- paramedic check"
    return measured(cluster, ["sh", "-c", line], (0,))


def pairs(cluster, binary, size, names, selector):
    """Taken in turns, so that what comes over the machine comes over both."""
    both = [(ours(cluster, binary, size, selector), loop(cluster, names)) for _ in range(size.runs)]
    for one, other in both:
        document = json.loads(one["out"])
        seen = len(document["members"])
        said = other["out"].count(b'{"schema":')
        if seen != len(names) or said != len(names):
            raise SystemExit(f"bench: {seen} members and {said} answers of {len(names)}")
    a, b = best([o for o, _ in both]), best([o for _, o in both])
    for run in (a, b):
        run.pop("out")
    return {"pods": len(names), "ours": a, "loop": b}


def five(cluster, binary):
    """The same five pods, of which one differs, as clush and as paramedic show them."""
    for n in range(5):
        spec = {"name": f"web-{n}", "binary": str(binary), "labels": {"app": "real"}, "env": {"TZ": "UTC"}}
        if n == 3:
            spec["env"]["TZ"] = "America/New_York"
            spec["files"] = {"/etc/app/app.conf": "workers = 2\n"}
        else:
            spec["files"] = {"/etc/app/app.conf": "workers = 8\n"}
        cluster.tell({"pod": spec})
    shown = {}
    lines = {
        "clush": ["clush", "-R", "exec", "-w", "web-[0-4]", "-b", "kubectl exec %h -- sh -c 'env | sort; cat /etc/app/app.conf'"],
        "paramedic": [binary, "compare", "-n", "prod", "-l", "app=real", "--file", "/etc/app/*"],
    }
    for name, line in lines.items():
        ended = subprocess.run(line, env=cluster.env, capture_output=True, text=True, timeout=RUN_LIMIT_S)
        shown[name] = {"code": ended.returncode, "lines": ended.stdout.count("\n"), "text": ended.stdout + ended.stderr}
    return shown


def draw(result, full):
    """The table."""
    out = []
    for row in result["rows"]:
        a, b = row["ours"], row["loop"]

        def memory(run):
            return ", ".join(f"{n} {mb:.0f} MB × {run['processes'].get(n, 1)}" for n, mb in sorted(run["mb"].items()) if n in ("paramedic", "kubectl") and mb)
        out += [f"{row['pods']} execs    wall s   CPU s   of the stand-in   most memory of one process × at once",
                f"paramedic   {a['wall_s']:7.2f} {a['cpu_s']:7.2f} {a['served_s']:10.2f}          {memory(a)}; all {a['together_mb']:.0f} MB",
                f"loop -P{AT_ONCE}   {b['wall_s']:7.2f} {b['cpu_s']:7.2f} {b['served_s']:10.2f}          {memory(b)}; all {b['together_mb']:.0f} MB",
                f"ratio {a['wall_s'] / b['wall_s']:.2f} (goal: {row['goal']})", ""]
    for name, said in result["five"].items():
        out.append(f"{name} on five pods, one with another TZ and another file: {said['lines']} lines, exit {said['code']}")
        if full:
            out.append(said["text"])
    return "\n".join(out)


def failures(result, full):
    """What makes the run fail; time never does."""
    if result.get("failed"):
        return [f"kube: {result['failed']}"]
    most = result["rows"][0]["ours"]["mb"].get("paramedic", 0)
    return [] if 0 < most <= MOST_MB else [f"kube: {most:.1f} MB of {MOST_MB}"]


def main():
    spec = json.loads(sys.argv[1])
    binary, size, kubectl = spec["binary"], Size(spec["full"]), pathlib.Path(spec["kubectl"])
    prepare()
    folder = f"{spec['tools']}/kube"
    os.makedirs(folder)
    cluster = Cluster(folder, kubectl)
    try:
        recorded = subprocess.run([binary, "check", "-o", "snapshot"], stdout=subprocess.PIPE, check=False).stdout
        pathlib.Path(folder, "recorded").write_bytes(recorded)
        names = [f"canned-{n:03}" for n in range(size.pods)]
        for n, name in enumerate(names):
            few = "yes" if n < size.few else "no"
            cluster.tell({"pod": {"name": name, "labels": {"app": "canned", "few": few}, "canned": {"file": f"{folder}/recorded"}}})
        say(f"{size.pods} pods, each exec answered with {len(recorded):,} bytes")
        many = pairs(cluster, binary, size, names, "app=canned") | {"goal": f"wall ≤ {MOST_S} s, paramedic ≤ {MOST_MB} MB, for 200"}
        few = pairs(cluster, binary, size, names[:size.few], "few=yes") | {"goal": f"≤ {MOST_RATIO}"}
        result = {"load": "kube", "rows": [many, few], "five": five(cluster, binary)}
    finally:
        cluster.end()
    print(json.dumps(result))


if __name__ == "__main__":
    main()
