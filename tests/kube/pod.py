"""One pod of the stand-in: a first process in namespaces of its own, and programs that are run beside it later.

Its file system is its own (tmpfs) with the machine's /usr in it, read-only; a pod without the system ("distroless") has
only what it was given. All of it dies with the stand-in.
"""
import asyncio
import ctypes
import os
import resource
import signal
import subprocess

libc = ctypes.CDLL(None, use_errno=True)
NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWPID, NEWNET = 0x20000, 0x2000000, 0x4000000, 0x8000000, 0x20000000, 0x40000000
SPACES = {"cgroup": NEWCGROUP, "ipc": NEWIPC, "uts": NEWUTS, "net": NEWNET, "pid": NEWPID, "mnt": NEWNS}
RDONLY, NOSUID, NODEV, NOEXEC, REMOUNT, BIND, REC, PRIVATE = 1, 2, 4, 8, 32, 4096, 16384, 1 << 18
PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}[os.uname().machine]
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
TREES = "/sys/fs/cgroup"
CONTROLLERS = ("memory", "cpu", "cpuacct", "pids")
HERE = os.path.dirname(os.path.realpath(__file__))


def check(result, what):
    if result:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")


def mount(source, target, kind, flags=0, data=""):
    parts = [x.encode() if x else None for x in (source, target, kind)]
    check(libc.mount(*parts, ctypes.c_ulong(flags), data.encode()), f"mount {source} on {target}")


def bind(source, target, read_only=True):
    mount(source, target, None, BIND | REC)
    if read_only:
        mount(None, target, None, BIND | REMOUNT | RDONLY)


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)


def touch(path):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    os.close(os.open(path, os.O_CREAT, 0o755))


def die_with_parent():
    libc.prctl(1, signal.SIGKILL)


def only(*kept):
    """Closes what the fork brought along: a client's connection must end when the stand-in ends it."""
    for fd in map(int, os.listdir("/proc/self/fd")):
        if fd > 2 and fd not in kept:
            try:
                os.close(fd)
            except OSError:
                pass


def new_root(spec):
    """Builds the file system and moves into it. Runs as the first process of the new namespaces."""
    mount(None, "/", None, REC | PRIVATE)
    root, distroless = "/mnt", spec.get("distroless", False)
    # Everything on one tmpfs: a pod's writable layer.
    mount("pod", root, "tmpfs", NOSUID, "mode=755,size=" + spec.get("disk", "64m"))
    for name in ("proc", "sys", "dev", "dev/shm", "etc", "tmp", "app", "run", "var/tmp", ".old"):
        os.makedirs(f"{root}/{name}", exist_ok=True)
    os.chmod(f"{root}/tmp", 0o1777)
    if not distroless:
        os.makedirs(f"{root}/usr")
        bind("/usr", f"{root}/usr")
        for name in ("bin", "sbin", "lib", "lib64"):
            os.symlink(f"usr/{name}", f"{root}/{name}")
        # What the machine has installed by hand is no part of the image.
        mount("image", f"{root}/usr/local/bin", "tmpfs", NOSUID, "mode=755,size=1m")
        for name in ("etc/alternatives", "etc/ld.so.cache", "etc/ssl"):
            if os.path.exists(f"/{name}"):
                (os.makedirs if os.path.isdir(f"/{name}") else touch)(f"{root}/{name}")
                bind(f"/{name}", f"{root}/{name}")
    write(f"{root}/etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n")
    write(f"{root}/etc/group", "root:x:0:\nnogroup:x:65534:\n")
    write(f"{root}/etc/os-release", 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n')
    if spec.get("binary"):
        at = spec.get("binary_at", "/app/paramedic" if distroless else "/usr/local/bin/paramedic")
        touch(root + at)
        bind(spec["binary"], root + at)
    for source, target in {f"{HERE}/patients": "/app/patients", **spec.get("binds", {})}.items():
        (os.makedirs if os.path.isdir(source) else touch)(root + target)
        bind(source, root + target)
    name, address = spec.get("hostname", spec["name"]), spec["address"]
    # What kubelet mounts is a mount of its own each, on a file system that is not the pod's.
    os.makedirs(f"{root}/.given")
    mount("kubelet", f"{root}/.given", "tmpfs", NOSUID, "mode=755,size=8m")
    given = {
        "/etc/hostname": f"{name}\n",
        "/etc/hosts": f"# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n{address}\t{name}\n",
        "/etc/resolv.conf": f"search {spec['namespace']}.svc.cluster.local svc.cluster.local cluster.local\n"
                            "nameserver 10.96.0.10\noptions ndots:5\n",
        **spec.get("files", {}),
    }
    for n, (at, text) in enumerate(given.items()):
        write(f"{root}/.given/{n}", text)
        touch(root + at)
        bind(f"{root}/.given/{n}", root + at)
    check(libc.umount2(f"{root}/.given".encode(), 2), "umount .given")
    os.rmdir(f"{root}/.given")
    for at, size in spec.get("tmpfs", {"/cache": "4m"}).items():
        os.makedirs(root + at, exist_ok=True)
        mount("volume", root + at, "tmpfs", NOSUID, f"mode=1777,size={size}")
    mount("proc", f"{root}/proc", "proc", NOSUID | NODEV | NOEXEC)
    mount("sysfs", f"{root}/sys", "sysfs", NOSUID | NODEV | NOEXEC | RDONLY)
    mount("tmpfs", f"{root}/sys/fs/cgroup", "tmpfs", NOSUID | NODEV | NOEXEC, "mode=755")
    for controller in CONTROLLERS if spec["doors"] else ():
        os.makedirs(f"{root}/sys/fs/cgroup/{controller}")
        # In its cgroup namespace its own group is the root of the tree.
        mount("cgroup", f"{root}/sys/fs/cgroup/{controller}", "cgroup", NOSUID | NODEV | NOEXEC | RDONLY, controller)
    mount("shm", f"{root}/dev/shm", "tmpfs", NOSUID | NODEV | NOEXEC, "mode=1777,size=64m")
    for device in ("null", "zero", "full", "random", "urandom"):
        touch(f"{root}/dev/{device}")
        mount(f"/dev/{device}", f"{root}/dev/{device}", None, BIND)
    os.symlink("/proc/self/fd", f"{root}/dev/fd")
    os.chdir(root)
    check(libc.syscall(PIVOT_ROOT, b".", b".old"), "pivot_root")
    os.chdir("/")
    check(libc.umount2(b"/.old", 2), "umount the old root")
    os.rmdir("/.old")
    if spec.get("read_only"):
        mount(None, "/", None, REMOUNT | BIND | RDONLY)
    check(libc.sethostname(name.encode(), len(name)), "sethostname")
    for key, value in spec.get("sysctls", {}).items():
        with open(f"/proc/sys/{key}", "w") as file:
            file.write(str(value))


def become(spec, argv, env, uid):
    """Turns this process into the program; returns only with an error."""
    soft, hard = spec.get("nofile", (4096, 4096))
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    for number in (signal.SIGPIPE, signal.SIGINT, signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    os.umask(0o022)
    if uid:
        os.setgroups([])
        os.setgid(spec.get("gid", uid))
        os.setuid(uid)
    os.execvpe(argv[0], argv, env)


class Pod:
    def __init__(self, spec, switch):
        self.spec, self.switch = spec, switch
        self.doors, self.dirs = [], []
        self.pid = self.keeper = None
        env = {"PATH": PATH, "HOSTNAME": spec.get("hostname", spec["name"]), "KUBERNETES_SERVICE_HOST": "10.96.0.1",
               "KUBERNETES_SERVICE_PORT": "443", **spec.get("env", {})}
        self.env = {key: value for key, value in env.items() if value is not None}

    def make_group(self):
        """Its control group below ours, where this machine has the old trees and lets us."""
        own = dict(line.split(":", 2)[1:] for line in open("/proc/self/cgroup").read().splitlines())
        limits = {"memory": ("memory.limit_in_bytes", self.spec.get("memory")),
                  "cpu": ("cpu.cfs_quota_us", self.spec.get("cpu") and int(self.spec["cpu"] * 100_000))}
        try:
            for controller in CONTROLLERS:
                path = f"{TREES}/{controller}{own[controller].rstrip('/')}/kubepods-{os.getpid()}-{self.spec['uid_text']}"
                os.mkdir(path)
                self.dirs.append(path)
                self.doors.append(f"{path}/cgroup.procs")
                file, value = limits.get(controller, (None, None))
                if value:
                    write(f"{path}/{file}", str(value))
        except (OSError, KeyError):
            self.remove_group()

    def remove_group(self):
        for path in self.dirs:
            try:
                os.rmdir(path)
            except OSError:
                pass
        self.dirs, self.doors = [], []

    async def start(self):
        self.make_group()
        self.spec["doors"] = bool(self.doors)
        told, tell = os.pipe()
        out, out_w = os.pipe()
        go, go_w = os.pipe()
        self.keeper = os.fork()
        if not self.keeper:
            self.keep(tell, out_w, go)
        for fd in (tell, out_w, go):
            os.close(fd)
        tell, out = await reading(told), await reading(out)
        line = await asyncio.wait_for(tell.readline(), 20)
        if not line.strip().isdigit():
            raise RuntimeError(f"no pod: {line.decode()}{(await tell.read()).decode()}")
        self.pid = int(line)
        self.wire()
        os.write(go_w, b"go\n")
        os.close(go_w)
        # Silence: the program has begun, since that closes the pipe.
        trouble = await asyncio.wait_for(tell.read(), 20)
        if trouble:
            raise RuntimeError(f"no pod: {trouble.decode()}")
        if self.spec.get("ready", "program" not in self.spec):
            while True:
                line = await asyncio.wait_for(out.readline(), 20)
                if line.startswith(b"ready"):
                    break
                if not line:
                    raise RuntimeError(f"{self.spec['name']} ended before it was ready")
        self.drain = asyncio.ensure_future(drain(out))
        return self.pid

    def keep(self, tell, out, go):
        """The process above the pod: it lives as long as the pod and ends with the stand-in."""
        try:
            die_with_parent()
            only(tell, out, go)
            for door in self.doors:
                write(door, "0")
            self.part()
            pid = os.fork()
            if pid:
                os.write(tell, f"{pid}\n".encode())
                os.close(tell)
                null = os.open("/dev/null", os.O_RDWR)
                for fd in (0, 1, 2, out):
                    os.dup2(null, fd)
                _, status = os.waitpid(pid, 0)
                os._exit(os.waitstatus_to_exitcode(status) & 0xFF)
            die_with_parent()
            os.read(go, 8)
            new_root(self.spec)
            null = os.open("/dev/null", os.O_RDONLY)
            os.dup2(null, 0)
            os.dup2(out, 1)
            os.dup2(out, 2)
            os.set_inheritable(tell, False)
            uid = self.spec.get("uid", 0)
            argv = self.spec.get("program", ["/usr/bin/python3", "-I", "/app/patients/serves.py"])
            if uid:
                # Another user does not end with its parent unless that is asked again, which only root may and a
                # set-user program forgets: the pid namespace ends with its first process anyway.
                os.setgroups([])
                os.setgid(self.spec.get("gid", uid))
                os.setuid(uid)
                die_with_parent()
            become({**self.spec}, argv, self.env, 0)
        except BaseException as e:  # noqa: B036 (a child must never go back to the loop)
            os.write(tell, repr(e).encode())
        finally:
            os._exit(1)

    def part(self):
        """Leaves the machine's namespaces."""
        check(libc.unshare(sum(SPACES.values())), "unshare")

    def wire(self):
        """Loopback and one address, on a wire to the switch that all pods hang on."""
        name, address = f"p{self.pid}", self.spec["address"]
        ip("link", "add", "name", name, "netns", str(self.switch), "type", "veth", "peer", "name", "eth0", "netns", str(self.pid))
        inside = f"link set lo up\naddr add {address}/16 dev eth0\nlink set eth0 up\n"
        ip("-batch", "-", inside=self.pid, text=inside)
        ip("-batch", "-", inside=self.switch, text=f"link set {name} up\n")

    def enter(self, argv, fds, uid=None):
        """Starts `argv` beside the first process with these three descriptors. (pid to wait for, its error or '')."""
        told, tell = os.pipe()
        uid = self.spec.get("uid", 0) if uid is None else uid
        spaces = [(os.open(f"/proc/{self.pid}/ns/{name}", os.O_RDONLY), kind) for name, kind in SPACES.items()]
        above = os.fork()
        if not above:
            try:
                only(tell, *fds, *(fd for fd, _ in spaces))
                for door in self.doors:
                    write(door, "0")
                for space, kind in spaces:
                    check(libc.setns(space, kind), "setns")
                pid = os.fork()
                if pid:
                    os.close(tell)
                    for fd in fds:
                        os.close(fd)
                    _, status = os.waitpid(pid, 0)
                    code = os.waitstatus_to_exitcode(status)
                    os._exit(code if code >= 0 else 128 - code)
                for i, fd in enumerate(fds):
                    os.dup2(fd, i)
                os.chdir("/")
                become(self.spec, argv, self.env, uid)
            except BaseException as e:  # noqa: B036
                number = e.errno if isinstance(e, OSError) else 0
                os.write(tell, f"{number} {e!r}".encode())
            finally:
                os._exit(127)
        os.close(tell)
        for space, _ in spaces:
            os.close(space)
        return above, told

    def end(self):
        if self.keeper:
            try:
                os.kill(self.keeper, signal.SIGKILL)
                os.waitpid(self.keeper, 0)
            except (ProcessLookupError, ChildProcessError):
                pass
            self.keeper = None


class Beside(Pod):
    """An ephemeral container: a root and a control group of its own, all else is that of the container it was put beside."""

    def __init__(self, spec, target):
        super().__init__(spec, target.switch)
        self.target = target

    def part(self):
        shared = {name: kind for name, kind in SPACES.items() if name in ("ipc", "uts", "net", "pid")}
        spaces = [(os.open(f"/proc/{self.target.pid}/ns/{name}", os.O_RDONLY), kind) for name, kind in shared.items()]
        for space, kind in spaces:
            check(libc.setns(space, kind), "setns")
            os.close(space)
        check(libc.unshare(NEWNS | NEWCGROUP), "unshare")

    def wire(self):
        pass


def ip(*args, inside=None, text=None):
    line = ["ip", *args]
    if inside:
        line = ["nsenter", f"--net=/proc/{inside}/ns/net", *line]
    ended = subprocess.run(line, input=text, capture_output=True, text=True)
    if ended.returncode:
        raise RuntimeError(f"{line}: {ended.stderr}")


def switch():
    """A network namespace that is only held: the other ends of the pods' wires are in it. Its process."""
    told, tell = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            die_with_parent()
            only(tell)
            check(libc.unshare(NEWNET), "unshare")
            os.write(tell, b"up")
            os.close(tell)
            while True:
                signal.pause()
        finally:
            os._exit(1)
    os.close(tell)
    os.read(told, 2)
    os.close(told)
    return pid


async def reading(fd):
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=1 << 20)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(fd, "rb", 0))
    return reader


async def drain(reader):
    while await reader.read(1 << 16):
        pass


async def ended(pid):
    """Its exit code, once it has ended."""
    loop, fd, done = asyncio.get_running_loop(), os.pidfd_open(pid), asyncio.Event()
    loop.add_reader(fd, done.set)
    try:
        await done.wait()
    finally:
        loop.remove_reader(fd)
        os.close(fd)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
